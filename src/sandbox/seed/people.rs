//! TagoRUN users: those of the story, and as many more as a test wants.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, json};

use super::super::directory::{Notification, User};
use super::super::ids::mix;
use super::super::world::{World, writable};
use super::ago;
use crate::Tag;

struct Person {
    name: &'static str,
    email: &'static str,
    timezone: &'static str,
    language: &'static str,
    company: &'static str,
    phone: Option<&'static str>,
    site: &'static str,
    access: &'static str,
    active: bool,
    created_days_ago: i64,
    /// `None` for never.
    seen_hours_ago: Option<i64>,
}

#[rustfmt::skip]
const PEOPLE: &[Person] = &[
    person("Beatriz Almeida", "beatriz.almeida@example.com", "Europe/Lisbon", "pt", "Mercado Azul", Some("+351 21 555 0134"), "lisbon", "admin", true, 402, Some(3)),
    person("Duarte Fonseca", "duarte.fonseca@example.com", "Europe/Lisbon", "pt", "Mercado Azul", None, "lisbon", "operator", true, 398, Some(26)),
    person("Marta Oliveira", "marta.oliveira@example.com", "Europe/Lisbon", "pt", "Mercado Azul", Some("+351 21 555 0178"), "porto", "operator", true, 311, Some(9)),
    person("Rui Tavares", "rui.tavares@example.com", "Europe/Lisbon", "pt", "Mercado Azul", None, "porto", "guest", false, 290, Some(5200)),
    person("Lucía Fernández", "lucia.fernandez@example.org", "Europe/Madrid", "es", "Frío del Sur", Some("+34 91 555 0121"), "sevilla", "admin", true, 366, Some(1)),
    person("Javier Ortega", "javier.ortega@example.org", "Europe/Madrid", "es", "Frío del Sur", None, "sevilla", "operator", true, 344, Some(49)),
    person("Nuria Vidal", "nuria.vidal@example.org", "Europe/Madrid", "ca", "Frío del Sur", Some("+34 93 555 0166"), "barcelona", "operator", true, 128, Some(30)),
    person("Zoë van den Berg", "zoe.vandenberg@example.net", "Europe/Amsterdam", "nl", "Polder Foods", Some("+31 20 555 0190"), "rotterdam", "admin", true, 275, Some(5)),
    person("Sander Visser", "sander.visser@example.net", "Europe/Amsterdam", "nl", "Polder Foods", None, "rotterdam", "operator", true, 270, Some(73)),
    person("Fatima El Idrissi", "fatima.elidrissi@example.net", "Europe/Amsterdam", "nl", "Polder Foods", None, "utrecht", "guest", true, 33, None),
    person("Greta Hoffmann", "greta.hoffmann@example.com", "Europe/Berlin", "de", "Nordkühl", Some("+49 40 555 0112"), "hamburg", "admin", true, 240, Some(2)),
    person("Jürgen Weiß", "juergen.weiss@example.com", "Europe/Berlin", "de", "Nordkühl", None, "hamburg", "operator", true, 239, Some(410)),
    person("Aylin Demir", "aylin.demir@example.com", "Europe/Berlin", "de", "Nordkühl", Some("+49 30 555 0143"), "berlin", "operator", true, 88, Some(20)),
    person("Chloé Lefèvre", "chloe.lefevre@example.org", "Europe/Paris", "fr", "Glacier & Fils", Some("+33 1 55 55 01 27"), "lyon", "admin", true, 190, Some(11)),
    person("Mathieu Garnier", "mathieu.garnier@example.org", "Europe/Paris", "fr", "Glacier & Fils", None, "lyon", "operator", false, 188, Some(3100)),
    person("Aoife Brennan", "aoife.brennan@example.net", "Europe/Dublin", "en", "Harbour Fish Co.", Some("+353 1 555 0119"), "cork", "admin", true, 150, Some(7)),
    person("Ciarán Walsh", "ciaran.walsh@example.net", "Europe/Dublin", "en", "Harbour Fish Co.", None, "cork", "operator", true, 21, None),
    person("Maya Thompson", "maya.thompson@example.com", "America/New_York", "en-US", "Hudson Dairy", Some("+1 212 555 0147"), "albany", "admin", true, 99, Some(4)),
    person("Darnell Washington", "darnell.washington@example.com", "America/New_York", "en-US", "Hudson Dairy", Some("+1 518 555 0173"), "albany", "operator", true, 97, Some(15)),
    person("Valentina Rossi", "valentina.rossi@example.org", "Europe/Rome", "it", "Latteria Rossi", None, "parma", "operator", true, 64, Some(120)),
    person("Hiroshi Tanaka", "hiroshi.tanaka@example.net", "Asia/Tokyo", "ja", "Tsukiji Reizo", Some("+81 3 5555 0155"), "tokyo", "admin", true, 45, Some(13)),
    person("Ananya Iyer", "ananya.iyer@example.com", "Asia/Kolkata", "en", "Malabar Spice", None, "kochi", "operator", true, 12, Some(6)),
    person("Thiago Ribeiro", "thiago.ribeiro@example.com", "America/Sao_Paulo", "pt-BR", "Serra Fria", Some("+55 11 5555 0162"), "campinas", "guest", false, 5, None),
    person("Wanjiru Kamau", "wanjiru.kamau@example.org", "Africa/Nairobi", "en", "Rift Valley Blooms", Some("+254 20 555 0101"), "naivasha", "admin", true, 1, None),
];

