//! Lists give every row once and in order, however they are cut into pages.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tagoio::clock::ManualClock;
use tagoio::run::{UserField, UserInfo, UserOrder, UserQuery, UserRow};
use tagoio::sandbox::Sandbox;
use tagoio::token::{NewToken, Permission, TokenField, TokenQuery};
use tagoio::transport::{Request, Response, from_fn};
use tagoio::{Client, Direction, ProfileId};

use super::cases;

/// A client whose every list is this one, cut as asked; and how often it was asked.
fn of(rows: Vec<Value>) -> (Client, Arc<AtomicUsize>) {
    fn number(request: &Request, key: &str) -> usize {
        let pairs = request.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(name, _)| *name == key).map(|(_, value)| value.parse());
        found.next().expect("page and amount are always sent").expect("they are numbers")
    }

    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let transport = from_fn(move |request: &Request| {
        count.fetch_add(1, Ordering::Relaxed);
        let (page, amount) = (number(request, "page"), number(request, "amount"));
        let rows: Vec<&Value> = rows.iter().skip((page - 1).saturating_mul(amount)).take(amount).collect();
        Ok(Response::new(200).with_body(json!({"status": true, "result": rows}).to_string()))
    });
    (Client::builder().token("p-1").transport(transport).vars(|_| None).build().unwrap(), asked)
}

fn ids(users: impl Iterator<Item = tagoio::Result<UserInfo>>) -> Vec<String> {
    users.map(|user| user.unwrap().id.into()).collect()
}

/// A sandbox with users and tokens, the same for all cases: nothing changes in it.
fn world() -> &'static (Sandbox, Client) {
    static WORLD: OnceLock<(Sandbox, Client)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let sandbox =
            Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).empty().users(60).build();
        let tago = sandbox.client().unwrap();
        let (email, password) = sandbox.sign_in();
        for at in 0..23 {
            // Names that repeat, made at the same moment.
            let new = NewToken::new(format!("token {}", at % 3), Permission::Read);
            tago.token().create(ProfileId::CURRENT, &new.sign_in(&email, password.clone())).unwrap();
        }
        (sandbox, tago)
    })
}

fn order() -> impl Strategy<Value = (UserOrder, Direction)> {
    (select(UserOrder::KNOWN), select(&[Direction::Ascending, Direction::Descending][..]))
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_row_comes_once_and_in_order_whatever_the_pages(total in 0_usize..80, amount in 1_u32..90, page in 1_u32..5) {
        let rows: Vec<Value> = (0..total).map(|id| json!({"id": id.to_string(), "name": "same"})).collect();
        let (tago, asked) = of(rows);
        let query = UserQuery::new().amount(amount).page(page);
        let skipped = usize::try_from(amount * (page - 1)).unwrap();
        let expected: Vec<String> = (skipped..total).map(|id| id.to_string()).collect();
        prop_assert_eq!(ids(tago.run().users().iter(&query)), expected.clone());
        // A full page may be the last one; only the next tells.
        let pages = expected.len() / usize::try_from(amount).unwrap() + 1;
        prop_assert_eq!(asked.swap(0, Ordering::Relaxed), pages);
        prop_assert_eq!(ids(tago.run().users().iter(&query).prefetch()), expected.clone());
        prop_assert_eq!(asked.load(Ordering::Relaxed), pages);
        prop_assert!(tago.run().users().iter(&query).size_hint().0 <= expected.len());
    }

    #[test]
    fn rows_that_look_alike_are_rows_all_the_same(names in vec(0_u8..3, 0..40), amount in 2_u32..12) {
        let date = "2026-01-01T00:00:00.000Z";
        let rows: Vec<Value> = names.iter().map(|name| json!({"name": name.to_string(), "created_at": date})).collect();
        let amount_of_rows = usize::try_from(amount).unwrap();
        // Two pages after each other that are the same in every row can't be told from a page that repeats.
        prop_assume!(!names.chunks_exact(amount_of_rows).zip(names.chunks_exact(amount_of_rows).skip(1)).any(|(one, next)| one == next));
        let (tago, _) = of(rows);
        let query = TokenQuery::new().amount(amount).fields([TokenField::Name]);
        let found: Vec<u8> =
            tago.token().iter("p", &query).map(|row| row.unwrap().name.unwrap().parse().unwrap()).collect();
        prop_assert_eq!(found, names);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn the_sandboxes_users_come_once_each_in_any_order(amount in 1_u32..70, (field, direction) in order(), active: Option<bool>) {
        let (sandbox, tago) = world();
        let mut query = UserQuery::new().amount(amount).order_by(field, direction);
        if let Some(active) = active {
            query = query.active(active);
        }
        let all: Vec<UserInfo> = sandbox.users();
        let wanted: BTreeSet<String> = all
            .into_iter()
            .filter(|user| active.is_none_or(|active| user.active == active))
            .map(|user| user.id.into())
            .collect();
        let found = ids(tago.run().users().iter(&query));
        prop_assert_eq!(found.len(), wanted.len());
        prop_assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), wanted);

        // Page by page they are the same.
        let mut paged = Vec::new();
        for page in 1.. {
            let rows = tago.run().users().list(&query.clone().page(page)).unwrap();
            if rows.is_empty() {
                break;
            }
            paged.extend(ids(rows.into_iter().map(Ok)));
        }
        prop_assert_eq!(paged, found);
    }

    #[test]
    fn chosen_fields_change_no_row(amount in 1_u32..70, fields in vec(select(UserField::KNOWN), 1..4)) {
        let (_, tago) = world();
        let whole: Vec<UserInfo> = tago.run().users().iter(&UserQuery::new()).collect::<tagoio::Result<_>>().unwrap();
        let query = UserQuery::new().amount(amount).fields(fields.clone());
        let rows: Vec<UserRow> = tago.run().users().iter(&query).collect::<tagoio::Result<_>>().unwrap();
        prop_assert_eq!(rows.len(), whole.len());
        for (row, user) in rows.iter().zip(&whole) {
            prop_assert_eq!(row.id.as_ref(), Some(&user.id));
            let (row, user) = (serde_json::to_value(row).unwrap(), serde_json::to_value(user).unwrap());
            for field in &fields {
                prop_assert_eq!(&row[field.as_str()], &user[field.as_str()], "{}", field);
            }
        }
    }

    #[test]
    fn the_sandboxes_tokens_come_once_each(amount in 1_u32..30) {
        let (_, tago) = world();
        let tokens = |amount: u32| -> Vec<String> {
            let rows = tago.token().iter(ProfileId::CURRENT, &TokenQuery::new().amount(amount));
            rows.map(|row| row.unwrap().token.unwrap().expose().to_owned()).collect()
        };
        let found = tokens(amount);
        prop_assert!(found.len() >= 23);
        prop_assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
        prop_assert_eq!(found, tokens(10_000));
    }
}
