//! A TagoIO on this computer: `cargo run --example sandbox --features sandbox-server -- --port 8787`.
//!
//! It serves the sandbox until it is interrupted (Ctrl-C), for TagoIO's clients in any language.

use std::process::ExitCode;

use tagoio::sandbox::{Sandbox, SandboxServer};

const HELP: &str = "\
Serves a TagoIO sandbox on this computer until Ctrl-C.

Usage: sandbox [--port PORT] [--state FILE] [--users COUNT] [--no-rate-limits]

  --port PORT        the port; any free one when there is none
  --state FILE       begin with the state in this JSON file, in place of the sandbox's own story
  --users COUNT      so many TagoRUN users more than there are: the story has two dozen
  --no-rate-limits   never answer 429

Example: sandbox --port 8787 --users 1000

What it is like now can be kept: curl http://127.0.0.1:8787/__sandbox/state > world.json";

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
            "--state" => {
                let file = args.next().ok_or("--state needs a file")?;
                sandbox = sandbox.state_file(file).map_err(|error| describe(&error))?;
            }
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
    let (email, password) = sandbox.sign_in();
    println!("Here is {server}. Its account: {email} / {}", password.expose());
    println!("The token of its main profile ({}):\n", sandbox.profile_id());
    let (url, token) = (server.url(), sandbox.token());
    for (name, value, reader) in [
        ("TAGOIO_API", url.as_str(), ""),
        ("TAGOIO_SSE", url.as_str(), "   # TagoIO's own clients want both"),
        ("TAGOIO_TOKEN", token.expose(), "   # this crate"),
        ("T_ANALYSIS_TOKEN", token.expose(), "   # TagoIO's own clients, for Resources without a token"),
    ] {
        if cfg!(windows) {
            println!("  $env:{name} = \"{value}\"{reader}");
        } else {
            println!("  export {name}={value}{reader}");
        }
    }
    println!("\nTry: curl -H \"token: {}\" {url}/profile/current", token.expose());
    println!("Stop it with Ctrl-C; what isn't kept is gone then: curl {url}/__sandbox/state > world.json");
    // The process ends by the signal; the server needs nothing from this thread.
    loop {
        std::thread::park();
    }
}
