use std::collections::HashSet;

use serde_json::Value;
use tagoio::run::{UserField, UserOrder, UserQuery};
use tagoio::transport::Method::Get;
use tagoio::{Client, Direction};

use super::{builder, sandbox, sentence, tell};

fn names(tago: &Client, query: &UserQuery) -> Vec<String> {
    tago.run().users().list(query).unwrap().into_iter().map(|user| user.name).collect()
}

#[test]
fn users_are_filtered() {
    let (sandbox, tago) = sandbox();
    let users = sandbox.users();
    let all = || UserQuery::new().amount(100);
    for (query, found) in [
        (all(), 24),
        (all().name("Zoë van den Berg"), 1),
        (all().name("zoë van den berg"), 0),
        (all().name("*VAN DEN*"), 1),
        (all().name("van den"), 0),
        (all().email("*@example.org"), 7),
        (all().email("beatriz.almeida@example.com"), 1),
        (all().email("Beatriz.Almeida@example.com"), 0),
        (all().active(true), 21),
        (all().active(false), 3),
        (all().tag("site", "lisbon"), 2),
        (all().tag("site", "lisbon").tag("access", "admin"), 1),
        (all().tag("site", "lisbon").tag("site", "porto"), 0),
        (all().tag_key("organization_id"), 24),
        (all().tag_key("no such key"), 0),
        (all().filter("tags", serde_json::json!([{"value": "admin"}])), 9),
        (all().id(&users[3].id), 1),
        (all().filter("id", serde_json::json!([users[3].id, users[5].id, "nobody"])), 2),
        (all().created_at(users[3].created_at.as_ref().unwrap().utc().unwrap()), 1),
        (all().created_at("2026-03-15"), 0),
        (all().created_at("30 days"), 4),
        (all().filter("company", "Nordkühl"), 3),
        (all().filter("no such field", "x"), 24),
        (all().filter("name", ""), 24),
    ] {
        assert_eq!(tago.run().users().list(&query).unwrap().len(), found, "{query:?}");
    }
    let (status, answer) = tell(&sandbox, Get, "/run/users?filter%5Bactive%5D=perhaps", "");
    assert_eq!((status, sentence(&answer)), (400, "Invalid filter active (boolean)"));
    let (status, answer) = tell(&sandbox, Get, "/run/users?filter%5Bcreated_at%5D=perhaps", "");
    assert_eq!((status, sentence(&answer)), (400, "Invalid filter created_at (date)"));
}

#[test]
fn both_dialects_of_the_official_clients_are_understood() {
    let (sandbox, _) = sandbox();
    for (javascript, python) in [
        ("fields%5B0%5D=id&fields%5B1%5D=name", "fields=id&fields=name"),
        ("fields%5B0%5D=name", "fields=name"),
        ("filter%5Bactive%5D=false", "filter%5Bactive%5D=False"),
        ("filter%5Bactive%5D=true&page=2&amount=5", "page=2&amount=5&filter%5Bactive%5D=True"),
        ("filter%5Bname%5D=Maya%20Thompson", "filter%5Bname%5D=Maya+Thompson"),
        ("filter%5Bname%5D=%2Amaya%2A", "filter%5Bname%5D=%2AMAYA%2A"),
        (
            "filter%5Btags%5D%5B0%5D%5Bkey%5D=site&filter%5Btags%5D%5B0%5D%5Bvalue%5D=cork",
            "filter[tags][0][value]=cork&filter[tags][0][key]=site",
        ),
        ("orderBy=created_at%2Casc", "orderBy=created_at%2C+asc"),
        (
            "filter%5Bcreated_at%5D=2026-03-13T20%3A00%3A00.000Z",
            "filter%5Bcreated_at%5D=2026-03-13+20%3A00%3A00.000000%2B00%3A00",
        ),
        ("orderBy=name,asc", ""),
        ("fields[]=id&fields[]=name", ""),
    ] {
        let [javascript, python] =
            [javascript, python].map(|query| tell(&sandbox, Get, &format!("/run/users?{query}"), ""));
        assert_eq!(javascript.0, 200, "{}", javascript.1);
        assert_eq!(javascript, python);
    }
}

