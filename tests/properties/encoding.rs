//! What is put into paths and queries comes out of them as it was, read by somebody else.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tagoio::profile::{AuditLogFilter, StatisticsDate};
use tagoio::run::{UserField, UserOrder, UserQuery};
use tagoio::transport::{Method, Request};
use tagoio::{Direction, Error};

use super::cases;
use super::operations::{OPERATIONS, sends_nothing};
use super::recorder::Recorder;
use super::values::{id, json as any_json, text};

/// Undoes percent-encoding, and takes nothing that RFC 3986 doesn't let stand unencoded whatever it means.
pub(crate) fn percent_decoded(encoded: &str) -> Result<String, TestCaseError> {
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits =
                    [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
                let [Some(high), Some(low)] = digits else {
                    return Err(TestCaseError::fail(format!("half an escape in {encoded}")));
                };
                bytes.push(u8::try_from(high * 16 + low).expect("two digits of 16 are a byte"));
            }
            b'-' | b'.' | b'_' | b'~' => bytes.push(byte),
            _ if byte.is_ascii_alphanumeric() => bytes.push(byte),
            _ => return Err(TestCaseError::fail(format!("{:?} stands in {encoded} as it is", char::from(byte)))),
        }
    }
    String::from_utf8(bytes).map_err(|error| TestCaseError::fail(error.to_string()))
}

fn segments(request: &Request) -> Result<Vec<String>, TestCaseError> {
    request.path().split('/').skip(1).map(percent_decoded).collect()
}

/// The pairs of the query, sorted: their order means nothing.
fn pairs(request: &Request) -> Result<Vec<(String, String)>, TestCaseError> {
    let query = request.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').ok_or_else(|| TestCaseError::fail(format!("no value in {pair}")))?;
        Ok((percent_decoded(key)?, percent_decoded(value)?))
    });
    let mut pairs = pairs.collect::<Result<Vec<_>, TestCaseError>>()?;
    pairs.sort_unstable();
    Ok(pairs)
}

fn sorted<const N: usize>(pairs: [(&str, String); N]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    pairs.sort_unstable();
    pairs
}

/// The pairs that the JavaScript client's library makes of a value: one for each scalar that isn't null.
fn flattened(key: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::String(text) => pairs.push((key.to_owned(), text.clone())),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| flattened(&format!("{key}[{at}]"), item, pairs));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| flattened(&format!("{key}[{name}]"), member, pairs));
        }
        other => pairs.push((key.to_owned(), other.to_string())),
    }
}

