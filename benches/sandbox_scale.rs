//! What the sandbox takes with a hundred thousand TagoRUN users: time and memory.
//!
//! `cargo bench --features sandbox --bench sandbox_scale`; `-- 10000` for another number of users. Each beginning has a
//! process of its own, so that the memory of one isn't counted for another.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tagoio::run::{NewUser, UserEdit, UserField, UserQuery};
use tagoio::sandbox::{Sandbox, State};
use tagoio::transport::Method;
use tagoio::{Client, ProfileId};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How often what takes long is measured.
const ROUNDS: usize = 5;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match &args[..] {
        [beginning, users] if beginning == "generated" => generated(users.parse()?),
        [beginning, users, path] if beginning == "file" => from_file(users.parse()?, Path::new(path)),
        _ => {
            let users = args.first().map_or(Ok(100_000), |users| users.parse())?;
            let path = std::env::temp_dir().join(format!("tagoio-sandbox-scale-{}.json", std::process::id()));
            let file = path.display().to_string();
            let measured = write(&path, users)
                .and_then(|()| run(&["generated", &users.to_string()]))
                .and_then(|()| run(&["file", &users.to_string(), &file]));
            std::fs::remove_file(&path)?;
            measured
        }
    }
}

/// Measures one beginning.
fn run(args: &[&str]) -> Outcome {
    let status = Command::new(std::env::current_exe()?).args(args).status()?;
    if status.success() { Ok(()) } else { Err(format!("{args:?}: {status}").into()) }
}

/// A sandbox that makes its users by itself.
fn generated(users: u32) -> Outcome {
    println!("\n{users} users by SandboxBuilder::users");
    let before = resident();
    let sandbox = measured("build", || Sandbox::builder().rate_limits(false).users(users).build());
    memory("the sandbox", before);
    let tago = sandbox.client()?;
    requests(&sandbox, &tago)?;
    memory("the sandbox, after all this", before);
    Ok(())
}

/// A sandbox that has its users from a file.
fn from_file(users: u32, path: &Path) -> Outcome {
    println!("\n{users} users by SandboxBuilder::state_file");
    println!("  {:<44}{:>9.1} MB", "the file", megabytes(std::fs::metadata(path)?.len()));
    let before = resident();
    let state = measured("State::from_file", || State::from_file(path))?;
    let sandbox = measured("build", || Sandbox::builder().rate_limits(false).state(state).build());
    memory("the sandbox and the state for its reset", before);

    median("reset", ROUNDS, |_| sandbox.reset());
    let mut snapshot = sandbox.snapshot();
    median("snapshot", ROUNDS, |_| snapshot = sandbox.snapshot());
    let mut json = Vec::new();
    median("the snapshot as JSON", ROUNDS, |_| json = serde_json::to_vec(&snapshot).unwrap_or_default());
    let mut again = Ok(snapshot.clone());
    median("State::from_json", ROUNDS, |_| again = State::from_json(&json));
    median("restore", ROUNDS, |_| sandbox.restore(&snapshot));
    assert!(again? == snapshot && sandbox.users().len() == users as usize);
    Ok(())
}

/// A file as a person, or a person's script, would write it: without ids and dates.
fn write(path: &Path, users: u32) -> Outcome {
    let user = |at: u32| {
        let site = ["lisbon", "porto", "faro", "braga"][at as usize % 4];
        json!({
            "name": format!("User {}", u64::from(at) * 7919 % u64::from(users)),
            "email": format!("user{at}@example.com"),
            "timezone": "Europe/Lisbon",
            "company": "Mercado Azul",
            "phone": "+351 21 555 0134",
            "tags": [
                {"key": "organization_id", "value": format!("organization {}", at % 40)},
                {"key": "site", "value": site},
            ],
        })
    };
    let users: Vec<_> = (0..users).map(user).collect();
    std::fs::write(path, json!({"version": 1, "profiles": [{"name": "Crowd", "users": users}]}).to_string())?;
    Ok(())
}