#[test]
fn rows_have_the_fields_that_were_asked_for() {
    let (sandbox, tago) = sandbox();
    let row = |query: &str| {
        let (status, answer) = tell(&sandbox, Get, &format!("/run/users?{query}"), "");
        let keys = answer["result"][0].as_object().map(|row| row.keys().cloned().collect::<Vec<_>>());
        (status, keys.unwrap_or_default(), answer["message"].clone())
    };
    assert_eq!(row("").1, ["id", "name"], "when nothing is said");
    assert_eq!(row("fields=").1, ["id", "name"]);
    assert_eq!(row("fields=email").1, ["email"]);
    for unknown in ["fields=password", "fields[0]=id&fields[1]=options", "fields=id&fields=nonsense"] {
        assert_eq!(row(unknown), (500, Vec::new(), Value::from("Sorry, Internal Error")), "{unknown}");
    }
    let rows = tago.run().users().list(&UserQuery::new().fields(UserField::KNOWN.iter().cloned())).unwrap();
    assert!(rows.iter().all(|row| row.email.is_some() && row.tags.is_some() && row.active.is_some()));
}

#[test]
fn users_are_ordered_and_never_comes_last() {
    let (sandbox, tago) = sandbox();
    let by = |field, direction| UserQuery::new().amount(100).order_by(field, direction);
    let ascending = names(&tago, &by(UserOrder::Name, Direction::Ascending));
    assert_eq!((ascending[0].as_str(), ascending[23].as_str()), ("Ananya Iyer", "Zoë van den Berg"));
    let mut descending = names(&tago, &by(UserOrder::Name, Direction::Descending));
    descending.reverse();
    assert_eq!(ascending, descending);
    for direction in [Direction::Ascending, Direction::Descending] {
        let seen: Vec<_> = tago.run().users().list(&by(UserOrder::LastLogin, direction)).unwrap();
        let dates: Vec<_> = seen.iter().filter_map(|user| user.last_login.as_ref()?.utc()).collect();
        let ordered = dates.is_sorted_by(|a, b| if direction == Direction::Ascending { a <= b } else { a >= b });
        assert!(dates.len() == 20 && ordered, "{direction:?}");
        assert!(seen[20..].iter().all(|user| user.last_login.is_none()), "never comes last in both directions");
    }
    for order in ["email,asc", "name", "name,up", "name,undefined", "undefined,undefined", ",", "nonsense,asc"] {
        let (status, answer) = tell(&sandbox, Get, &format!("/run/users?orderBy={order}"), "");
        assert_eq!((status, sentence(&answer)), (400, "Invalid orderBy parameter"), "{order}");
    }
    assert_eq!(tell(&sandbox, Get, "/run/users?orderBy=created_at%2C%20DESC", "").0, 200);
}

#[test]
fn pages_follow_one_another() {
    let (sandbox, tago) = sandbox();
    let page = |page, amount| names(&tago, &UserQuery::new().page(page).amount(amount));
    let whole = page(1, 10_000);
    assert_eq!(whole.len(), 24);
    assert_eq!([page(1, 10), page(2, 10), page(3, 10), page(4, 10)].concat(), whole);
    assert_eq!(names(&tago, &UserQuery::new()).len(), 20, "20 when nothing is said");
    assert!(page(u32::MAX, 10_000).is_empty());
    for (query, message) in [
        ("amount=10001", "Invalid amount parameter"),
        ("amount=0", "Invalid amount parameter"),
        ("amount=1.5", "Invalid amount parameter"),
        ("amount=99999999999999999999999", "Invalid amount parameter"),
        ("page=0", "Invalid page parameter"),
        ("page=-1", "Invalid page parameter"),
        ("page=first", "Invalid page parameter"),
    ] {
        let (status, answer) = tell(&sandbox, Get, &format!("/run/users?{query}"), "");
        assert_eq!((status, sentence(&answer)), (400, message), "{query}");
    }
    assert_eq!(tell(&sandbox, Get, "/run/users?page=18446744073709551615&amount=10000", "").0, 200);
}

#[test]
fn a_list_sees_every_change() {
    let (sandbox, tago) = sandbox();
    let query = UserQuery::new().amount(100);
    let before = names(&tago, &query);
    let user = sandbox.users().into_iter().find(|user| user.name == before[0]).unwrap();
    tago.run().users().edit(&user.id, &tagoio::run::UserEdit::new().name("Zz")).unwrap();
    assert_eq!(names(&tago, &query).last().unwrap(), "Zz");
    tago.run().users().delete(&user.id).unwrap();
    assert_eq!(names(&tago, &query), before[1..]);
    let new = tagoio::run::NewUser::new("Aa", "aa@example.com", "UTC").generate_password(true);
    tago.run().users().create(&new).unwrap();
    assert_eq!(names(&tago, &query)[0], "Aa");
}

