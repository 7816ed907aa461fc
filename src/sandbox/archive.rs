//! What a backup's address leads to: a store of its own, which asks for no token and knows nothing of TagoIO's envelope.

use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, Timelike as _, Utc};
use serde_json::{Map, Value};

use super::call::Call;
use super::ids::{hash, mix};
use super::world::World;
use crate::transport::{Method, Response};

/// Where the archives are.
pub(super) const TEMPLATE: &str = "/tago-io-backups/{profile}/{archive}";
const STORE: &str = "tago-io-backups";
/// How long an address is valid.
pub(super) const VALID: TimeDelta = TimeDelta::hours(2);
const DATE: &str = "%Y%m%dT%H%M%SZ";

/// A host that there isn't: for a sandbox that isn't served, which looks at the path alone.
const NOWHERE: &str = "https://sandbox.invalid";

/// The address of a backup from now on.
pub(super) fn address(call: &Call, profile: &str, backup: &str, now: DateTime<Utc>) -> String {
    let base = call.host.as_ref().map_or_else(|| NOWHERE.to_owned(), |host| format!("http://{host}"));
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, crate::wire::ENCODED).to_string();
    let date = now.format(DATE).to_string();
    let (expires, signature) = (VALID.num_seconds(), signature(profile, backup, &date));
    let (profile, backup) = (encode(profile), encode(backup));
    format!(
        "{base}/{STORE}/{profile}/{backup}.zip?X-Amz-Date={date}&X-Amz-Expires={expires}&X-Amz-Signature={signature}"
    )
}

/// It keeps nobody out who reads this; it is here so that an address looks like one, and a changed one doesn't work.
fn signature(profile: &str, backup: &str, date: &str) -> String {
    let first = hash(&format!("{profile}/{backup}/{date}"));
    (1..4).fold(format!("{first:016x}"), |text, at| text + &format!("{:016x}", mix(first ^ at)))
}

/// Whose archive is asked for, when it is one: the profile and the backup.
pub(super) fn of(call: &Call) -> Option<(&str, &str)> {
    match call.segments.as_deref()? {
        [store, profile, file] if store == STORE => Some((profile, file.strip_suffix(".zip")?)),
        _ => None,
    }
}

/// The answer of the store, when it is asked.
pub(super) fn answer(world: &World, call: &Call, now: DateTime<Utc>) -> Option<Response> {
    let (profile, backup) = of(call)?;
    Some(serve(world, call, profile, backup, now).unwrap_or_else(|refusal| refusal))
}

fn serve(
    world: &World,
    call: &Call,
    profile: &str,
    backup: &str,
    now: DateTime<Utc>,
) -> std::result::Result<Response, Response> {
    if !matches!(call.method, Method::Get | Method::Head) {
        return Err(refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource."));
    }
    let date = call.query.get("X-Amz-Date").unwrap_or_default();
    if call.query.get("X-Amz-Signature") != Some(&signature(profile, backup, date)) {
        let problem = "The request signature we calculated does not match the signature you provided.";
        return Err(refusal(403, "SignatureDoesNotMatch", problem));
    }
    let from = NaiveDateTime::parse_from_str(date, DATE).map(|date| date.and_utc()).unwrap_or_default();
    if !(from..from + VALID).contains(&now) {
        return Err(refusal(403, "AccessDenied", "Request has expired"));
    }
    let found = world.profiles.get(profile).and_then(|profile| profile.backups.find(backup));
    let archive = found.ok_or_else(|| refusal(404, "NoSuchKey", "The specified key does not exist."))?.archive(profile);
    Ok(Response::new(200).with_header("content-type", "application/zip").with_body(archive))
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Response::new(status).with_header("content-type", "application/xml").with_body(body)
}

/// A ZIP archive of some JSON documents by their names, as they are: without compression.
pub(super) fn zip(folder: &str, documents: &Map<String, Value>, date: DateTime<Utc>) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let mut count = 0_u16;
    for (name, document) in documents {
        let name = format!("{folder}/resources/{name}.json");
        let content = format!("{document:#}\n").into_bytes();
        let at = size(archive.len());
        let described = header(&name, &content, date);
        archive.extend(b"PK\x03\x04");
        archive.extend(&described);
        archive.extend(name.as_bytes());
        archive.extend(&content);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&described);
        // No comment, the first disk, neither text nor rights.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
        count = count.saturating_add(1);
    }
    let at = size(archive.len());
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend(count.to_le_bytes().repeat(2));
    archive.extend(size(directory.len()).to_le_bytes());
    archive.extend(at.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

/// What is said of a file both before it and in the directory.
fn header(name: &str, content: &[u8], date: DateTime<Utc>) -> Vec<u8> {
    let mut header = Vec::new();
    // Version 2.0, names in UTF-8, no compression.
    header.extend([20, 0, 0, 8, 0, 0]);
    // DOS counts from 1980 on, in steps of two seconds.
    let year = u32::try_from(date.year() - 1980).unwrap_or_default().min(127);
    let time = (date.hour() << 11) | (date.minute() << 5) | (date.second() / 2);
    let day = (year << 9) | (date.month() << 5) | date.day();
    for part in [time, day] {
        header.extend(&part.to_le_bytes()[..2]);
    }
    header.extend(checksum(content).to_le_bytes());
    header.extend(size(content.len()).to_le_bytes().repeat(2));
    header.extend(&size(name.len()).to_le_bytes()[..2]);
    header.extend([0; 2]);
    header
}

/// Archives are small: those of a portal with very many settings have some hundred kilobytes.
fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// CRC-32, as ZIP has it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        for (text, sum) in
            [("", 0), ("123456789", 0xcbf4_3926), ("The quick brown fox jumps over the lazy dog", 0x414f_a339)]
        {
            assert_eq!(checksum(text.as_bytes()), sum, "{text}");
        }
    }

    #[test]
    fn dates_that_zip_does_not_know_are_the_nearest() {
        for (date, day) in [("1970-01-01T00:00:00Z", [0x21, 0x00]), ("2300-12-31T00:00:00Z", [0x9f, 0xff])] {
            assert_eq!(header("x", b"", date.parse().unwrap())[8..10], day, "{date}");
        }
    }
}
