//! List queries: page, amount, fields, filter and order.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::call::Params;
use super::dates;
use super::limits::AMOUNT;
use crate::Tag;

/// A row of a list.
pub(super) trait Record {
    fn value(&self, field: &str) -> Value;
    fn text(&self, field: &str) -> Option<&str>;
    fn date(&self, field: &str) -> Option<DateTime<Utc>>;
    fn flag(&self, field: &str) -> Option<bool>;
    fn tags(&self) -> &[Tag];
}

/// What a list can be asked for.
pub(super) struct Columns {
    pub(super) fields: &'static [&'static str],
    pub(super) default_fields: &'static [&'static str],
    pub(super) filters: &'static [(&'static str, Kind)],
    /// Which filters may stand in the query string by themselves too: `name=…` for `filter[name]=…`.
    pub(super) flat_filters: &'static [&'static str],
    pub(super) orders: &'static [(&'static str, Kind)],
    pub(super) default_order: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Date,
    Tags,
}

/// What rows are ordered by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Flag(bool),
    Date(DateTime<Utc>),
    Text(String),
}

/// A condition on a field. A row has to meet all of them.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Text(&'static str, Vec<Pattern>),
    Flag(&'static str, bool),
    Date(&'static str, DateTime<Utc>, DateTime<Utc>),
    Tag { key: Option<Pattern>, value: Option<Pattern> },
}

/// Text that has to be the same or, with a `*`, to have the parts between the stars in this order, whatever the case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pattern {
    Exact(String),
    Wildcard(Vec<String>),
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        if text.contains('*') {
            Self::Wildcard(text.to_lowercase().split('*').map(str::to_owned).collect())
        } else {
            Self::Exact(text.to_owned())
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let parts = match self {
            Self::Exact(exact) => return exact == text,
            Self::Wildcard(parts) => parts,
        };
        let text = text.to_lowercase();
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return true;
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in &parts[1..parts.len() - 1] {
            match rest.split_once(part.as_str()) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

/// Which rows, in which order: what the pages of one list have in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selection {
    conditions: Vec<Condition>,
    order: (&'static str, Kind),
    descending: bool,
}

impl Selection {
    /// The text that a field has to be, when it has to be one exactly.
    pub(super) fn exactly(&self, field: &str) -> Option<&str> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::Text(known, patterns) if *known == field => match &patterns[..] {
                [Pattern::Exact(text)] => Some(text.as_str()),
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn admits(&self, row: &impl Record) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Text(field, patterns) => {
                row.text(field).is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(text)))
            }
            Condition::Flag(field, wanted) => row.flag(field) == Some(*wanted),
            Condition::Date(field, start, end) => row.date(field).is_some_and(|date| (*start..*end).contains(&date)),
            Condition::Tag { key, value } => row.tags().iter().any(|tag| {
                key.as_ref().is_none_or(|key| key.matches(&tag.key))
                    && value.as_ref().is_none_or(|value| value.matches(&tag.value))
            }),
        })
    }

    /// What a row is ordered by.
    pub(super) fn key(&self, row: &impl Record) -> Option<Key> {
        let (field, kind) = self.order;
        match kind {
            Kind::Flag => row.flag(field).map(Key::Flag),
            Kind::Date => row.date(field).map(Key::Date),
            Kind::Text | Kind::Tags => row.text(field).map(|text| Key::Text(text.to_lowercase())),
        }
    }

    /// Which of two keys comes first; no key comes last in both directions.
    pub(super) fn compare(&self, one: Option<&Key>, other: Option<&Key>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if self.descending => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }

    /// Sorts rows; those with equal keys stay as they are.
    pub(super) fn sort<R: Record>(&self, rows: &mut [&R]) {
        let mut keyed: Vec<(Option<Key>, &R)> = rows.iter().map(|row| (self.key(*row), *row)).collect();
        keyed.sort_by(|(one, _), (other, _)| self.compare(one.as_ref(), other.as_ref()));
        for (place, (_, row)) in rows.iter_mut().zip(keyed) {
            *place = row;
        }
    }
}

pub(super) struct ListQuery {
    page: usize,
    amount: usize,
    fields: Vec<&'static str>,
    selection: Selection,
}

impl ListQuery {
    pub(super) fn read(params: &Params, columns: &Columns, now: DateTime<Utc>) -> Result<Self, Refusal> {
        Ok(Self {
            page: count(params, "page", 1, usize::MAX)?,
            amount: count(params, "amount", 20, AMOUNT)?,
            fields: fields(params, columns)?,
            selection: {
                let (order, descending) = order(params, columns)?;
                Selection { conditions: conditions(params, columns, now)?, order, descending }
            },
        })
    }

    pub(super) fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The rows of the page that was asked for.
    pub(super) fn slice<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        let start = (self.page - 1).saturating_mul(self.amount).min(rows.len());
        let end = start.saturating_add(self.amount).min(rows.len());
        &rows[start..end]
    }

    pub(super) fn project(&self, row: &impl Record) -> Value {
        let members = self.fields.iter().map(|field| ((*field).to_owned(), row.value(field)));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

fn count(params: &Params, key: &str, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = params.get(key) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Refusal::bad_request(format!("Invalid {key} parameter")))
}

