//! A tour of the SDK: `cargo run --example tour --features sandbox`.
//!
//! It runs on the sandbox, an in-memory TagoIO: no account, no network. With `TAGOIO_TOKEN` set it goes to the real
//! service instead, where it only reads; [`ReadOnly`] makes sure of that.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tagoio::profile::{
    AuditLog, AuditLogFilter, AuditLogStatus, Periodicity, ProfileDetails, ProfileSummary, Service, StatisticsDate,
    UsageStatistic,
};
use tagoio::run::{NewNotification, NewUser, UserEdit, UserInfo, UserQuery};
use tagoio::sandbox::Sandbox;
use tagoio::token::{NewToken, Permission, TokenQuery};
use tagoio::transport::{
    Method, Request, Response, Retry, RetryPolicy, Transport, TransportError, TransportErrorKind, UreqTransport,
};
use tagoio::{Client, Expiry, Password, Patch, ProfileId, TimeUnit};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let tour = if std::env::var_os("TAGOIO_TOKEN").is_some_and(|token| !token.is_empty()) {
        real_account()
    } else {
        sandbox()
    };
    match tour {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe tour ended early: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// The whole tour, changes included.
fn sandbox() -> Result {
    println!("tagoio · a tour of the SDK on the SANDBOX (in memory: no account, no network)");
    let tago = Sandbox::new().client()?;
    let me = look_at_profile(&tago)?;
    change_team(&tago, &me)?;
    create_and_revoke_token(&tago, &me)?;
    change_users(&tago)?;
    look_at_users(&tago, usize::MAX)?;
    look_at_usage(&tago, &me)?;
    look_at_audit_log(&tago, &me)?;
    println!("\nThat was everything in memory; it is gone now. What next: README.md, and `cargo doc --open`.");
    Ok(())
}

/// The steps of the tour that only read.
fn real_account() -> Result {
    let transport = ReadOnly(Retry::new(UreqTransport::new()?, RetryPolicy::default()));
    let tago = Client::builder().token_from_env().transport(transport).build()?;
    println!("tagoio · a tour of the SDK on your REAL ACCOUNT in {} (TAGOIO_TOKEN is set)", tago.region());
    println!("Only reading: whatever would change something is refused before it is sent.");
    let me = look_at_profile(&tago)?;
    heading("Team");
    for member in optional(tago.team().list(&me.id))?.unwrap_or_default() {
        println!("  {:<20}{}", member.name, member.email);
    }
    // The first page will do: a real account may have many thousands of users.
    optional(look_at_users(&tago, 20))?;
    optional(look_at_usage(&tago, &me))?;
    look_at_audit_log(&tago, &me)?;
    println!("\nNothing was changed. Unset TAGOIO_TOKEN for the whole tour on the sandbox.");
    Ok(())
}

/// Lets requests pass that can't change anything.
#[derive(Debug)]
struct ReadOnly<T>(T);

impl<T: Transport> Transport for ReadOnly<T> {
    fn send(&self, request: &Request) -> std::result::Result<Response, TransportError> {
        // One GET has an effect: signing in as a user mints a token.
        if request.method() == Method::Get && !request.path().ends_with("/login") {
            self.0.send(request)
        } else {
            Err(TransportError::with_source(TransportErrorKind::InvalidRequest, "this demo only reads"))
        }
    }
}

fn look_at_profile(tago: &Client) -> Result<ProfileDetails> {
    heading("Profile");
    let me = tago.profile().info(ProfileId::CURRENT)?;
    println!("  {} ({}), on the {} plan", me.info.name, me.info.id, me.account_plan.as_deref().unwrap_or("unknown"));
    let summary = tago.profile().summary(&me.info.id)?;
    let amount = |amount: Option<f64>| amount.unwrap_or_default();
    println!(
        "  {} devices, {} dashboards, {} TagoRUN users",
        amount(summary.amount.device),
        amount(summary.amount.dashboard),
        amount(summary.amount.run_users),
    );
    for service in [Service::Input, Service::Output, Service::DataRecords, Service::Email, Service::RunUsers] {
        show_use(&summary, &service);
    }
    Ok(me.info)
}

fn show_use(summary: &ProfileSummary, service: &Service) {
    if let (Some(used), Some(limit)) = (summary.limit_used.get(service), summary.limit.get(service)) {
        let share = if limit > 0.0 { used / limit } else { 0.0 };
        println!("  {:<13}{} {:>5.1} % of {limit}", service.as_str(), bar(share, 24), share * 100.0);
    }
}

fn change_team(tago: &Client, me: &ProfileDetails) -> Result {
    heading("Team");
    let colleague = "new.colleague@example.com";
    println!("  invite {colleague}: {}", tago.team().add(&me.id, colleague)?);
    for member in tago.team().list(&me.id)? {
        let state = if member.active { "active" } else { "invited" };
        println!("  {state:<10}{:<20}{}", member.name, member.email);
        if member.email == colleague {
            println!("  …and take it back: {}", tago.team().remove(&me.id, &member.id)?);
        }
    }
    Ok(())
}

fn create_and_revoke_token(tago: &Client, me: &ProfileDetails) -> Result {
    heading("Tokens");
    let new = NewToken::new("nightly report", Permission::Read)
        .expire_time(Expiry::after(3, TimeUnit::Month))
        .sign_in(Sandbox::EMAIL, Password::new(Sandbox::PASSWORD)?);
    let made = tago.token().create(&me.id, &new)?;
    // A token is a secret: it has no `Display`, and its `Debug` shows nothing.
    println!("  created {:?}", made.token);
    for token in tago.token().iter(&me.id, &TokenQuery::new()) {
        let token = token?;
        let permission = token.permission.map(|permission| permission.to_string()).unwrap_or_default();
        let expires = token.expire_time.map_or_else(|| "unknown".to_owned(), |expiry| format!("{expiry:.10}"));
        println!("  {:<28}{permission:<7}expires {expires}", token.name);
    }
    println!("  revoke it: {}", tago.token().delete(&me.id, &made.token)?);
    Ok(())
}

fn change_users(tago: &Client) -> Result {
    heading("A TagoRUN user, from beginning to end");
    let users = tago.run().users();
    let new = NewUser::new("Inês Carvalho", "ines.carvalho@example.com", "Europe/Lisbon")
        .password(Password::new("correct horse battery")?)
        .phone("+351 21 000 0000")
        .tag("site", "lisbon")
        .active(true);
    let id = users.create(&new)?;
    println!("  created {id}");
    users.edit(&id, &UserEdit::new().name("Inês Carvalho da Silva").phone(Patch::Clear))?;
    let user = users.info(&id)?;
    println!("  edited: {}, phone {:?}, {}", user.name, user.phone, tags(&user));

    let hello = NewNotification::new().title("Welcome").message("Freezer 3 reports to you now.");
    let notification = tago.run().notifications().create(&id, &hello)?;
    let inbox = tago.run().notifications().list(&id)?;
    println!("  notified: {} in the inbox, the newest is {:?} ({notification})", inbox.len(), inbox[0].title);

    // The e-mail address is unique: TagoIO refuses a second user with it, and says so in a sentence.
    let twin = NewUser::new("Twin", "INES.CARVALHO@example.com", "UTC").password(Password::new("correct horse")?);
    if let Err(error) = users.create(&twin) {
        println!("  a twin is refused: {error}");
    }
    println!("  deleted: {}", users.delete(&id)?);
    match users.info(&id) {
        Err(error) if error.is_not_found() => println!("  gone: {error}"),
        other => return Err(format!("the user should be gone, but: {other:?}").into()),
    }
    Ok(())
}

fn look_at_users(tago: &Client, most: usize) -> tagoio::Result<()> {
    heading("TagoRUN users, page by page");
    let mut shown = 0;
    let mut active = 0;
    let mut total = 0;
    for user in tago.run().users().iter(&UserQuery::new().amount(20)).take(most) {
        let user = user?;
        total += 1;
        active += u32::from(user.active);
        if shown < 6 {
            shown += 1;
            let seen = user.last_login.as_ref().map_or_else(|| "never".to_owned(), |date| format!("{date:.10}"));
            println!("  {:<22}{:<32}last seen {seen:<12}{}", user.name, user.email, tags(&user));
        }
    }
    println!("  … {total} were looked at, {active} of them are active");
    Ok(())
}

fn tags(user: &UserInfo) -> String {
    user.tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect::<Vec<_>>().join(" ")
}

fn look_at_usage(tago: &Client, me: &ProfileDetails) -> tagoio::Result<()> {
    heading("Usage of the last two weeks");
    let today = Utc::now().date_naive();
    let range = StatisticsDate::range(today - TimeDelta::days(14), today, Periodicity::Day);
    let points = tago.profile().usage_statistics(&me.id, &range)?;
    for service in [Service::Input, Service::Output, Service::Email] {
        let amounts = amounts(points.iter().map(|point| point.get(&service).unwrap_or_default()));
        println!("  {:<13}{}  {} in all", service.as_str(), sparkline(&amounts), amounts.iter().sum::<f64>());
    }
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        println!("  {} days, {} to {}", points.len().saturating_sub(1), day(first), day(last));
    }
    Ok(())
}

