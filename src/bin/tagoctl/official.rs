//! What TagoIO's own CLI (`@tago-io/cli`) keeps on this computer: `tagoconfig.json` and, beside it, a file with the
//! token of each environment. All of it is only read.

mod contents;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tagoio::{Region, Token};

use crate::connect::token_of;
use crate::failure::{Failure, Result};
use crate::nearest::did_you_mean;
use contents::BadConfig;

const CONFIG: &str = "tagoconfig.json";

/// How many folders up the official CLI looks.
const LEVELS: usize = 32;

/// An environment of the official CLI: a profile's token and where it is valid.
pub(crate) struct Environment {
    pub(crate) token: Token,
    pub(crate) region: Option<Region>,
}

/// Reads an environment: that of the nearest configuration from the working folder up, else that of the user's own.
pub(crate) fn environment(name: &str) -> Result<Environment> {
    let here = std::env::current_dir().map_err(|error| Failure::unreadable("the working folder", &error))?;
    read(name, &here, global_folder(|name| std::env::var_os(name).map(PathBuf::from)).as_deref())
}

fn read(name: &str, here: &Path, global: Option<&Path>) -> Result<Environment> {
    let folder = here
        .ancestors()
        .take(LEVELS)
        .find(|folder| folder.join(CONFIG).is_file())
        .or_else(|| global.filter(|folder| folder.join(CONFIG).is_file()));
    let Some(folder) = folder else {
        return Err(Failure::usage("missing_config", format!("there is no {CONFIG} in {} or above", here.display()))
            .hint("`tagoio init` of TagoIO's own CLI makes one; TAGOIO_TOKEN or --token-file do without"));
    };
    let is_global = global == Some(folder);
    if is_global && fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_symlink()) {
        return Err(Failure::usage("invalid_config", format!("{} is a symbolic link: refused", folder.display())));
    }
    let config = folder.join(CONFIG);
    let address = address_of(name, &config)?;
    let region = match address {
        Some(url) => Some(Region::custom(&url).map_err(|error| {
            Failure::usage("invalid_config", format!("{}: tagoAPIURL of `{name}`: {error}", config.display()))
        })?),
        None => Some(Region::US_E1),
    };
    let lock = folder.join(format!(".tago-lock.{name}.lock"));
    Ok(Environment { token: token_in(name, &lock)?, region })
}

/// The address in an environment's settings; an error when there is no such environment.
fn address_of(name: &str, config: &Path) -> Result<Option<String>> {
    let shown = config.display().to_string();
    let text = fs::read_to_string(config).map_err(|error| Failure::unreadable(&shown, &error))?;
    let invalid = |problem: String| Failure::usage("invalid_config", format!("{shown}: {problem}"));
    contents::address_of(name, &text).map_err(|bad| match bad {
        BadConfig::NotJson(error) => invalid(error.to_string()),
        BadConfig::NotAnObject => invalid("it is not a JSON object".to_owned()),
        BadConfig::AddressIsNotText => invalid(format!("tagoAPIURL of `{name}` is not text")),
        BadConfig::NoSuchEnvironment(known) => {
            let guess = did_you_mean(name, known.iter().map(String::as_str));
            let among =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            Failure::usage("env_not_found", format!("{shown}: there is no environment `{name}`{guess}")).hint(among)
        }
    })
}

/// The token in a lock file.
fn token_in(name: &str, lock: &Path) -> Result<Token> {
    let shown = lock.display().to_string();
    let text = match fs::read_to_string(lock) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failure::usage("missing_token", format!("{shown} doesn't exist: `{name}` isn't signed in"))
                .hint(format!("`tagoio login {name}` of TagoIO's own CLI signs in")));
        }
        Err(error) => return Err(Failure::unreadable(&shown, &error)),
    };
    match contents::token_in(&text) {
        Some(token) => token_of(&shown, &token),
        None => Err(Failure::usage("invalid_config", format!("{shown}: its last line is not a token in hexadecimal"))),
    }
}

