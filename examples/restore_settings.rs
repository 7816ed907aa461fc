//! Saves the portal's settings in a file, and brings them back: `restore_settings save FILE`, `restore_settings restore FILE`.
//! The file has the token of anonymous visitors in it: keep it as safe as a password.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use tagoio::Client;
use tagoio::run::RunSettings;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let tago = Client::from_env()?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["save", file] => save(&tago, Path::new(file)),
        ["restore", file] => restore(&tago, Path::new(file)),
        _ => Err("Usage: restore_settings save|restore FILE".into()),
    }
}

pub(crate) fn save(tago: &Client, file: &Path) -> Result<(), Box<dyn Error>> {
    let settings = tago.run().info()?;
    Ok(serde_json::to_writer_pretty(File::create_new(file)?, &settings)?)
}

pub(crate) fn restore(tago: &Client, file: &Path) -> Result<(), Box<dyn Error>> {
    // What this version of the crate doesn't know comes back, too.
    let settings: RunSettings = serde_json::from_reader(File::open(file)?)?;
    println!("{}", tago.run().edit(&settings)?);
    Ok(())
}
