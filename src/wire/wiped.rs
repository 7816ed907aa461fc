//! What may hold a secret on its way into a request: wiped when it is dropped, and when it moves to make room.

use std::{fmt, io};

use zeroize::Zeroizing;

/// Text that leaves no copy behind as it grows.
#[derive(Default)]
pub(crate) struct WipedText(Zeroizing<String>);

impl WipedText {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(String::with_capacity(bytes)))
    }

    pub(crate) fn push(&mut self, text: &str) {
        if self.0.capacity() - self.0.len() < text.len() {
            self.grow(text.len());
        }
        self.0.push_str(text);
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let mut larger = Zeroizing::new(String::with_capacity(grown(self.0.len(), more)));
        larger.push_str(&self.0);
        self.0 = larger;
    }

    pub(crate) fn extend<'a>(&mut self, pieces: impl IntoIterator<Item = &'a str>) {
        pieces.into_iter().for_each(|piece| self.push(piece));
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Zeroizing<String> {
        self.0
    }
}

impl fmt::Write for WipedText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

impl From<String> for WipedText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// Bytes that leave no copy behind as they grow.
#[derive(Default)]
pub(crate) struct WipedBytes(Zeroizing<Vec<u8>>);

impl WipedBytes {
    pub(crate) fn into_inner(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl WipedBytes {
    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        if self.0.capacity() - self.0.len() < bytes.len() {
            self.grow(bytes.len());
        }
        self.0.extend_from_slice(bytes);
    }

    // Apart from `push`, which is short without it: what writes JSON has it inlined.
    #[cold]
    fn grow(&mut self, more: usize) {
        let mut larger = Zeroizing::new(Vec::with_capacity(grown(self.0.len(), more)));
        larger.extend_from_slice(&self.0);
        self.0 = larger;
    }
}

impl io::Write for WipedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    // What writes JSON does so in pieces of a few bytes: without the loop around `write`, a small body takes a third less.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The capacity after there was no room for so many more bytes: it doubles, so that long texts aren't moved too often.
fn grown(length: usize, more: usize) -> usize {
    (length + more).max(2 * length).max(128)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn there_is_room_for_what_comes_and_at_least_twice_as_much_as_before() {
        for (length, more, capacity) in [(0, 1, 128), (1, 500, 501), (100, 100, 200), (1000, 1, 2000)] {
            assert_eq!(grown(length, more), capacity, "{length} + {more}");
        }
    }

    #[test]
    fn what_grows_keeps_what_it_had() {
        let (mut text, mut bytes) = (WipedText::default(), WipedBytes::default());
        let mut expected = String::new();
        for piece in ["a", "", "ção", "日本", "x".repeat(1000).as_str()].repeat(3) {
            text.push(piece);
            bytes.write_all(piece.as_bytes()).unwrap();
            expected.push_str(piece);
        }
        text.push("end");
        assert_eq!(bytes.write(b"end").unwrap(), 3);
        expected.push_str("end");
        assert_eq!(text.as_str(), expected);
        assert_eq!(**text.into_inner(), *expected);
        assert_eq!(**bytes.into_inner(), *expected.as_bytes());
    }
}
