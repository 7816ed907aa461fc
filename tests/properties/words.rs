//! What TagoIO adds to its words tomorrow comes in, is kept, and goes out as it was.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use tagoio::profile::{
    AddOn, AuditLogStatus, AuditedResource, BackupOrder, BackupStatus, EmailProvider, OtpType, Periodicity, Service,
    SmsProvider,
};
use tagoio::run::{
    ImageFit, ProfileShareAnswer, SignUpMethod, Theme, ThemeOption, TriggerMethod, UserField, UserOrder,
};
use tagoio::token::{Permission, TokenField, TokenOrder};

use super::cases;
use super::values::{members, text};

macro_rules! round_trips {
    ($($name:ident),* $(,)?) => {
        /// The types that are tested here.
        const TESTED: &[&str] = &[$(stringify!($name)),*];

        /// Reads a word as each of the types, and writes it again.
        fn check(word: &str) -> Result<(), TestCaseError> {
            let json = Value::from(word);
            $(
                let read: $name = serde_json::from_value(json.clone())
                    .map_err(|error| TestCaseError::fail(format!("{}: {error}", stringify!($name))))?;
                prop_assert_eq!(serde_json::to_value(&read).unwrap(), json.clone());
                prop_assert_eq!((read.as_str(), read.to_string()), (word, word.to_owned()));
                prop_assert_eq!(&$name::from(word), &read);
                prop_assert_eq!(&$name::from(word.to_owned()), &read);
                let known = $name::KNOWN.iter().any(|known| known.as_str() == word);
                prop_assert_eq!(matches!(read, $name::Other(_)), !known, "{} {}", stringify!($name), word);
            )*
            Ok(())
        }

        /// A word that some type knows.
        fn known_word() -> impl Strategy<Value = String> {
            let words: Vec<String> =
                [$($name::KNOWN.iter().map(|known| known.as_str().to_owned()).collect::<Vec<_>>()),*].concat();
            select(words)
        }
    };
}

round_trips!(
    AddOn,
    AuditLogStatus,
    AuditedResource,
    BackupOrder,
    BackupStatus,
    EmailProvider,
    ImageFit,
    OtpType,
    Periodicity,
    Permission,
    ProfileShareAnswer,
    Service,
    SignUpMethod,
    SmsProvider,
    ThemeOption,
    TokenField,
    TokenOrder,
    TriggerMethod,
    UserField,
    UserOrder,
);

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_word_comes_and_goes_as_it_is(word in prop_oneof![text(), known_word(), known_word().prop_map(|word| word.to_uppercase())]) {
        check(&word)?;
    }

    #[test]
    fn the_options_of_a_theme_come_and_go_as_they_are(options in members()) {
        let json = Value::Object(options);
        let theme: Theme = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&theme).unwrap(), json);
    }
}

#[test]
fn every_open_enum_of_the_source_is_tested() {
    let mut found = super::declared("open_enum! {", "pub enum ");
    found.sort_unstable();
    assert_eq!(found, TESTED);
}
