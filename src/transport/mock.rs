use super::{Request, Response, Transport, TransportError};

// What `mockall::automock` on the trait makes, with documentation of its own.
mockall::mock! {
    /// A transport that expects certain requests, and fails the test when others come or these don't.
    ///
    /// [`mockall`](https://docs.rs/mockall) makes it; the methods of what `expect_send` gives (`withf`, `times`,
    /// `returning`, `in_sequence`, …) are described there.
    ///
    /// ```
    /// use tagoio::Client;
    /// use tagoio::transport::{Method, MockTransport, Response};
    ///
    /// let mut mock = MockTransport::new();
    /// mock.expect_send()
    ///     .withf(|request| request.method() == Method::Delete && request.path() == "/run/users/61eb25a4d6a4a20011d4cd3c")
    ///     .times(1)
    ///     .returning(|_| Ok(Response::new(200).with_body(r#"{"status":true,"result":"Successfully Removed"}"#)));
    ///
    /// let tago = Client::builder().token("p-demo").transport(mock).build()?;
    /// assert_eq!(tago.run().users().delete("61eb25a4d6a4a20011d4cd3c")?, "Successfully Removed");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    ///
    /// To look at it after the client has it, share it: `Arc<MockTransport>` is a transport too.
    pub Transport {}

    impl Transport for Transport {
        fn send(&self, request: &Request) -> Result<Response, TransportError>;
    }
}