#[rustfmt::skip]
#[expect(clippy::too_many_arguments, reason = "the columns of a table")]
const fn person(
    name: &'static str, email: &'static str, timezone: &'static str, language: &'static str, company: &'static str,
    phone: Option<&'static str>, site: &'static str, access: &'static str, active: bool, created_days_ago: i64,
    seen_hours_ago: Option<i64>,
) -> Person {
    Person { name, email, timezone, language, company, phone, site, access, active, created_days_ago, seen_hours_ago }
}

pub(super) fn count() -> u32 {
    u32::try_from(PEOPLE.len()).unwrap_or(u32::MAX)
}

/// The users of the story and their notifications.
pub(super) fn settle(world: &mut World, profile: &str, now: DateTime<Utc>) {
    let mut organizations: Vec<(&str, String)> = Vec::new();
    for (at, person) in (0_u64..).zip(PEOPLE) {
        let known = organizations.iter().find(|(company, _)| *company == person.company).map(|(_, id)| id.clone());
        let organization = known.unwrap_or_else(|| {
            let id = world.ids.id();
            organizations.push((person.company, id.clone()));
            id
        });
        let created_at = ago(now, person.created_days_ago, 100 + at);
        let last_login = person
            .seen_hours_ago
            .map(|hours| now - TimeDelta::hours(hours) - TimeDelta::milliseconds((hours * 617_293) % 3_600_000));
        let user = User {
            id: world.ids.id(),
            profile: profile.to_owned(),
            name: person.name.to_owned(),
            email: person.email.to_owned(),
            timezone: person.timezone.to_owned(),
            company: Some(person.company.to_owned()),
            phone: person.phone.map(str::to_owned),
            language: Some(person.language.to_owned()),
            tags: vec![
                Tag::new("organization_id", organization),
                Tag::new("site", person.site),
                Tag::new("access", person.access),
            ],
            active: person.active,
            newsletter: (at % 5 == 0).then_some(true),
            options: options(person.language),
            custom_preferences: Map::new(),
            force_password_change: last_login.is_none(),
            last_login,
            created_at,
            updated_at: created_at.max(ago(now, person.created_days_ago / 3, 200 + at)).min(now),
            notifications: notifications(world, at, now),
        };
        if let Some(profile) = world.profiles.get_mut(profile) {
            profile.portal.users.add(user);
        }
    }
}

fn options(language: &str) -> Map<String, serde_json::Value> {
    let (date_format, time_format) = if language == "en-US" { ("MM/DD/YYYY", "12") } else { ("DD/MM/YYYY", "24") };
    Map::from_iter([("date_format".to_owned(), json!(date_format)), ("time_format".to_owned(), json!(time_format))])
}

/// A few users have been told something.
fn notifications(world: &mut World, at: u64, now: DateTime<Utc>) -> Vec<Notification> {
    let mut notify = |days, title: &str, message: &str, read, buttons: Vec<serde_json::Value>| Notification {
        id: world.ids.id(),
        title: title.to_owned(),
        message: message.to_owned(),
        read,
        icon: None,
        buttons_enabled: !read,
        buttons,
        buttons_autodisable: true,
        created_at: ago(now, days, 300 + at),
    };
    match at {
        0 => vec![
            notify(6, "Cold room 2 door left open", "The door has been open for 11 minutes.", true, Vec::new()),
            notify(
                1,
                "Cold room 2 is too warm",
                "It has been above 5 °C for 20 minutes.",
                false,
                vec![json!({
                    "id": "acknowledge",
                    "label": "I'm on it",
                    "color": "#0a6ebd",
                    "triggers": [{"url": "https://hooks.example.com/ack", "method": "POST", "body": {"room": 2}}],
                })],
            ),
        ],
        4 => vec![notify(2, "Weekly report", "Your report for last week is ready.", false, Vec::new())],
        7 => vec![
            notify(
                9,
                "Gateway offline",
                "GW-0417 has not been heard of for 30 minutes.",
                true,
                vec![json!({"id": "open", "label": "Open", "color": "#333", "url": "https://arbor.tago.run/gateways"})],
            ),
            notify(9, "Gateway back online", "GW-0417 sends data again.", true, Vec::new()),
        ],
        17 => vec![notify(0, "Compressor maintenance due", "The last one was 180 days ago.", false, Vec::new())],
        _ => Vec::new(),
    }
}

