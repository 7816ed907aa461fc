//! Lists page by page: every row once, no request too many, an end in every case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};
use tagoio::run::{UserField, UserQuery};
use tagoio::token::{TokenField, TokenQuery};
use tagoio::transport::{Request, Response, TransportError, TransportErrorKind, from_fn};
use tagoio::{Client, Region, Result, UserId};

/// A client whose page `n` is what `page(n, amount)` says, and the pages that were asked for.
fn paged(
    page: impl Fn(u32, u32) -> Result<Value, TransportError> + Send + Sync + 'static,
) -> (Client, Arc<Mutex<Vec<u32>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let number = |request: &Request, key: &str| -> u32 {
        let query = request.query().unwrap_or_default();
        let value = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        value.expect("page and amount are always sent").parse().expect("they are numbers")
    };
    let transport = from_fn(move |request| {
        let (n, amount) = (number(request, "page"), number(request, "amount"));
        seen.lock().unwrap().push(n);
        let result = page(n, amount)?;
        Ok(Response::new(200).with_body(json!({"status": true, "result": result}).to_string()))
    });
    let client =
        Client::builder().token("p-1").region(Region::US_E1).vars(|_| None).transport(transport).build().unwrap();
    (client, asked)
}

/// Page `n` of so many users, in pages of `amount`.
fn users(total: u32) -> impl Fn(u32, u32) -> Result<Value, TransportError> + Send + Sync + 'static {
    move |n, amount| {
        let start = (n - 1) * amount;
        Ok((start..total.min(start + amount))
            .map(|id| json!({"id": id.to_string(), "token": id.to_string()}))
            .collect())
    }
}

fn ids(tago: &Client, query: &UserQuery) -> Vec<u32> {
    let id = |user: Result<tagoio::run::UserInfo>| user.unwrap().id.as_str().parse().unwrap();
    tago.run().users().iter(query).map(id).take(AT_MOST).collect()
}

/// More rows than any list here has: an iterator that doesn't end fails its test all the same.
const AT_MOST: usize = 1000;

#[test]
fn every_row_comes_once_and_in_order_whatever_the_page_size() {
    for total in [0, 1, 9, 10, 11, 20, 25] {
        for amount in [1, 3, 10, 100] {
            let (tago, asked) = paged(users(total));
            assert_eq!(
                ids(&tago, &UserQuery::new().amount(amount)),
                (0..total).collect::<Vec<_>>(),
                "{total}/{amount}"
            );
            // A full page may be the last one; only the next tells.
            assert_eq!(asked.lock().unwrap().len(), (total / amount + 1) as usize, "{total}/{amount}");
        }
    }
}

#[test]
fn nothing_is_asked_for_before_it_is_wanted() {
    let (tago, asked) = paged(users(100));
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10));
    assert!(asked.lock().unwrap().is_empty());
    assert_eq!(iter.size_hint(), (0, None));
    assert_eq!(iter.by_ref().take(10).count(), 10);
    assert_eq!(*asked.lock().unwrap(), [1]);
    assert_eq!(iter.next().unwrap().unwrap().id, "10");
    assert_eq!(*asked.lock().unwrap(), [1, 2]);
    assert_eq!(iter.size_hint(), (9, None));
    assert_eq!(format!("{iter:?}"), "Rows { fetched: 9, done: false, .. }");
}

#[test]
fn how_many_rows_are_left_is_known_on_the_last_page() {
    let (tago, _) = paged(users(3));
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10));
    iter.next();
    assert_eq!(iter.size_hint(), (2, Some(2)));
}

#[test]
fn a_query_without_an_amount_is_listed_by_20_and_iterated_by_1000() {
    let amounts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&amounts);
    let (tago, _) = paged(move |_, amount| {
        seen.lock().unwrap().push(amount);
        Ok(json!([]))
    });
    tago.run().users().list(&UserQuery::new()).unwrap();
    tago.run().users().iter(&UserQuery::new()).count();
    tago.token().list("p", &TokenQuery::new()).unwrap();
    tago.token().iter("p", &TokenQuery::new()).count();
    assert_eq!(*amounts.lock().unwrap(), [20, 1000, 20, 1000]);
}

#[test]
fn iteration_begins_at_the_page_of_the_query() {
    let (tago, asked) = paged(users(25));
    assert_eq!(ids(&tago, &UserQuery::new().amount(10).page(2)), (10..25).collect::<Vec<_>>());
    assert_eq!(*asked.lock().unwrap(), [2, 3]);
}

#[test]
fn the_first_error_ends_it_for_good() {
    let (tago, asked) = paged(|n, amount| match n {
        1 => users(100)(n, amount),
        _ => Err(TransportErrorKind::Connect.into()),
    });
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10));
    assert_eq!(iter.by_ref().take(10).flatten().count(), 10);
    assert!(iter.next().unwrap().unwrap_err().is_retryable());
    assert!(iter.next().is_none() && iter.next().is_none());
    assert_eq!(*asked.lock().unwrap(), [1, 2]);
}

