//! Secrets are wiped from memory when their last copy is dropped. The test looks for them in all of the process's memory
//! that can be written, as a debugger or a core dump would; Linux shows it as a file.
//!
//! Alone in its file: what other tests leave behind would be found, too.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tagoio::profile::{Credentials, DownloadUrl, SecretId};
use tagoio::run::{IdpMetadata, NewUser, SamlEdit};
use tagoio::token::{NewToken, Permission, VerificationCode};
use tagoio::transport::{Method, Response, TransportErrorKind, from_fn};
use tagoio::{Client, Password, PinCode, ProfileId, Token};

/// A secret that is nowhere in memory, not even in the program itself, until it is asked for.
#[derive(Clone, Copy)]
struct Planted {
    seed: u8,
    digits: bool,
}

impl Planted {
    const LENGTH: usize = 96;
    /// An allocator writes its own notes to the beginning of what it is given back: only the rest is looked for.
    const OVERWRITTEN: usize = 16;

    const fn letters(seed: u8) -> Self {
        Self { seed, digits: false }
    }

    fn byte(self, at: usize) -> u8 {
        let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(u32::from(self.seed));
        let mixed = u8::try_from(mixed >> 56).expect("a byte is left");
        if self.digits { b'0' + mixed % 10 } else { b'a' + mixed % 26 }
    }

    /// A new copy.
    fn text(self) -> String {
        let mut text = String::with_capacity(Self::LENGTH);
        (0..Self::LENGTH).for_each(|at| text.push(char::from(self.byte(at))));
        text
    }

    /// Whether what isn't overwritten begins there.
    fn begins_at(self, memory: &[u8]) -> bool {
        let rest = Self::OVERWRITTEN..Self::LENGTH;
        memory.len() >= rest.len() && rest.zip(memory).all(|(at, byte)| *byte == self.byte(at))
    }

    /// How many copies there are.
    fn copies(self) -> usize {
        const STEP: usize = 1 << 16;
        let maps = fs::read_to_string("/proc/self/maps").expect("the list of what is in memory");
        let memory = File::open("/proc/self/mem").expect("the memory");
        // Further than a step, so that nothing hides on a boundary.
        let mut window = vec![0; STEP + Self::LENGTH - 1];
        let own = window.as_ptr() as u64;
        let mut found = 0;
        for line in maps.lines() {
            let mut words = line.split(' ');
            let (range, rights) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (start, end) = range.split_once('-').expect("a range of addresses");
            let address = |text| u64::from_str_radix(text, 16).expect("an address");
            if !rights.starts_with("rw") || line.ends_with("[vvar]") {
                continue;
            }
            let (mut at, end) = (address(start), address(end));
            while at < end {
                window.fill(0);
                let Ok(count) = memory.read_at(&mut window, at) else { break };
                let first = self.byte(Self::OVERWRITTEN);
                let beginnings = window[..count.min(STEP)].iter().enumerate().filter(|(_, byte)| **byte == first);
                let others = beginnings.map(|(offset, _)| offset).filter(|offset| {
                    let place = at + *offset as u64;
                    // The window itself is a part of memory.
                    !(own..own + (STEP + Self::LENGTH) as u64).contains(&place)
                });
                found += others.filter(|offset| self.begins_at(&window[*offset..count])).count();
                at += STEP as u64;
            }
        }
        window.fill(0);
        std::hint::black_box(&window);
        found
    }
}

/// Makes something that keeps a secret, sees that it does, drops it and its copies, and looks again.
#[track_caller]
fn wiped<T: Clone>(secret: Planted, what: &str, make: impl FnOnce(String) -> T) {
    let kept = make(secret.text());
    let copy = kept.clone();
    assert_eq!(secret.copies(), 1, "{what}: clones share one copy");
    drop(kept);
    assert_eq!(secret.copies(), 1, "{what}: it is there as long as one is left");
    drop(copy);
    assert_eq!(secret.copies(), 0, "{what}: it is wiped");
}