/// Where the official CLI keeps what isn't of a project.
fn global_folder(var: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name| var(name).filter(|path| !path.as_os_str().is_empty());
    let parent = if cfg!(windows) {
        set("APPDATA")
    } else {
        set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))
    };
    parent.map(|parent| parent.join("tagoio"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4";

    fn hex(text: &str) -> String {
        text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// A lock file as the official CLI writes it.
    fn lock(token: &str) -> String {
        let noise = format!("{}\n", "0f".repeat(36)).repeat(500);
        noise + &hex(token)
    }

    fn folder(config: &str, locks: &[(&str, String)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CONFIG), config).unwrap();
        for (name, text) in locks {
            fs::write(folder.path().join(format!(".tago-lock.{name}.lock")), text).unwrap();
        }
        folder
    }

    const SETTINGS: &str = r#"{
        "$schema": "https://…", "analysisPath": "./src/analysis",
        "dev": {"id": "61fac4d9a5c9f40012a5ff92", "tagoAPIURL": "https://api.example.com"},
        "prod": {"id": "61fac4d9a5c9f40012a5ff93"},
        "odd": {"tagoAPIURL": "nonsense"}
    }"#;

    #[test]
    fn an_environment_is_found_from_a_folder_below() {
        let folder = folder(SETTINGS, &[("dev", lock(TOKEN)), ("prod", lock(TOKEN) + "\n")]);
        let below = folder.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        for (name, address) in [("dev", "https://api.example.com"), ("prod", "https://api.tago.io")] {
            let environment = read(name, &below, None).unwrap();
            assert_eq!(environment.token.expose(), TOKEN, "{name}");
            assert_eq!(environment.region.unwrap().base_url(), address, "{name}");
        }
    }

    #[test]
    fn the_users_own_configuration_is_the_last_resort() {
        let (global, elsewhere) = (folder(SETTINGS, &[("prod", lock(TOKEN))]), tempfile::tempdir().unwrap());
        assert!(read("prod", elsewhere.path(), Some(global.path())).is_ok());
        assert_eq!(read("prod", elsewhere.path(), None).err().unwrap().code(), "missing_config");
    }

    #[cfg(unix)]
    #[test]
    fn a_configuration_behind_a_link_is_refused() {
        let (real, elsewhere) = (folder(SETTINGS, &[("prod", lock(TOKEN))]), tempfile::tempdir().unwrap());
        let link = elsewhere.path().join("tagoio");
        std::os::unix::fs::symlink(real.path(), &link).unwrap();
        let below = tempfile::tempdir().unwrap();
        assert_eq!(read("prod", below.path(), Some(&link)).err().unwrap().code(), "invalid_config");
    }

    #[test]
    fn what_is_wrong_is_said_without_showing_a_token() {
        let canary = hex("canary\n");
        for (config, name, lock, code, said) in [
            (SETTINGS, "prd", String::new(), "env_not_found", "did you mean `prod`?"),
            (SETTINGS, "analysisPath", String::new(), "env_not_found", "no environment `analysisPath`"),
            (SETTINGS, "dev", String::new(), "invalid_config", "not a token in hexadecimal"),
            (SETTINGS, "dev", "xyz".to_owned(), "invalid_config", "not a token in hexadecimal"),
            (SETTINGS, "dev", "abc".to_owned(), "invalid_config", "not a token in hexadecimal"),
            (SETTINGS, "dev", canary, "invalid_token", "not a visible ASCII character"),
            (SETTINGS, "odd", lock(TOKEN), "invalid_config", "tagoAPIURL of `odd`"),
            ("[]", "dev", String::new(), "invalid_config", "not a JSON object"),
            ("{", "dev", String::new(), "invalid_config", "EOF"),
        ] {
            let folder = folder(config, &[(name, lock)]);
            let failure = read(name, folder.path(), None).err().unwrap();
            let text = format!("{failure:?}");
            assert_eq!(failure.code(), code, "{text}");
            assert!(text.contains(said) && !text.contains("canary"), "{text}");
        }
        let folder = folder(SETTINGS, &[]);
        assert_eq!(read("dev", folder.path(), None).err().unwrap().code(), "missing_token");
    }

    #[test]
    fn the_global_folder_follows_the_platform() {
        let vars = |name: &str| match name {
            "HOME" => Some(PathBuf::from("/home/me")),
            "APPDATA" => Some(PathBuf::from("/appdata")),
            _ => None,
        };
        let expected = if cfg!(windows) { "/appdata/tagoio" } else { "/home/me/.config/tagoio" };
        assert_eq!(global_folder(vars), Some(PathBuf::from(expected)));
        assert_eq!(global_folder(|_| None), None);
    }
}
