//! Questions at the terminal, which is as it was before however they end: with an answer, with Ctrl-C, with a failure.

mod terminal;

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use console::Term;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};
use crate::interrupt;
use terminal::{Typing, Unseen};

const CTRL_C: u8 = 3;
const ESCAPE: u8 = 0x1b;

/// Asks for a yes, which one key says. Enter is a no.
pub(super) fn confirm(question: &str) -> Result<bool> {
    let is_confirmed = ask(&format!("{question} [y/N] "), Typing::Keys, || {
        loop {
            if let Some(answer) = answer(&terminal::keys()?) {
                return answer;
            }
        }
    })?;
    write(if is_confirmed { "yes\n" } else { "no\n" });
    Ok(is_confirmed)
}

/// What keys that came at once answer, if anything.
fn answer(keys: &[u8]) -> Option<io::Result<bool>> {
    if keys.contains(&CTRL_C) {
        return Some(Err(io::ErrorKind::Interrupted.into()));
    }
    // Arrows and the like begin with an escape, whatever letters they have.
    if keys.first() == Some(&ESCAPE) {
        return None;
    }
    keys.iter().find_map(|key| match key {
        b'y' | b'Y' => Some(Ok(true)),
        b'n' | b'N' | b'\r' | b'\n' => Some(Ok(false)),
        _ => None,
    })
}

/// Asks for a line that isn't shown and isn't empty, and with a second prompt until it is typed twice.
pub(super) fn hidden(prompt: &str, again: Option<&str>) -> Result<String> {
    loop {
        let mut typed = hidden_line(prompt)?;
        let is_repeated = match again {
            Some(again) => *hidden_line(again)? == *typed,
            None => true,
        };
        if is_repeated {
            return Ok(std::mem::take(&mut *typed));
        }
        write("They differ.\n");
    }
}

fn hidden_line(prompt: &str) -> Result<Zeroizing<String>> {
    loop {
        let line = ask(&format!("{prompt}: "), Typing::Line, terminal::line)?;
        if !line.is_empty() {
            return Ok(line);
        }
    }
}

/// What ends the wait for an answer.
enum End<T> {
    Answered(io::Result<T>),
    Interrupted,
}

/// Asks, and waits for the answer or for an interrupt.
///
/// Nothing takes a thread back that waits for a key: at an interrupt it is left behind, and the process ends soon. So that
/// thread does nothing but read; had it to set the terminal's modes, it could still do so when they were restored.
fn ask<T: Send + 'static>(
    prompt: &str,
    typing: Typing,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let (ends, end) = channel();
    let before = interrupt::react(Some(interrupting(ends.clone()))).map_err(|error| unasked(&error))?;
    let ended = {
        let _unseen = Unseen::begin(typing).map_err(|error| unasked(&error))?;
        write(prompt);
        thread::Builder::new()
            .name("question".to_owned())
            .spawn(move || ends.send(End::Answered(read())))
            .map_err(|error| unasked(&error))?;
        end.recv()
    };
    match ended {
        Ok(End::Answered(Ok(answer))) => {
            interrupt::react(before).map_err(|error| unasked(&error))?;
            match end.try_recv() {
                Ok(End::Interrupted) => Err(interrupted()),
                _ => Ok(answer),
            }
        }
        Ok(End::Answered(Err(error))) if error.kind() != io::ErrorKind::Interrupted => {
            write("\n");
            Err(Failure::usage("unanswered", format!("the answer can't be read: {error}")))
        }
        // An interrupt that is still on its way is this one: the reaction stays.
        Ok(End::Answered(Err(_)) | End::Interrupted) | Err(_) => {
            write("\n");
            Err(interrupted())
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

fn interrupted() -> Failure {
    Failure::Interrupted("interrupted at a question".to_owned())
}

/// Writes for the person who is asked. Who can't read it doesn't answer either.
fn write(text: &str) {
    let _ = Term::stderr().write_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_answers_and_ctrl_c_beside_others_interrupts() {
        for (keys, expected) in [
            ("y", Some(Ok(true))),
            ("Y\r", Some(Ok(true))),
            ("n", Some(Ok(false))),
            ("Ny", Some(Ok(false))),
            ("\r", Some(Ok(false))),
            ("\n", Some(Ok(false))),
            ("xy", Some(Ok(true))),
            ("x", None),
            ("", None),
            ("\u{1b}", None),
            ("\u{1b}[A", None),
            ("\u{1b}Oy", None),
            ("\u{e9}", None),
            ("\u{3}", Some(Err(io::ErrorKind::Interrupted))),
            ("y\u{3}", Some(Err(io::ErrorKind::Interrupted))),
            ("\u{1b}\u{3}", Some(Err(io::ErrorKind::Interrupted))),
        ] {
            let answer = answer(keys.as_bytes()).map(|answer| answer.map_err(|error| error.kind()));
            assert_eq!(answer, expected, "{keys:?}");
        }
    }
}
