//! What is said beside the results, on standard error.

use std::io::{self, Write as _};

use console::Style;
use serde_json::Value;

use super::cell::visible;

/// Says something that is not a result, in one line.
pub(crate) fn tell(text: &str) {
    tell_in(&[(Style::new(), text)]);
}

/// Says something in passing: what a person may want to know, and may overlook.
pub(crate) fn note(text: &str) {
    tell_in(&[(Style::new().dim(), text)]);
}

/// Says something that a person should know before it goes on.
pub(crate) fn warn(text: &str) {
    tell_in(&[(Style::new().yellow().bold(), "warning:"), (Style::new(), " "), (Style::new(), text)]);
}

/// Says something in one line of several colours. Nothing else in the texts reaches the terminal: names come from TagoIO,
/// and anybody may have chosen them.
pub(crate) fn tell_in(parts: &[(Style, &str)]) {
    let styled = parts.iter().map(|(style, text)| style.clone().for_stderr().apply_to(visible(text)).to_string());
    write_line(styled.collect());
}

/// Says something to a program.
pub(crate) fn tell_program(message: &Value) {
    write_line(message.to_string());
}

fn write_line(mut line: String) {
    line.push('\n');
    // Nobody is left to be told that nobody listens, and the work itself goes on.
    let _ = io::stderr().write_all(line.as_bytes());
}