fn requests(sandbox: &Sandbox, tago: &Client) -> Outcome {
    let users = tago.run().users();
    let all = || UserQuery::new().amount(1000);
    let page = |query: UserQuery| users.list(&query).map(|rows| rows.len()).unwrap_or_default();
    let ids: Vec<_> = sandbox.users().into_iter().map(|user| user.id).collect();
    let pages = ids.len().div_ceil(1000);
    let page_at = |at: usize| u32::try_from(at % pages + 1).unwrap_or(1);

    println!("  a page of 1,000 whole rows:");
    median("  the first, which is found and sorted", ROUNDS, |at| {
        // Another query each time, so that none is known.
        assert_eq!(page(all().created_at(format!("{} years", 90 + at))), 1000);
    });
    median("  each further one", pages, |at| {
        page(all().page(page_at(at)));
    });
    median("  each further one, after an edit", pages, |at| {
        let edited = users.edit(&ids[at * 997 % ids.len()], &UserEdit::new().company("Mercado Verde"));
        assert!(edited.is_ok());
        page(all().page(page_at(at)));
    });
    let (started, mut count) = (Instant::now(), 0);
    for user in users.iter(&all().fields([UserField::Id])) {
        user?;
        count += 1;
    }
    assert_eq!(count, ids.len());
    row("all users, 1,000 ids at a time", started.elapsed());

    println!("  a list of 20:");
    let last = sandbox.users().pop().map(|user| user.email).unwrap_or_default();
    median("  by an e-mail address", 100, |_| assert_eq!(page(UserQuery::new().email(&last)), 1));
    median("  by part of it, the first time", ROUNDS, |at| {
        page(UserQuery::new().email(format!("*{at}7@*")));
    });
    median("  by a tag, the first time", ROUNDS, |at| {
        let site = ["lisbon", "berlin", "boston", "recife", "osaka"][at % 5];
        assert_eq!(page(UserQuery::new().tag("site", site)), 20);
    });
    median("  by a tag, again", 100, |_| assert_eq!(page(UserQuery::new().tag("site", "osaka")), 20));

    println!("  one user, while four lists are kept:");
    let gone = &ids[ids.len() / 2..][..1000.min(ids.len() / 2)];
    median("  delete", gone.len(), |at| assert!(users.delete(&gone[at]).is_ok()));
    let mut made = Vec::new();
    median("  create", gone.len(), |at| {
        let new = NewUser::new("New", format!("new{at}@example.com"), "UTC").generate_password(true);
        made.extend(users.create(&new));
    });
    assert_eq!(made.len(), gone.len());
    median("  information", made.len(), |at| assert!(users.info(&made[at]).is_ok()));
    median("  edit of the name", made.len(), |at| {
        assert!(users.edit(&made[at], &UserEdit::new().name(format!("Name {at}"))).is_ok());
    });

    println!("  a profile:");
    median("  summary", ROUNDS, |_| assert!(tago.profile().summary(ProfileId::CURRENT).is_ok()));
    median("  audit log of a week", ROUNDS, |_| {
        assert!(tago.raw(Method::Get, "/profile/current/auditlog").response().is_ok());
    });
    Ok(())
}

fn measured<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    row(what, started.elapsed());
    done
}

/// Does something so many times, and prints what it takes typically.
fn median(what: &str, times: usize, mut work: impl FnMut(usize)) {
    let mut taken: Vec<Duration> = (0..times)
        .map(|at| {
            let started = Instant::now();
            work(at);
            started.elapsed()
        })
        .collect();
    taken.sort_unstable();
    row(what, taken[taken.len() / 2]);
}

fn row(what: &str, taken: Duration) {
    println!("  {what:<44}{:>9.3} ms", taken.as_secs_f64() * 1000.0);
}

fn memory(what: &str, before: u64) {
    println!("  {what:<44}{:>9.1} MB", megabytes(resident().saturating_sub(before)));
}

#[expect(clippy::cast_precision_loss, reason = "nobody has that much memory")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The memory of this process, where the system tells it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or_default() * 1024
}
