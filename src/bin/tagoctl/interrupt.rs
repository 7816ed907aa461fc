//! Ctrl-C, and the other ways to ask a program to end: what becomes of it at the moment.

use std::sync::{Mutex, PoisonError};

/// The exit code of a program that was interrupted, as shells know it.
pub(crate) const EXIT_CODE: u8 = 130;

/// What an interrupt does.
pub(crate) type Reaction = Box<dyn FnMut() + Send>;

struct Listener {
    /// Whether the process's only handler is there already.
    listens: bool,
    reaction: Option<Reaction>,
}

static LISTENER: Mutex<Listener> = Mutex::new(Listener { listens: false, reaction: None });

/// Has interrupts do something else from now on: with no reaction, end the process at once. Gives what they did.
pub(crate) fn react(reaction: Option<Reaction>) -> Result<Option<Reaction>, ctrlc::Error> {
    let mut listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
    if !listener.listens {
        ctrlc::set_handler(interrupted)?;
        listener.listens = true;
    }
    Ok(std::mem::replace(&mut listener.reaction, reaction))
}

fn interrupted() {
    match &mut LISTENER.lock().unwrap_or_else(PoisonError::into_inner).reaction {
        Some(reaction) => reaction(),
        None => end(),
    }
}

/// Ends the process as one that was interrupted.
pub(crate) fn end() -> ! {
    std::process::exit(EXIT_CODE.into())
}
