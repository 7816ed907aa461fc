//! The terminal that a question is asked at: reading changes none of its modes.

#[cfg(not(unix))]
pub(super) use elsewhere::{Unseen, keys, line};
#[cfg(unix)]
pub(super) use unix::{Unseen, keys, line};

/// How an answer is typed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Typing {
    /// By keys that count at once, Ctrl-C among them.
    Keys,
    /// By a line that can be corrected until it is entered.
    Line,
}

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::io::{read, retry_on_intr};
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use zeroize::Zeroizing;

    use super::Typing;

    /// A terminal that doesn't show what is typed. Dropped, it is as it was.
    pub(in super::super) struct Unseen {
        before: Termios,
    }

    impl Unseen {
        pub(in super::super) fn begin(typing: Typing) -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut modes = before.clone();
            match typing {
                Typing::Keys => {
                    modes.make_raw();
                    modes.output_modes = before.output_modes;
                }
                Typing::Line => {
                    modes.local_modes -= LocalModes::ECHO;
                    modes.local_modes |= LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHONL;
                }
            }
            set(&modes)?;
            Ok(Self { before })
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            // What of it fails can't be helped.
            let _ = set(&self.before);
        }
    }

    /// Sets the modes. What was typed before is no answer, and the rest of one isn't to be seen: both are forgotten.
    fn set(modes: &Termios) -> io::Result<()> {
        Ok(retry_on_intr(|| tcsetattr(io::stdin(), OptionalActions::Flush, modes))?)
    }

    /// Waits for keys. They are read past the buffer of the standard input, where later ones would be taken for the answer
    /// to the next question.
    pub(in super::super) fn keys() -> io::Result<Vec<u8>> {
        let mut keys = [0; 64];
        let count = retry_on_intr(|| read(io::stdin(), &mut keys))?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(keys[..count].to_vec())
    }

    /// Waits for a line.
    pub(in super::super) fn line() -> io::Result<Zeroizing<String>> {
        let mut line = Zeroizing::new(String::new());
        if io::stdin().read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(length);
        Ok(line)
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use console::{Key, Term};
    use zeroize::Zeroizing;

    use super::Typing;

    /// Stands for the modes of a terminal that has none: what is typed is only shown by who reads it.
    pub(in super::super) struct Unseen;

    impl Unseen {
        #[expect(clippy::unnecessary_wraps, reason = "it can fail where there are modes")]
        pub(in super::super) fn begin(_: Typing) -> io::Result<Self> {
            Ok(Self)
        }
    }

    /// Waits for a key.
    pub(in super::super) fn keys() -> io::Result<Vec<u8>> {
        Ok(match Term::stderr().read_key()? {
            Key::Char(key) => key.to_string().into_bytes(),
            Key::Enter => b"\r".to_vec(),
            _ => Vec::new(),
        })
    }

    /// Waits for a line.
    pub(in super::super) fn line() -> io::Result<Zeroizing<String>> {
        Term::stderr().read_secure_line().map(Zeroizing::new)
    }
}
