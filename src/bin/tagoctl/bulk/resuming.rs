//! How to go on after an interruption.

/// The command line that goes on with this work.
pub(super) fn resuming() -> String {
    let mut words: Vec<String> =
        std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy(), cfg!(windows))).collect();
    if !words.iter().any(|word| word == "--resume") {
        words.push("--resume".to_owned());
    }
    format!("tagoctl {}", words.join(" "))
}

/// A word as a shell takes it, or as both shells of Windows do.
fn quoted(word: &str, on_windows: bool) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c) || on_windows && c == '\\';
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else if on_windows {
        format!("\"{}\"", word.replace('"', "\"\""))
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_is_one_word_for_a_shell() {
        for word in ["users.csv", "", "a b", "*@example.com", "it's", "$HOME", "a\nb", "site=lisbon", "~x", "#1"] {
            assert_eq!(shlex::split(&quoted(word, false)), Some(vec![word.to_owned()]), "{word}");
        }
        assert_eq!(quoted("run/users.csv", false), "run/users.csv");
    }

    #[test]
    fn windows_has_its_own_quotation_marks() {
        for (word, shown) in [
            (r"C:\lists\users.csv", r"C:\lists\users.csv"),
            (r"C:\my lists\users.csv", r#""C:\my lists\users.csv""#),
            ("it's", r#""it's""#),
            (r#"a "b""#, r#""a ""b""""#),
            ("", r#""""#),
        ] {
            assert_eq!(quoted(word, true), shown, "{word}");
        }
    }
}