#[test]
fn a_page_that_repeats_ends_it() {
    let (tago, asked) = paged(|_, amount| users(100)(1, amount));
    assert_eq!(ids(&tago, &UserQuery::new().amount(10)).len(), 10);
    assert_eq!(*asked.lock().unwrap(), [1, 2]);

    let (tago, asked) = paged(|_, amount| users(100)(1, amount));
    assert_eq!(tago.token().iter("p", &TokenQuery::new().amount(10)).take(AT_MOST).count(), 10);
    assert_eq!(*asked.lock().unwrap(), [1, 2]);
}

#[test]
fn a_page_that_repeats_ends_it_whichever_fields_were_chosen() {
    let (tago, asked) = paged(|_, amount| users(100)(1, amount));
    let query = UserQuery::new().amount(10).fields([UserField::Email]);
    assert_eq!(tago.run().users().iter(&query).take(AT_MOST).count(), 10);
    assert_eq!(*asked.lock().unwrap(), [1, 2]);

    let page = |_, amount| {
        let row = |n| json!({"name": format!("token {n}"), "created_at": "2026-01-01T00:00:00.000Z"});
        Ok((0..amount).map(row).collect())
    };
    let (tago, asked) = paged(page);
    let query = TokenQuery::new().amount(10).fields([TokenField::Permission]);
    assert_eq!(tago.token().iter("p", &query).take(AT_MOST).count(), 10);
    assert_eq!(*asked.lock().unwrap(), [1, 2]);
}