#[test]
fn a_hundred_thousand_users_are_paged_through() {
    let sandbox = builder().users(100_000).build();
    let tago = sandbox.client().unwrap();
    let mut seen = HashSet::new();
    let query = UserQuery::new().amount(10_000).order_by(UserOrder::CreatedAt, Direction::Descending);
    for user in tago.run().users().iter(&query.fields([UserField::Id])) {
        assert!(seen.insert(user.unwrap().id.unwrap()));
    }
    assert_eq!(seen.len(), 100_024);
    assert_eq!(sandbox.journal().len(), 11);
    let last = UserQuery::new().email("*100000@example.net");
    assert_eq!(tago.run().users().list(&last).unwrap().len(), 1);
}

#[test]
fn names_addresses_and_tags_can_be_filtered_without_saying_filter() {
    let (sandbox, _) = sandbox();
    for (flat, nested) in [
        ("name=*VAN+DEN*", "filter[name]=*VAN+DEN*"),
        ("name=van+den", "filter[name]=van+den"),
        ("email=*@example.org", "filter[email]=*@example.org"),
        ("email=beatriz.almeida@example.com", "filter[email]=beatriz.almeida@example.com"),
        (r#"tags=[{"key":"site","value":"lisbon"}]"#, "filter[tags][0][key]=site&filter[tags][0][value]=lisbon"),
        (
            r#"tags=[{"key":"site","value":"lisbon"},{"key":"access","value":"admin"}]"#,
            "filter[tags][0][key]=site&filter[tags][0][value]=lisbon&filter[tags][1][key]=access&\
             filter[tags][1][value]=admin",
        ),
        (r#"tags=[{"value":"admin"}]"#, "filter[tags][0][value]=admin"),
        (
            r#"name=*a*&email=*@example.com&tags=[{"key":"organization_id"}]"#,
            "filter[name]=*a*&filter[email]=*@example.com&filter[tags][0][key]=organization_id",
        ),
        ("name=&email=&tags=", ""),
        ("tags=[]", ""),
        ("active=false&company=x", ""),
    ] {
        let [flat_answer, nested_answer] =
            [flat, nested].map(|query| tell(&sandbox, Get, &format!("/run/users?amount=100&{query}"), ""));
        assert_eq!(nested_answer.0, 200, "{nested}");
        assert_eq!(flat_answer, nested_answer, "{flat}");
    }
    let all = tell(&sandbox, Get, "/run/users?amount=100", "").1;
    assert_ne!(tell(&sandbox, Get, "/run/users?amount=100&name=*van*", "").1, all);
    for tags in ["lisbon", "{}", r#"[{"key":1}]"#, "[1]"] {
        let (status, answer) = tell(&sandbox, Get, &format!("/run/users?tags={tags}"), "");
        assert_eq!((status, sentence(&answer)), (400, "Invalid filter tags (array)"), "{tags}");
    }
    let (_, tokens) = tell(&sandbox, Get, "/profile/current/token?name=nobody", "");
    assert_eq!(tokens["result"].as_array().unwrap().len(), 7, "a list of tokens has no such filters");
}

#[test]
fn names_are_ordered_whatever_their_case() {
    let (_, tago) = sandbox();
    for name in ["b order", "A order", "a order too", "B order too"] {
        let email = format!("{}@example.com", name.replace(' ', "."));
        let new = tagoio::run::NewUser::new(name, email, "UTC").generate_password(true);
        tago.run().users().create(&new).unwrap();
    }
    let query = UserQuery::new().name("*order*");
    assert_eq!(names(&tago, &query), ["A order", "a order too", "b order", "B order too"]);
}

#[test]
fn tags_are_compared_whole_or_with_stars() {
    let (_, tago) = sandbox();
    let all = || UserQuery::new().amount(100);
    for (query, found) in [
        (all().tag("site", "lisb"), 0),
        (all().tag("site", "LISBON"), 0),
        (all().tag("site", "lisb*"), 2),
        (all().tag("site", "*SBO*"), 2),
        (all().tag("site", "*lisb"), 0),
        (all().tag_key("organization*"), 24),
        (all().tag_key("*site"), tago.run().users().list(&all().tag_key("site")).unwrap().len()),
    ] {
        assert_eq!(tago.run().users().list(&query).unwrap().len(), found, "{query:?}");
    }
}