const FIRST: [&str; 32] = [
    "Aaliyah",
    "Adrián",
    "Agnieszka",
    "Akira",
    "Amara",
    "Anton",
    "Björn",
    "Camille",
    "Chen",
    "Daria",
    "Elif",
    "Emeka",
    "Freya",
    "Gabriel",
    "Hana",
    "Ivan",
    "Joana",
    "Kofi",
    "Leila",
    "Liam",
    "Mei",
    "Nadia",
    "Noah",
    "Olga",
    "Pedro",
    "Rania",
    "Sofia",
    "Sven",
    "Tariq",
    "Uma",
    "Xavier",
    "Yuki",
];
const LAST: [&str; 32] = [
    "Abreu", "Andersen", "Baker", "Bianchi", "Castillo", "Diallo", "Dubois", "Eriksen", "Fischer", "García", "Haddad",
    "Ito", "Jensen", "Kowalski", "Kumar", "Lopes", "Meyer", "Müller", "Nakamura", "Novák", "Okafor", "Petrov", "Quinn",
    "Reis", "Santos", "Schmidt", "Silva", "Torres", "Ueda", "Varga", "Wong", "Yılmaz",
];
const TIME_ZONES: [&str; 8] = [
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Africa/Lagos",
    "Australia/Sydney",
];
const SITES: [&str; 8] = ["lisbon", "berlin", "boston", "recife", "osaka", "pune", "lagos", "perth"];

fn pick<'a>(choices: &[&'a str], number: u64) -> &'a str {
    choices[usize::try_from(number % choices.len() as u64).unwrap_or_default()]
}

/// As many more users as are wanted, the same ones each time.
pub(super) fn generate(world: &mut World, profile: &str, count: u32, now: DateTime<Utc>) {
    let organizations: Vec<String> = (0..40.min(count)).map(|_| world.ids.id()).collect();
    let organizations: Vec<&str> = organizations.iter().map(String::as_str).collect();
    // An address that somebody has already isn't given twice.
    let mut missing = count;
    for number in 1_u64.. {
        if missing == 0 {
            break;
        }
        let Some(owned) = world.profiles.get_mut(profile) else { break };
        let dice = mix(0x5eed ^ (number - 1));
        let (first, last) = (pick(&FIRST, dice), pick(&LAST, dice >> 8));
        let place = dice >> 16;
        let created_at = ago(now, i64::try_from((dice >> 24) % 400).unwrap_or_default(), dice);
        let seen = (dice >> 33) % 8;
        let user = User {
            id: world.ids.id(),
            profile: profile.to_owned(),
            name: format!("{first} {last}"),
            email: format!("{}.{}{number}@example.net", ascii(first), ascii(last)),
            timezone: pick(&TIME_ZONES, place).to_owned(),
            company: None,
            phone: None,
            language: Some("en".to_owned()),
            tags: vec![
                Tag::new("organization_id", pick(&organizations, number)),
                Tag::new("site", pick(&SITES, place)),
                Tag::new("access", if (dice >> 40) % 16 == 0 { "admin" } else { "operator" }),
            ],
            active: (dice >> 44) % 16 != 0,
            newsletter: None,
            options: Map::new(),
            custom_preferences: Map::new(),
            force_password_change: false,
            last_login: (seen != 0)
                .then(|| writable(created_at + (now - created_at) / 8 * i32::try_from(seen).unwrap_or(1))),
            created_at,
            updated_at: created_at,
            notifications: Vec::new(),
        };
        missing -= u32::from(owned.portal.users.add(user));
    }
}

/// A name as it is in an e-mail address.
fn ascii(name: &str) -> String {
    let letter = |c: char| match c {
        'á' | 'ä' => 'a',
        'é' => 'e',
        'í' | 'ı' => 'i',
        'ö' | 'ó' => 'o',
        'ü' => 'u',
        c => c,
    };
    name.chars().flat_map(char::to_lowercase).map(letter).collect()
}
