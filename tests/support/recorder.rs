//! A client whose requests are kept and answered with what the test wants.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tagoio::transport::{Request, Response, from_fn};
use tagoio::{Client, Region};

/// The requests that a client sent.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Request>>>);

impl Recorder {
    /// A client that gets `result` in TagoIO's envelope, whatever it asks.
    pub(crate) fn client(&self, result: &Value) -> Client {
        let requests = Arc::clone(&self.0);
        let body = json!({"status": true, "result": result}).to_string();
        let transport = from_fn(move |request| {
            requests.lock().unwrap().push(request.clone());
            Ok(Response::new(200).with_body(body.clone()))
        });
        Client::builder().token("p-recorder").region(Region::US_E1).vars(|_| None).transport(transport).build().unwrap()
    }

    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
