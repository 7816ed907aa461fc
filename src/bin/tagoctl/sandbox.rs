//! `tagoctl sandbox`.

use std::fmt::Write as _;
use std::sync::mpsc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::json;
use tagoio::sandbox::{Plan, Sandbox, SandboxServer};

use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::{Columns, Format, print};

const ABOUT: Columns = Columns::new(&["url", "token", "profile", "email", "password"], &[]);

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port; any free one when it isn't said
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Begin with the state in this JSON file, in place of the sandbox's own story
    #[arg(long, value_name = "FILE")]
    state: Option<String>,
    /// So many TagoRUN users more than there are: the story has two dozen
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true,
        value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    users: u32,
    /// The account's plan
    #[arg(long, default_value = "scale",
        value_parser = PossibleValuesParser::new(["free", "starter", "scale"]).try_map(|word| word.parse::<Plan>()))]
    plan: Plan,
    /// Never answer that there are too many requests
    #[arg(long)]
    no_rate_limits: bool,
}

impl Serve {
    /// Serves until it is interrupted, which is how it ends and no failure.
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&ABOUT)?;
        context.watch_sandbox();
        let mut sandbox = Sandbox::builder().plan(self.plan).users(self.users).rate_limits(!self.no_rate_limits);
        if let Some(file) = &self.state {
            sandbox = sandbox.state_file(file)?;
        }
        let server = sandbox.build().serve(("127.0.0.1", self.port))?;
        let (interrupts, interrupted) = mpsc::channel();
        interrupt::react(Some(Box::new(move || {
            // Nobody listens any more when it has been told before.
            let _ = interrupts.send(());
        })))
        .map_err(|error| Failure::usage("usage", format!("interrupts can't be listened for: {error}")))?;
        announce(context, &server)?;
        // It can't fail while the handler lives, which is for ever.
        let _ = interrupted.recv();
        server.stop();
        Ok(())
    }
}

/// Says where it is and how to get in. Its token and password are no secrets: there is nothing real behind them.
fn announce(context: &Context<'_>, server: &SandboxServer) -> Result<()> {
    let sandbox = server.sandbox();
    let (email, password) = sandbox.sign_in();
    let (url, token, profile) = (server.url(), sandbox.token(), sandbox.profile_id());
    if context.out.format() != Format::Table {
        let about = json!({
            "url": url, "token": token.expose(), "profile": profile, "email": email, "password": password.expose(),
        });
        return context.out.minted(token.expose(), &ABOUT, about, "");
    }
    let mut text = format!("Here is {server}. Its account: {email} / {}\n", password.expose());
    let _ = writeln!(text, "The token of its main profile ({profile}):\n");
    for (name, value, reader) in [
        ("TAGOIO_API", url.as_str(), ""),
        ("TAGOIO_SSE", url.as_str(), "   # TagoIO's own clients want both"),
        ("TAGOIO_TOKEN", token.expose(), "   # tagoctl and its library"),
        ("T_ANALYSIS_TOKEN", token.expose(), "   # TagoIO's own clients, for Resources without a token"),
    ] {
        let _ = if cfg!(windows) {
            writeln!(text, "  $env:{name} = \"{value}\"{reader}")
        } else {
            writeln!(text, "  export {name}={value}{reader}")
        };
    }
    text.push_str("\nTry: tagoctl run user list\n");
    let _ =
        writeln!(text, "Stop it with Ctrl-C; what isn't kept is gone then: curl {url}/__sandbox/state > world.json");
    print(&text)
}