/// What was used between two points: counters only go up, and start again at 0 each month.
fn amounts(counters: impl Iterator<Item = f64>) -> Vec<f64> {
    let counters: Vec<f64> = counters.collect();
    counters.windows(2).map(|pair| if pair[1] >= pair[0] { pair[1] - pair[0] } else { pair[1] }).collect()
}

fn day(point: &UsageStatistic) -> String {
    format!("{:.10}", point.time)
}

fn look_at_audit_log(tago: &Client, me: &ProfileDetails) -> Result {
    heading("Audit log of the last week");
    let now = Utc::now();
    let filter = AuditLogFilter::new().between(now - TimeDelta::days(6), now + TimeDelta::minutes(1));
    let Some(mut log) = optional(tago.profile().audit_log(&me.id, &filter))? else { return Ok(()) };
    // TagoIO may answer at once, or with a query to be asked for until it is done.
    for _ in 0..20 {
        match log {
            AuditLog { status: Some(AuditLogStatus::Running), query_id: Some(ref query), .. }
            | AuditLog { status: None, events: None, query_id: Some(ref query), .. } => {
                std::thread::sleep(Duration::from_millis(200));
                log = tago.profile().audit_log_query(&me.id, query)?;
            }
            _ => break,
        }
    }
    let mut events = log.events.unwrap_or_default();
    events.sort_by_key(|event| std::cmp::Reverse(event.date.utc()));
    for event in events.iter().take(8) {
        let kind = event.resource_name.as_ref().map_or("?", |kind| kind.as_str());
        println!("  {:.19}  {kind:<9} {}", event.date, event.message);
    }
    println!("  … {} events", events.len());
    Ok(())
}

/// What a token may not see is no reason to end the tour.
fn optional<T>(result: tagoio::Result<T>) -> tagoio::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_permission_denied() => {
            println!("  (this token may not see it: {error})");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn heading(text: &str) {
    println!("\n{text}");
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few characters wide")]
fn bar(share: f64, width: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * f64::from(u32::try_from(width).unwrap_or(0))).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(width.saturating_sub(full)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "eight heights")]
fn sparkline(values: &[f64]) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = |value: &f64| {
        let share = if highest > lowest { (value - lowest) / (highest - lowest) } else { 0.5 };
        HEIGHTS[(share * 7.0).round() as usize]
    };
    values.iter().map(height).collect()
}
