//! A question at the terminal that Ctrl-C ends without leaving the terminal as it was while it was asked.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use console::Term;

use crate::failure::{Failure, Result};
use crate::interrupt;

/// What ends the wait for an answer.
enum End<T> {
    Answered(dialoguer::Result<T>),
    Interrupted,
}

/// Asks, and waits for the answer or for an interrupt.
pub(super) fn ask<T: Send + 'static>(question: impl FnOnce() -> dialoguer::Result<T> + Send + 'static) -> Result<T> {
    let terminal = Terminal::now();
    let (ends, end) = channel();
    let before = interrupt::react(Some(interrupting(ends.clone()))).map_err(|error| unasked(&error))?;
    // Nothing takes a thread back that waits for a key: at an interrupt it is left behind, and the process ends soon.
    thread::Builder::new()
        .name("question".to_owned())
        .spawn(move || ends.send(End::Answered(question())))
        .map_err(|error| unasked(&error))?;
    match end.recv() {
        Ok(End::Answered(Ok(answer))) => {
            interrupt::react(before).map_err(|error| unasked(&error))?;
            Ok(answer)
        }
        Ok(End::Answered(Err(dialoguer::Error::IO(error)))) if error.kind() != io::ErrorKind::Interrupted => {
            Err(unasked(&error))
        }
        // An interrupt that is still on its way is this one: the reaction stays.
        Ok(End::Answered(Err(_)) | End::Interrupted) | Err(_) => {
            terminal.restore();
            Err(Failure::Interrupted("interrupted at a question".to_owned()))
        }
    }
}

fn interrupting<T: Send + 'static>(ends: Sender<End<T>>) -> interrupt::Reaction {
    Box::new(move || {
        // Nobody waits any more when it has been told before.
        let _ = ends.send(End::Interrupted);
    })
}

fn unasked(error: &impl std::fmt::Display) -> Failure {
    Failure::usage("unanswered", format!("the question can't be asked: {error}"))
}

/// How the terminal is before a question is asked.
struct Terminal {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl Terminal {
    fn now() -> Self {
        Self {
            #[cfg(unix)]
            modes: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }

    /// Shows what is typed and the cursor again, on a line of their own. What of it fails can't be helped.
    fn restore(&self) {
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Flush, modes);
        }
        let terminal = Term::stderr();
        let _ = terminal.show_cursor();
        let _ = terminal.write_line("");
    }
}
