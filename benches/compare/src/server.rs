//! The server: `server [DELAY_MS] [CERTIFICATE KEY]`. It prints its address, and serves until its input ends.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use instructions::server::Server;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let delay = args.first().map_or(Ok(0), |delay| delay.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    // Whoever started this is gone when its end of the pipe is.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let server = Server::new(Duration::from_millis(delay));
    if let [_, certificate, key] = &args[..] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from_pem_file(certificate)?], PrivateKeyDer::from_pem_file(key)?)?;
        let config = Arc::new(config);
        server.listen(&listener, move |connection| {
            Some(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).ok()?, connection))
        });
    } else {
        server.listen(&listener, Some);
    }
    Ok(())
}
