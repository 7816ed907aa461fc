//! When two e-mail addresses are the same, and when they only look it.

/// What no two users have in common: TagoIO takes addresses that differ in case for the same.
pub(crate) fn key_of(email: &str) -> String {
    email.to_lowercase()
}

/// Whether nothing is drawn for it, or it only says how others are drawn: Unicode's default ignorable characters, and the
/// marks of text whose meaning got lost.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffd}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// An address as it looks. Unicode may write the same accented letter as one character or as several; without its tables,
/// the two are taken for the same wherever they may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    letters: Vec<Letter>,
}

#[derive(Debug, PartialEq, Eq)]
struct Letter {
    base: char,
    marks: Vec<char>,
}

impl Look {
    pub(super) fn of(email: &str) -> Self {
        let mut letters: Vec<Letter> = Vec::with_capacity(email.len());
        let seen = email.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c));
        for c in seen.map(narrow).flat_map(char::to_lowercase) {
            match letters.last_mut() {
                Some(letter) if is_mark(c) => letter.marks.push(c),
                _ => letters.push(Letter { base: c, marks: Vec::new() }),
            }
        }
        for letter in &mut letters {
            letter.marks.sort_unstable();
        }
        Self { letters }
    }

    /// The same for all addresses that may look like this one.
    pub(super) fn outline(&self) -> String {
        let plain = |letter: &Letter| letter.base.is_ascii() && letter.marks.is_empty();
        self.letters
            .iter()
            .map(|letter| if plain(letter) { letter.base } else { char::REPLACEMENT_CHARACTER })
            .collect()
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Letter, &Letter)| one == other || one.may_be(other) || other.may_be(one);
        self.letters.len() == other.letters.len() && self.letters.iter().zip(&other.letters).all(alike)
    }
}

impl Letter {
    /// Whether it may be written as one character what the other one is written as several.
    fn may_be(&self, other: &Self) -> bool {
        !self.base.is_ascii() && self.marks.len() < other.marks.len()
    }
}

/// The usual one of a character that is as wide as a Chinese one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// Whether it is drawn together with the character before it.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{1160}'..='\u{11ff}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{3099}'..='\u{309a}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_other_letters_have_another_outline() {
        // So that each is compared with a few only.
        assert_ne!(Look::of("jane@x.io").outline(), Look::of("joan@x.io").outline());
    }

    #[test]
    fn addresses_that_look_the_same_are_found() {
        for (one, other, alike) in [
            ("jane@x.io", "jane@x.io", true),
            ("jane@x.io", "JANE@X.io", true),
            ("jane@x.io", "jane\u{200b}@x.io", true),
            ("jane@x.io", "\u{feff}jane@x.io", true),
            ("jane@x.io", "jane\u{a0}@x.io", true),
            ("jane@x.io", "ｊane＠x.io", true),
            ("jane@x.io", "jan@x.io", false),
            ("jane@x.io", "janet@x.io", false),
            ("josé@x.io", "jose\u{301}@x.io", true),
            ("JOSÉ@x.io", "jose\u{301}@x.io", true),
            ("josé@x.io", "jose@x.io", false),
            ("jose\u{300}@x.io", "jose\u{301}@x.io", false),
            ("josé@x.io", "josè@x.io", false),
            ("ệ@x.io", "ê\u{323}@x.io", true),
            ("e\u{302}\u{323}@x.io", "e\u{323}\u{302}@x.io", true),
            ("й@x.io", "и\u{306}@x.io", true),
            ("иван@x.io", "пётр@x.io", false),
            ("한@x.io", "\u{1112}\u{1161}\u{11ab}@x.io", true),
            ("", "", true),
        ] {
            let (one, other) = (Look::of(one), Look::of(other));
            assert_eq!(one.is_like(&other), alike, "{one:?} {other:?}");
            assert_eq!(other.is_like(&one), alike, "{one:?} {other:?}");
            assert!(!alike || one.outline() == other.outline(), "{one:?} {other:?}");
        }
    }
}
