//! Secrets that are planted, and whether one of them is seen.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A secret that has to stay one.
pub(crate) struct Canary {
    pub(crate) name: &'static str,
    /// A part of it that no encoding but the ones that are looked for changes, and that is nowhere else.
    mark: &'static str,
    pub(crate) secret: &'static str,
}

const fn canary(name: &'static str, mark: &'static str, secret: &'static str) -> Canary {
    Canary { name, mark, secret }
}

// With signs that look different in JSON and in URLs.
pub(crate) const OWN_TOKEN: Canary = canary("the client's token", "qzOwnv7", r#"p-qzOwnv7/"%+&"#);
pub(crate) const PATH_TOKEN: Canary = canary("a token in the path", "qzPathv7", r#"p-qzPathv7/"%+&\"#);
pub(crate) const PASSWORD: Canary = canary("a password", "qzPassv7", "qzPassv7 \"ö\"/%+&\\");
pub(crate) const PIN: Canary = canary("a PIN code", "60481375", "60481375");
pub(crate) const VERIFICATION: Canary = canary("a verification code", "qzVeriv7", "qzVeriv7\"é\"/%");
/// The base 64 of [`METADATA_XML`].
pub(crate) const METADATA: Canary = canary("SAML metadata", "F6U2FtbHY3", METADATA_64);
const METADATA_64: &str = "PEVudGl0eURlc2NyaXB0b3IgZW50aXR5SUQ9InF6U2FtbHY3Ij4KICAxCjwvRW50aXR5RGVzY3JpcHRvcj4=";
pub(crate) const METADATA_XML: &str = "<EntityDescriptor entityID=\"qzSamlv7\">\n  1\n</EntityDescriptor>";
const DECODED_METADATA: Canary = canary("SAML metadata", "qzSamlv7", METADATA_XML);
pub(crate) const MINTED: Canary = canary("a token that was made", "qzMintv7", r#"p-qzMintv7/"%+&"#);
pub(crate) const LOGIN: Canary = canary("the token of a login", "qzLoginv7", r#"u-qzLoginv7/"%+&"#);
pub(crate) const LISTED: Canary = canary("a token in a list", "qzListv7", r#"p-qzListv7/"%+&"#);
pub(crate) const ANONYMOUS: Canary = canary("the portal's anonymous token", "qzAnonv7", r#"a-qzAnonv7/"%+&"#);
pub(crate) const PORTAL: Canary = canary("a secret of the portal that has no type", "qzPortv7", "qzPortv7/\"%+&");
pub(crate) const ODD: Canary = canary("a secret of the portal that is a number", "7391846205", "7391846205");
pub(crate) const ADDRESS: Canary = canary("the address of a backup", "qzAddrv7", SIGNED);
const SIGNED: &str = "https://s3.example.com/qzAddrv7.zip?X-Amz-Date=20260101T000000Z&X-Amz-Signature=qzAddrv7%2B";
pub(crate) const SECRET_ID: Canary =
    canary("a credential in place of a secret's id", "qzProvv7", r#"SG.qzProvv7/"%+&"#);
pub(crate) const PROXY: Canary = canary("the password of the proxy", "qzProxyv7", "qzProxyv7");

pub(crate) const ALL: [Canary; 16] = [
    OWN_TOKEN,
    PATH_TOKEN,
    PASSWORD,
    PIN,
    VERIFICATION,
    METADATA,
    DECODED_METADATA,
    MINTED,
    LOGIN,
    LISTED,
    ANONYMOUS,
    PORTAL,
    ODD,
    ADDRESS,
    SECRET_ID,
    PROXY,
];

/// A way in which a secret may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    Plain,
    Json,
    JsonInJson,
    AsciiJson,
    Percent,
    LowerCasePercent,
    Base64,
    Base64Url,
    Hex,
    UpperCaseHex,
}

impl Writing {
    pub(crate) const ALL: [Self; 10] = [
        Self::Plain,
        Self::Json,
        Self::JsonInJson,
        Self::AsciiJson,
        Self::Percent,
        Self::LowerCasePercent,
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::UpperCaseHex,
    ];

    pub(crate) fn write(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Json => serde_json::Value::from(text).to_string().trim_matches('"').to_owned(),
            Self::JsonInJson => Self::Json.write(&Self::Json.write(text)),
            Self::AsciiJson => {
                let escaped = |unit: u16| match char::from_u32(unit.into()).filter(char::is_ascii) {
                    Some(c) => c.to_string(),
                    None => format!("\\u{unit:04x}"),
                };
                Self::Json.write(text).encode_utf16().map(escaped).collect()
            }
            Self::Percent => {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
            Self::LowerCasePercent => {
                let mut lower = String::new();
                let upper = Self::Percent.write(text);
                let mut parts = upper.split('%');
                lower.push_str(parts.next().unwrap_or_default());
                for part in parts {
                    let (code, rest) = part.split_at(2);
                    lower.push('%');
                    lower.push_str(&code.to_ascii_lowercase());
                    lower.push_str(rest);
                }
                lower
            }
            Self::Base64 => BASE64_STANDARD.encode(text),
            Self::Base64Url => base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text),
            Self::Hex => bytes_as(text, |byte| format!("{byte:02x}")),
            Self::UpperCaseHex => bytes_as(text, |byte| format!("{byte:02X}")),
        }
    }
}

fn bytes_as(text: &str, write: fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

/// What a mark looks like in whatever it may be written in, however much is written before and after it.
fn disguises(mark: &str) -> BTreeSet<String> {
    let mut disguises = BTreeSet::from([mark.to_owned()]);
    disguises.extend([Writing::Hex, Writing::UpperCaseHex].map(|writing| writing.write(mark)));
    disguises.insert(bytes_as(mark, |byte| format!("%{byte:02X}")));
    disguises.insert(bytes_as(mark, |byte| format!("%{byte:02x}")));
    // Three bytes are four letters, so a mark has three looks; the letters at its ends depend on what is beside it.
    for shift in 0..3 {
        let shifted = format!("{}{mark}", "\0".repeat(shift));
        let whole = BASE64_STANDARD.encode(&shifted);
        let (first, last) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
        disguises.insert(whole[first..last].to_owned());
        disguises.insert(whole[first..last].replace('+', "-").replace('/', "_"));
    }
    disguises
}

/// Looks for canaries.
pub(crate) struct Watch(Vec<(&'static str, String)>);

impl Watch {
    pub(crate) fn new() -> Self {
        let needles = ALL.iter().flat_map(|canary| disguises(canary.mark).into_iter().map(|mark| (canary.name, mark)));
        Self(needles.collect())
    }

    /// The name of a secret that is in a text, whatever it is written in.
    pub(crate) fn sighting(&self, text: &str) -> Option<&'static str> {
        self.0.iter().find_map(|(name, needle)| text.contains(needle.as_str()).then_some(*name))
    }

    #[track_caller]
    pub(crate) fn none_in(&self, text: &str, place: &str) {
        if let Some(name) = self.sighting(text) {
            panic!("{place}: {name} is seen in: {text}");
        }
    }
}

#[test]
fn a_canary_is_seen_in_whatever_it_is_written() {
    let watch = Watch::new();
    for canary in &ALL {
        for writing in Writing::ALL {
            for before in ["", "x", "ab", "abc"] {
                let text = format!("… {}", writing.write(&format!("{before}{}{before}", canary.secret)));
                assert_eq!(watch.sighting(&text), Some(canary.name), "{writing:?}: {text}");
            }
        }
    }
    assert_eq!(watch.sighting("DELETE /profile/{profile}/token/{token}: 200 in 1 ms"), None);
}
