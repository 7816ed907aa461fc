//! A TagoIO on this computer: `cargo run --example sandbox --features sandbox-server -- --port 8787`.
//!
//! It serves the sandbox until it is interrupted (Ctrl-C), for TagoIO's clients in any language.

use std::process::ExitCode;

use tagoio::sandbox::{Sandbox, SandboxServer};

const HELP: &str = "\
Serves a TagoIO sandbox on this computer until Ctrl-C.

Usage: sandbox [--port PORT] [--users COUNT] [--no-rate-limits]

  --port PORT        the port; any free one when there is none
  --users COUNT      so many TagoRUN users more than the two dozen there are
  --no-rate-limits   never answer 429

Example: sandbox --port 8787 --users 1000";

fn main() -> ExitCode {
    match start(std::env::args().skip(1)) {
        Ok(Some(server)) => serve(&server),
        Ok(None) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn start(mut args: impl Iterator<Item = String>) -> Result<Option<SandboxServer>, String> {
    let mut port = 0_u16;
    let mut sandbox = Sandbox::builder();
    while let Some(arg) = args.next() {
        let mut number = |what: &str| {
            let value = args.next().ok_or_else(|| format!("{arg} needs {what}"))?;
            value.parse::<u32>().map_err(|error| format!("{arg} needs {what}, not {value:?}: {error}"))
        };
        match arg.as_str() {
            "--port" => port = u16::try_from(number("a port")?).map_err(|error| format!("--port: {error}"))?,
            "--users" => sandbox = sandbox.users(number("a number of users")?),
            "--no-rate-limits" => sandbox = sandbox.rate_limits(false),
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other:?} is not known")),
        }
    }
    sandbox.build().serve(("127.0.0.1", port)).map(Some).map_err(|error| describe(&error))
}

fn describe(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", describe(source)),
        None => error.to_string(),
    }
}

fn serve(server: &SandboxServer) -> ExitCode {
    let sandbox = server.sandbox();
    println!("Here is {server}. Its demo account: {} / {}", Sandbox::EMAIL, Sandbox::PASSWORD);
    println!("The token of its main profile ({}), which may do everything:\n", sandbox.profile_id());
    // TAGOIO_SSE is read by TagoIO's own clients, together with TAGOIO_API.
    for (name, value) in [
        ("TAGOIO_API", server.url()),
        ("TAGOIO_SSE", server.url()),
        ("TAGOIO_TOKEN", sandbox.token().expose().to_owned()),
    ] {
        println!("  export {name}={value}");
    }
    println!("\nTry: curl -H \"token: $TAGOIO_TOKEN\" $TAGOIO_API/profile/current");
    println!("Stop it with Ctrl-C; everything in it is gone then.");
    // The process ends by the signal; the server needs nothing from this thread.
    loop {
        std::thread::park();
    }
}
