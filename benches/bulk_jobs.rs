//! How near many jobs come to so many times the speed of one, when each request takes 50 ms.
//!
//! `cargo bench --bench bulk_jobs`

use std::time::Duration;

use tagoio::Client;
use tagoio::bulk::{Bulk, DeleteUser};
use tagoio::transport::{Response, from_fn};

const ANSWERS_AFTER: Duration = Duration::from_millis(50);
/// Requests that each job makes.
const REQUESTS: usize = 40;

fn main() -> tagoio::Result<()> {
    let server = from_fn(|_| {
        std::thread::sleep(ANSWERS_AFTER);
        Ok(Response::new(200).with_body(r#"{"status":true,"result":"Successfully Removed"}"#))
    });
    let tago = Client::builder().token("p-demo").vars(|_| None).transport(server).build()?;
    let mut alone = None;
    for jobs in [1, 4, 16, 64] {
        let tasks: Vec<_> = (0..REQUESTS * jobs).map(|number| DeleteUser::new(format!("{number:024x}"))).collect();
        let report = Bulk::new(&tago).jobs(jobs).run(&tasks);
        let Some(rate) = report.progress.rate() else { continue };
        println!("{jobs:>3} jobs: {rate:>7.1} tasks a second, {:.1} times one job", rate / *alone.get_or_insert(rate));
        assert!(report.is_complete(), "{:?}", report.progress);
    }
    Ok(())
}
