//! Tags in one cell: `site=lisbon;floor=2`, with `\` before what is to be taken as it is.

use crate::Tag;

/// Writes tags so that [`parse`] reads the same ones.
pub(super) fn write(tags: &[Tag]) -> String {
    let pairs = tags.iter().map(|tag| {
        let (key, value) = (escape(&tag.key, &['\\', ';', '=']), escape(&tag.value, &['\\', ';']));
        format!("{key}={value}")
    });
    let text = pairs.collect::<Vec<_>>().join(";");
    // What begins with a bracket or a brace is read as JSON.
    if text.starts_with(['[', '{']) { format!("\\{text}") } else { text }
}

fn escape(text: &str, special: &[char]) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        // White space at the ends would be taken for that of somebody who writes `a=1; b=2`.
        if special.contains(&c) || (c.is_whitespace() && (at == 0 || at == last)) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Reads the tags of a cell, or of the JSON array that it holds. The error doesn't repeat the cell.
#[cfg(any(feature = "csv", test))]
pub(super) fn parse(cell: &str) -> Result<Vec<Tag>, &'static str> {
    use super::record::Tags;

    if cell.trim_start().starts_with(['[', '{']) {
        return serde_json::from_str(cell)
            .map(|Tags(tags)| tags)
            .map_err(|_| "isn't JSON that lists tags: [{\"key\": …, \"value\": …}, …]");
    }
    let mut rest = cell.chars().peekable();
    let mut tags = Vec::new();
    while rest.peek().is_some() {
        let (key, end) = part(&mut rest, &['=', ';']);
        if end != Some('=') {
            if key.is_empty() {
                continue;
            }
            return Err("a tag has no `=`: key=value;key=value is wanted");
        }
        if key.is_empty() {
            return Err("a tag has no key");
        }
        let (value, _) = part(&mut rest, &[';']);
        tags.push(Tag::new(key, value));
    }
    Ok(tags)
}

/// The text up to one of these ends, and which one it was.
#[cfg(any(feature = "csv", test))]
fn part(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, ends: &[char]) -> (String, Option<char>) {
    let mut text = String::new();
    // How much of it isn't white space that the writer didn't mean.
    let mut meant = 0;
    while let Some(c) = rest.next() {
        if ends.contains(&c) {
            text.truncate(meant);
            return (text, Some(c));
        }
        let escaped = if c == '\\' { rest.next() } else { None };
        if escaped.is_none() && c.is_whitespace() && text.is_empty() {
            continue;
        }
        text.push(escaped.unwrap_or(c));
        if escaped.is_some() || !c.is_whitespace() {
            meant = text.len();
        }
    }
    text.truncate(meant);
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::{parse, write};
    use crate::Tag;

    #[test]
    fn tags_of_a_cell_are_pairs_between_semicolons() {
        let bad_pair = Err("a tag has no `=`: key=value;key=value is wanted");
        for (cell, tags) in [
            ("site=lisbon;floor=2", Ok(vec![("site", "lisbon"), ("floor", "2")])),
            (" site = lisbon ; floor=2 ;", Ok(vec![("site", "lisbon"), ("floor", "2")])),
            ("formula=a=b", Ok(vec![("formula", "a=b")])),
            (r"a\=b=c\;d\\;e=", Ok(vec![("a=b", r"c;d\"), ("e", "")])),
            (r"a=\ b\ ", Ok(vec![("a", " b ")])),
            (r"a=b\", Ok(vec![("a", r"b\")])),
            (r#"[{"key":"a","value":"b;c"}]"#, Ok(vec![("a", "b;c")])),
            (r#"{"b":"1","a":"2"}"#, Ok(vec![("b", "1"), ("a", "2")])),
            ("", Ok(vec![])),
            (";;", Ok(vec![])),
            ("lisbon", bad_pair.clone()),
            ("a=1;lisbon", bad_pair),
            ("=lisbon", Err("a tag has no key")),
            (r#"[{"key":"a"}]"#, Err("isn't JSON that lists tags: [{\"key\": …, \"value\": …}, …]")),
        ] {
            let tags = tags.map(|tags| tags.into_iter().map(Tag::from).collect::<Vec<_>>());
            assert_eq!(parse(cell), tags, "{cell}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let odd = ["x", " ", "  ", ";", "=", "\\", "\\;", " a b ", "[1]", "{", "a\nb", "é\u{a0}", "a;b=c"];
        for key in odd {
            for value in odd.into_iter().chain([""]) {
                let tags = vec![Tag::new(key, value), Tag::new("z", "1")];
                assert_eq!(parse(&write(&tags)).as_ref(), Ok(&tags), "{tags:?}");
            }
        }
    }
}