/// A filter without fractions, whose notation is JavaScript's and a matter of its own.
fn filter() -> impl Strategy<Value = Value> {
    fn whole(value: &Value) -> bool {
        match value {
            Value::Number(number) => !number.is_f64(),
            Value::Array(items) => items.iter().all(whole),
            Value::Object(members) => members.values().all(whole),
            _ => true,
        }
    }
    any_json().prop_filter("whole numbers only", whole)
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn ids_arrive_in_their_places_as_they_were_or_nothing_is_sent(first in id(), second in id()) {
        let ids = [first.as_str(), second.as_str()];
        let recorder = Recorder::default();
        let tago = recorder.client(&Value::Null);
        for (route, call) in OPERATIONS {
            let result = call(&tago, ids);
            let sent = recorder.take();
            if sends_nothing(route, ids) {
                prop_assert!(matches!(result, Err(Error::Config(_))), "{}: {:?}", route, result);
                prop_assert!(sent.is_empty(), "{}", route);
                continue;
            }
            prop_assert_eq!(sent.len(), 1, "{}: {:?}", route, result);
            let mut ids = ids.iter();
            let template = sent[0].route().template();
            let expected: Vec<&str> = template
                .split('/')
                .skip(1)
                .map(|part| if part.starts_with('{') { *ids.next().expect("an id for each place") } else { part })
                .collect();
            prop_assert_eq!(sent[0].route().to_string(), *route);
            prop_assert_eq!(segments(&sent[0])?, expected, "{}", route);
            prop_assert!(sent[0].url().starts_with("https://api.tago.io/"), "{}", sent[0].url());
        }
    }

    #[test]
    fn the_filters_of_a_list_arrive_as_they_were(
        [id, name, email, key, value, date] in [text(), text(), text(), text(), text(), text()],
        page in 1_u32..,
        amount in 1_u32..,
        descending: bool,
    ) {
        let recorder = Recorder::default();
        let query = UserQuery::new()
            .id(id.as_str())
            .name(name.as_str())
            .email(email.as_str())
            .active(descending)
            .tag(key.as_str(), value.as_str())
            .tag_key(value.as_str())
            .created_at(date.as_str())
            .page(page)
            .amount(amount)
            .order_by(UserOrder::from(key.as_str()), if descending { Direction::Descending } else { Direction::Ascending })
            .fields([UserField::Id, UserField::from(email.as_str())]);
        recorder.client(&json!([])).run().users().list(&query).unwrap();
        let order = format!("{key},{}", if descending { "desc" } else { "asc" });
        let expected = sorted([
            ("page", page.to_string()),
            ("amount", amount.to_string()),
            ("fields[0]", "id".to_owned()),
            ("fields[1]", email.clone()),
            ("filter[id]", id),
            ("filter[name]", name),
            ("filter[email]", email),
            ("filter[active]", descending.to_string()),
            ("filter[tags][0][key]", key),
            ("filter[tags][0][value]", value.clone()),
            ("filter[tags][1][key]", value),
            ("filter[created_at]", date),
            ("orderBy", order),
        ]);
        prop_assert_eq!(pairs(&recorder.take()[0])?, expected);
    }

    #[test]
    fn a_filter_of_ones_own_is_one_pair_for_each_value_in_it(key in text(), value in filter()) {
        let recorder = Recorder::default();
        let query = UserQuery::new().filter(key.as_str(), value.clone());
        recorder.client(&json!([])).run().users().list(&query).unwrap();
        let mut expected = Vec::new();
        flattened(&format!("filter[{key}]"), &value, &mut expected);
        expected.sort_unstable();
        let mut found = pairs(&recorder.take()[0])?;
        found.retain(|(key, _)| key.starts_with("filter["));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_parameters_of_other_calls_arrive_as_they_were(
        [first, second, third, fourth, find] in [text(), text(), text(), text(), text()],
        limit: u32,
    ) {
        let recorder = Recorder::default();
        let tago = recorder.client(&json!([]));

        let date = StatisticsDate::range(first.as_str(), second.as_str(), third.as_str().into()).timezone(&fourth);
        tago.profile().usage_statistics("p", &date).unwrap();
        let expected = sorted([
            ("start_date", first.clone()),
            ("end_date", second.clone()),
            ("periodicity", third.clone()),
            ("timezone", fourth.clone()),
        ]);
        prop_assert_eq!(pairs(&recorder.take()[0])?, expected);

        let filter = AuditLogFilter::new()
            .between(first.as_str(), second.as_str())
            .resource_id(third.as_str())
            .resource_name(fourth.as_str().into())
            .find(&find)
            .limit(limit);
        let _ = tago.profile().audit_log("p", &filter);
        let expected = sorted([
            ("start_date", first.clone()),
            ("end_date", second.clone()),
            ("resourceID", third.clone()),
            ("resourceName", fourth.clone()),
            ("find", find),
            ("limit", limit.to_string()),
        ]);
        prop_assert_eq!(pairs(&recorder.take()[0])?, expected);

        let _ = tago.run().users().login_as("u", Some(&first.as_str().into()));
        prop_assert_eq!(pairs(&recorder.take()[0])?, sorted([("expire_time", first)]));
    }

    #[test]
    fn the_parameters_of_a_raw_request_arrive_in_their_order(given in vec((text(), text()), 1..5)) {
        let recorder = Recorder::default();
        let tago = recorder.client(&Value::Null);
        let request = given.iter().fold(tago.raw(Method::Get, "/tags?page=1"), |request, (key, value)| request.query(key, value));
        request.send::<Value>().unwrap();
        let sent = recorder.take();
        let query = sent[0].query().unwrap_or_default();
        let found: Vec<(String, String)> = query
            .split('&')
            .skip(1)
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((percent_decoded(key)?, percent_decoded(value)?))
            })
            .collect::<Result<_, TestCaseError>>()?;
        prop_assert!(query.starts_with("page=1&"), "{}", query);
        prop_assert_eq!(found, given);
    }
}