/// The fields that an iterator asks for in the first request.
fn asked_for(rows: impl FnOnce(&Client) -> usize) -> String {
    let asked = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&asked);
    let transport = from_fn(move |request: &Request| {
        let query = request.query().unwrap_or_default().split('&');
        let fields = query.filter_map(|pair| pair.strip_prefix("fields%5B")?.split_once("%5D=").map(|(_, name)| name));
        *seen.lock().unwrap() = fields.collect::<Vec<_>>().join(" ");
        Ok(Response::new(200).with_body(r#"{"status":true,"result":[]}"#))
    });
    rows(&Client::builder().token("p-1").vars(|_| None).transport(transport).build().unwrap());
    let asked = asked.lock().unwrap();
    asked.clone()
}

#[test]
fn an_iterator_asks_for_what_tells_rows_apart_and_for_each_field_once() {
    for (chosen, asked) in [
        (&[UserField::Email][..], "email id"),
        (&[UserField::Id, UserField::Email], "id email"),
        // The service chooses.
        (&[], ""),
    ] {
        let query = UserQuery::new().fields(chosen.iter().cloned());
        assert_eq!(asked_for(|tago| tago.run().users().iter(&query).count()), asked, "{chosen:?}");
    }
    for (chosen, asked) in [
        (&[TokenField::Permission][..], "permission name created_at"),
        (&[TokenField::Name], "name created_at"),
        (&[TokenField::CreatedAt, TokenField::Name], "created_at name"),
        (&[TokenField::Token], "token"),
        (&[], ""),
    ] {
        let query = TokenQuery::new().fields(chosen.iter().cloned());
        assert_eq!(asked_for(|tago| tago.token().iter("p", &query).count()), asked, "{chosen:?}");
    }
}

#[test]
fn tokens_of_one_name_and_moment_are_not_taken_for_a_page_that_repeats() {
    // Tokens aren't asked for, so they can't be told apart by themselves.
    let names = ["ci", "deploy", "ci", "backup", "ci"];
    let (tago, asked) = paged(move |n, amount| {
        let row = |name: &&str| json!({"name": name, "created_at": "2026-01-01T00:00:00.000Z"});
        Ok(names.iter().skip(((n - 1) * amount) as usize).take(amount as usize).map(row).collect())
    });
    let query = TokenQuery::new().fields([TokenField::Name]).amount(2);
    let found: Vec<_> = tago.token().iter("p", &query).map(|row| row.unwrap().name.unwrap()).take(AT_MOST).collect();
    assert_eq!(found, names);
    assert_eq!(*asked.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn chosen_fields_give_rows_whose_fields_may_be_missing() {
    let (tago, _) = paged(|_, _| Ok(json!([{"id": "1", "email": "a@b.c"}, {"email": null}, {}])));
    let query = UserQuery::new().fields([UserField::Email]);
    let rows: Vec<_> = tago.run().users().iter(&query).take(AT_MOST).collect::<Result<_>>().unwrap();
    assert_eq!(rows[0].id, Some(UserId::from("1")));
    assert_eq!((rows[1].email.as_ref(), rows[2].id.as_ref()), (None, None));

    let (tago, asked) = paged(users(25));
    assert_eq!(tago.run().users().iter(&query.amount(10)).take(AT_MOST).count(), 25);
    assert_eq!(*asked.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn the_last_page_there_can_be_is_the_last() {
    let (tago, asked) = paged(|n, amount| Ok((0..amount).map(|i| json!({"id": format!("{n}-{i}")})).collect()));
    let query = UserQuery::new().page(u32::MAX).amount(2);
    assert_eq!(tago.run().users().iter(&query).take(AT_MOST).count(), 2);
    assert_eq!(*asked.lock().unwrap(), [u32::MAX]);
}

#[test]
fn an_iterator_outlives_the_client_it_came_from() {
    let (tago, _) = paged(users(3));
    let iter = tago.run().users().iter(&UserQuery::new());
    drop(tago);
    assert_eq!(std::thread::spawn(move || iter.count()).join().unwrap(), 3);
}

#[test]
fn prefetched_rows_are_the_same_and_no_page_is_asked_for_twice_or_after_the_last() {
    for total in [0, 1, 9, 10, 11, 20, 25] {
        for amount in [1, 3, 10, 100] {
            let (tago, asked) = paged(users(total));
            let query = UserQuery::new().amount(amount);
            let rows: Vec<_> = tago.run().users().iter(&query).prefetch().collect::<Result<_>>().unwrap();
            assert_eq!(rows.len(), total as usize, "{total}/{amount}");
            assert!(rows.iter().zip(0..).all(|(user, id): (_, u32)| user.id == id.to_string().as_str()));
            assert_eq!(*asked.lock().unwrap(), (1..=total / amount + 1).collect::<Vec<_>>(), "{total}/{amount}");
        }
    }
}

#[test]
fn the_next_page_is_asked_for_while_this_one_is_worked_on() {
    let (begun, begins) = mpsc::channel();
    let (tago, asked) = paged(move |n, amount| {
        begun.send(n).unwrap();
        users(25)(n, amount)
    });
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10)).prefetch();
    assert!(asked.lock().unwrap().is_empty(), "nothing is asked for before it is wanted");
    for (page, rows) in [(1, 10), (2, 10), (3, 5)] {
        assert_eq!(iter.next().unwrap().unwrap().id, ((page - 1) * 10).to_string().as_str());
        if page == 1 {
            assert_eq!(begins.recv(), Ok(1));
        }
        // Nine rows of this page are still to be taken.
        if page < 3 {
            assert_eq!(begins.recv(), Ok(page + 1));
        }
        assert_eq!(iter.by_ref().take(rows - 1).flatten().count(), rows - 1);
    }
    assert!(iter.next().is_none() && iter.next().is_none());
    assert_eq!(*asked.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn an_error_of_a_prefetched_page_comes_after_the_rows_before_it_and_once() {
    let (tago, asked) = paged(|n, amount| match n {
        1 | 2 => users(100)(n, amount),
        _ => Err(TransportErrorKind::Connect.into()),
    });
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10)).prefetch();
    assert_eq!(iter.by_ref().take(20).flatten().count(), 20);
    assert!(iter.next().unwrap().unwrap_err().is_retryable());
    assert!(iter.next().is_none() && iter.next().is_none());
    assert_eq!(*asked.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn a_panic_of_the_transport_comes_where_the_page_would_be() {
    let (tago, _) = paged(|n, amount| match n {
        1 => users(100)(n, amount),
        _ => panic!("out of order"),
    });
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10)).prefetch();
    assert_eq!(iter.by_ref().take(10).flatten().count(), 10);
    let panic = catch_unwind(AssertUnwindSafe(|| iter.next())).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"out of order"));
    assert!(iter.next().is_none());
}

#[test]
fn nothing_goes_on_after_an_iterator_that_was_prefetching_is_gone() {
    let (begun, begins) = mpsc::channel();
    let (let_go, may_answer) = mpsc::channel::<()>();
    let may_answer = Mutex::new(may_answer);
    let (tago, asked) = paged(move |n, amount| {
        begun.send(n).unwrap();
        if n == 2 {
            may_answer.lock().unwrap().recv().unwrap();
        }
        users(100)(n, amount)
    });
    let mut iter = tago.run().users().iter(&UserQuery::new().amount(10)).prefetch();
    assert_eq!(iter.next().unwrap().unwrap().id, "0");
    assert_eq!((begins.recv(), begins.recv()), (Ok(1), Ok(2)));
    drop(tago);
    let other = std::thread::spawn(move || let_go.send(()));
    drop(iter);
    other.join().unwrap().unwrap();
    assert_eq!(*asked.lock().unwrap(), [1, 2]);
    assert_eq!(Arc::strong_count(&asked), 1, "the thread and its client are gone");
}
