//! The server's side of TLS, and the client's trust in it.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tagoio::transport::UreqTransport;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// For `localhost` and `127.0.0.1`.
pub(crate) const GOOD: &[u8] = include_bytes!("../fixtures/tls/certificate.pem");
/// For another host.
pub(crate) const ELSEWHERE: &[u8] = include_bytes!("../fixtures/tls/elsewhere.pem");
/// Good until the second day of 2020.
pub(crate) const EXPIRED: &[u8] = include_bytes!("../fixtures/tls/expired.pem");
/// The key of all of them; each has signed itself.
const KEY: &[u8] = include_bytes!("../fixtures/tls/key.pem");

/// A transport that trusts this certificate and no other.
pub(crate) fn trusting(certificate: &[u8]) -> UreqTransport {
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(certificate).unwrap()]);
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots).build();
    UreqTransport::with_agent(ureq::Agent::config_builder().proxy(None).tls_config(tls).build().new_agent())
}

/// The server's end of an encrypted connection.
pub(crate) fn accept(stream: &TcpStream, certificate: &[u8]) -> StreamOwned<ServerConnection, TcpStream> {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream.try_clone().unwrap())
}