#[test]
fn secrets_are_gone_from_memory_with_their_last_copy() {
    // The search finds what isn't wiped.
    let forgotten = Planted::letters(1);
    let text = forgotten.text();
    assert_eq!(forgotten.copies(), 1);
    drop(text);
    assert_eq!(forgotten.copies(), 1, "to give memory back is not to wipe it");

    wiped(Planted::letters(2), "a token", |text| Token::new(text).expect("a token"));
    wiped(Planted::letters(3), "a password", |text| Password::new(text).expect("a password"));
    wiped(Planted { seed: 4, digits: true }, "a PIN code", |text| PinCode::new(text).expect("a PIN code"));
    wiped(Planted::letters(5), "a code", |text| VerificationCode::new(text).expect("a code"));
    // Letters in fours are base 64.
    wiped(Planted::letters(6), "metadata", |text| IdpMetadata::new(text).expect("metadata"));
    wiped(Planted::letters(40), "an id", |text| SecretId::new(text).expect("an id"));
    wiped(Planted::letters(41), "an address", |text| {
        let file = Password::new(text).expect("wiped");
        DownloadUrl::new(["https://h/?sig=", file.expose()].concat()).expect("an address")
    });

    // Nor is the document that metadata stands for.
    let document = Planted::letters(9);
    let encoded = BASE64_STANDARD.encode(Password::new(document.text()).expect("wiped").expose());
    assert_eq!(document.copies(), 0);
    drop(IdpMetadata::new(encoded).expect("metadata"));
    assert_eq!(document.copies(), 0, "what was decoded to be looked at");

    // What is refused isn't left behind either.
    let refused = Planted::letters(7);
    let mut text = refused.text();
    text.reserve_exact(1);
    text.push('\n');
    // Making room may have moved it.
    let before = refused.copies();
    assert!(Token::new(text).is_err());
    assert_eq!(refused.copies(), before - 1, "a refused token");

    // What an answer or a file has is taken without a further copy.
    let read = Planted::letters(8);
    let value = serde_json::Value::from(read.text());
    assert_eq!(read.copies(), 1);
    let token: Token = serde_json::from_value(value).expect("a token");
    assert_eq!(read.copies(), 1, "it was moved");
    drop(token);
    assert_eq!(read.copies(), 0, "what was read is wiped");

    in_requests();
}

/// Requests that hold secrets are wiped, bodies and URLs included, when the call is over.
fn in_requests() {
    let sent = |outcome: Option<(u16, &'static str)>| {
        let transport = from_fn(move |_| match outcome {
            Some((status, body)) => Ok(Response::new(status).with_body(body)),
            None => Err(TransportErrorKind::Timeout.into()),
        });
        let builder = Client::builder().token("p-demo").vars(|_| None);
        builder.transport(transport).build().expect("a client")
    };
    let outcomes =
        [Some((200, r#"{"status":true,"result":"ok"}"#)), Some((400, r#"{"status":false,"message":"no"}"#)), None];
    for (round, outcome) in outcomes.into_iter().enumerate() {
        let tago = sent(outcome);
        let seed = 10 + 10 * u8::try_from(round).expect("a small number");
        let check = |secret: Planted, what: &str, call: &dyn Fn(String)| {
            call(secret.text());
            assert_eq!(secret.copies(), 0, "{what}");
        };
        check(Planted::letters(seed), "the password in a body", &|text| {
            let password = Password::new(text).expect("a password");
            drop(tago.profile().delete(ProfileId::CURRENT, &Credentials::new(password)));
        });
        check(Planted::letters(seed + 1), "the token in a path", &|text| {
            drop(tago.token().delete(ProfileId::CURRENT, &Token::new(text).expect("a token")));
        });
        check(Planted::letters(seed + 2), "the password in a large body", &|text| {
            let password = Password::new(text).expect("a password");
            let new = NewUser::new("n".repeat(5000), "n@x.io", "UTC").company("c".repeat(5000)).password(password);
            drop(tago.run().users().create(&new));
        });
        check(Planted::letters(seed + 6), "the password that a body says often", &|text| {
            let password = Password::new(text).expect("a password");
            drop(tago.raw(Method::Put, "/account").json(&vec![password; 32]).send::<String>());
        });
        check(Planted::letters(seed + 7), "the token in a query that grows", &|text| {
            let token = Token::new(text).expect("a token");
            let request = tago.raw(Method::Get, "/run").query("token", token.expose());
            drop(request.query("name", "n".repeat(1000)).send::<String>());
        });
        check(Planted::letters(seed + 5), "the beginning of a long password", &|text| {
            // An answer is searched for it in its encoded form, too, which is three times as long.
            let mut password = String::with_capacity(1000);
            password.push_str(&text);
            password.push_str(&" ".repeat(500));
            drop(Password::new(text).expect("wiped"));
            let password = Password::new(password).expect("a password");
            drop(tago.profile().delete(ProfileId::CURRENT, &Credentials::new(password)));
        });
        check(Planted::letters(seed + 3), "what a token is made with", &|text| {
            let new =
                NewToken::new("ci", Permission::Read).verification_code(VerificationCode::new(text).expect("a code"));
            drop(tago.token().create(ProfileId::CURRENT, &new));
        });
        check(Planted::letters(seed + 4), "metadata", &|text| {
            let metadata = IdpMetadata::new(text).expect("metadata");
            let xml = BASE64_STANDARD.decode(metadata.expose()).expect("base 64");
            let edit = SamlEdit::new().idp_metadata(IdpMetadata::from_xml(xml));
            drop(tago.run().saml().edit(&edit));
        });
    }
}
