//! TagoIO's answers: the same to every client.

use std::fmt::Write as _;

/// So many users from this number on, as a list gives them.
pub fn users(first: usize, count: usize) -> String {
    let mut json = String::with_capacity(count * 480 + 40);
    json.push_str(r#"{"status":true,"result":["#);
    for number in first..first + count {
        if number > first {
            json.push(',');
        }
        user(&mut json, number);
    }
    json.push_str("]}");
    json
}

/// One user, as `GET /run/users/{user}` gives it.
pub fn one_user() -> String {
    let mut json = String::from(r#"{"status":true,"result":"#);
    user(&mut json, 0);
    json.push('}');
    json
}

fn user(json: &mut String, number: usize) {
    const SITES: [&str; 4] = ["lisbon", "porto", "faro", "braga"];
    let site = SITES[number % SITES.len()];
    let (minute, day) = (number % 60, number % 28 + 1);
    let last_login = match number % 5 {
        0 => "null".to_owned(),
        _ => format!(r#""2026-01-{day:02}T08:{minute:02}:26.879Z""#),
    };
    let written = write!(
        json,
        r#"{{"id":"{number:024x}","name":"User {number}","email":"user{number}@example.com","timezone":"Europe/Lisbon","#,
    )
    .and_then(|()| {
        write!(
            json,
            r#""company":"Mercado Azul","phone":"+351 21 555 0134","language":"en","tags":[{{"key":"organization_id","value":"organization {}"}},{{"key":"site","value":"{site}"}}],"#,
            number % 40,
        )
    })
    .and_then(|()| {
        write!(
            json,
            r#""active":{},"last_login":{last_login},"created_at":"2025-03-{day:02}T21:{minute:02}:08.957Z","updated_at":"2025-11-{day:02}T14:{minute:02}:52.377Z"}}"#,
            number % 7 != 0,
        )
    });
    debug_assert!(written.is_ok());
}

/// So many hours of usage.
pub fn statistics(hours: usize) -> String {
    let mut json = String::from(r#"{"status":true,"result":["#);
    for hour in 0..hours {
        let (day, of_day) = (hour / 24 + 1, hour % 24);
        let written = write!(
            json,
            r#"{}{{"time":"2026-01-{day:02}T{of_day:02}:01:36.000Z","input":{},"output":{},"analysis":{}.{},"data_records":{},"sms":{},"email":{},"run_users":{},"push_notification":{},"file_storage":{}.{:02},"dashboard_output":{}}}"#,
            if hour == 0 { "" } else { "," },
            hour * 1_731,
            hour * 977,
            hour / 2,
            hour % 10,
            1_000_000 + hour * 311,
            hour / 40,
            hour / 9,
            2_000 + hour / 12,
            hour / 3,
            120 + hour / 100,
            hour % 100,
            hour * 4_211,
        );
        debug_assert!(written.is_ok());
    }
    json.push_str("]}");
    json
}

/// The answer to a user who was created.
pub const CREATED: &str = r#"{"status":true,"result":{"user":"61eb25a4d6a4a20011d4cd3c"}}"#;

/// A refusal.
pub const DENIED: &str = r#"{"status":false,"message":"Authorization Denied"}"#;