/// A field that a list cannot give costs the whole answer, as at TagoIO.
fn fields(params: &Params, columns: &Columns) -> Result<Vec<&'static str>, Refusal> {
    let mut fields = Vec::new();
    for name in params.all(&["fields"]) {
        match columns.fields.iter().find(|known| **known == name) {
            Some(known) => fields.push(*known),
            None => return Err(Refusal::new(500, "Sorry, Internal Error")),
        }
    }
    Ok(if fields.is_empty() { columns.default_fields.to_vec() } else { fields })
}

fn order(params: &Params, columns: &Columns) -> Result<((&'static str, Kind), bool), Refusal> {
    let text = params.get("orderBy").unwrap_or(columns.default_order);
    let read = || {
        let (field, direction) = text.split_once(',')?;
        let order = columns.orders.iter().find(|(known, _)| *known == field.trim())?;
        match direction.trim().to_ascii_lowercase().as_str() {
            "asc" => Some((*order, false)),
            "desc" => Some((*order, true)),
            _ => None,
        }
    };
    read().ok_or_else(|| Refusal::bad_request("Invalid orderBy parameter"))
}

/// What a list can't be filtered by is ignored.
fn conditions(params: &Params, columns: &Columns, now: DateTime<Utc>) -> Result<Vec<Condition>, Refusal> {
    let mut conditions = Vec::new();
    for (field, kind) in columns.filters {
        let path = ["filter", field];
        let flat = params.get(field).filter(|_| columns.flat_filters.contains(field));
        let values: Vec<&str> = params.all(&path).chain(flat).collect();
        let refuse = || Refusal::bad_request(format!("Invalid filter {field} ({})", word(*kind)));
        match (kind, values.first()) {
            (Kind::Tags, _) => {
                conditions.extend(tags(params, &path));
                conditions.extend(flat.map_or(Some(Vec::new()), json_tags).ok_or_else(refuse)?);
            }
            (_, None) => {}
            (Kind::Text, Some(_)) => {
                conditions.push(Condition::Text(field, values.iter().copied().map(Pattern::new).collect()));
            }
            (Kind::Flag, Some(value)) => {
                let value = value.to_ascii_lowercase().parse().map_err(|_| refuse())?;
                conditions.push(Condition::Flag(field, value));
            }
            (Kind::Date, Some(value)) => {
                let (start, end) = match (dates::ago(value, now), dates::parse(value)) {
                    (Some(start), _) => (start, DateTime::<Utc>::MAX_UTC),
                    (None, Some(span)) => (span.start, span.end),
                    (None, None) => return Err(refuse()),
                };
                conditions.push(Condition::Date(field, start, end));
            }
        }
    }
    Ok(conditions)
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Date => "date",
        Kind::Tags => "array",
    }
}

/// `filter[tags][0][key]=site&filter[tags][0][value]=lisbon`: one condition for each index.
fn tags(params: &Params, path: &[&str]) -> Vec<Condition> {
    let mut by_index: Vec<(&str, Option<Pattern>, Option<Pattern>)> = Vec::new();
    for (rest, text) in params.below(path) {
        let [index, part] = rest else { continue };
        if text.is_empty() {
            continue;
        }
        let at = by_index.iter().position(|(known, ..)| known == index).unwrap_or_else(|| {
            by_index.push((index, None, None));
            by_index.len() - 1
        });
        match part.as_str() {
            "key" => by_index[at].1 = Some(Pattern::new(text)),
            "value" => by_index[at].2 = Some(Pattern::new(text)),
            _ => {}
        }
    }
    let conditions = by_index.into_iter().filter(|(_, key, value)| key.is_some() || value.is_some());
    conditions.map(|(_, key, value)| Condition::Tag { key, value }).collect()
}

/// `[{"key":"site","value":"lisbon"}]`: one condition for each tag.
fn json_tags(text: &str) -> Option<Vec<Condition>> {
    #[derive(serde::Deserialize)]
    struct Wanted {
        key: Option<String>,
        value: Option<String>,
    }
    let wanted: Vec<Wanted> = serde_json::from_str(text).ok()?;
    let pattern = |text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| Pattern::new(&text));
    let conditions = wanted.into_iter().map(|tag| (pattern(tag.key), pattern(tag.value)));
    let conditions = conditions.filter(|(key, value)| key.is_some() || value.is_some());
    Some(conditions.map(|(key, value)| Condition::Tag { key, value }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_makes_case_indifferent() {
        for (pattern, text, matches) in [
            ("Jane", "Jane", true),
            ("jane", "Jane", false),
            ("*jane*", "Mary JANE Doe", true),
            ("jane*", "Mary Jane", false),
            ("*jane", "Mary Jane", true),
            ("m*j*e", "Mary Jane", true),
            ("*", "", true),
            ("**", "x", true),
            ("a*a", "a", false),
            ("*é*", "CAFÉ", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), matches, "{pattern} {text}");
        }
    }
}
