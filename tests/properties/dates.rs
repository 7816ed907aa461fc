//! Dates are read as chrono reads them, the ones in TagoIO's own form, too, which have a shorter way.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use proptest::prelude::*;
use tagoio::Timestamp;

use super::cases;

fn by_chrono(text: &str) -> Option<DateTime<Utc>> {
    let moment = |form| NaiveDateTime::parse_from_str(text, form).ok().map(|moment| moment.and_utc());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let complete = DateTime::parse_from_rfc3339(text).ok().map(|date| date.to_utc());
    complete.or_else(|| moment("%Y-%m-%d %H:%M:%S%.f")).or_else(|| moment("%Y-%m-%dT%H:%M:%S%.f")).or_else(day)
}

prop_compose! {
    /// TagoIO's form, with numbers that are in range or just out of it.
    fn in_own_form()(
        year in prop_oneof![0_u32..10_000, prop::sample::select(&[1900_u32, 1999, 2000, 2023, 2024, 2100][..])],
        month in 0_u32..14,
        day in prop_oneof![0_u32..33, 28_u32..32],
        hour in prop_oneof![0_u32..25, 22_u32..25],
        minute in 0_u32..61,
        second in prop_oneof![0_u32..62, 58_u32..62],
        millisecond in 0_u32..1000,
    ) -> String {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

prop_compose! {
    /// Nearly that form: one character is another one, is missing, or is one too many.
    fn nearly_in_own_form()(
        text in in_own_form(),
        at in 0_usize..24,
        with in prop_oneof![Just(String::new()), "[0-9:./TtZz+ -]{1,2}", any::<char>().prop_map(String::from)],
    ) -> String {
        format!("{}{with}{}", &text[..at], &text[at + 1..])
    }
}

proptest! {
    #![proptest_config(cases(4096))]

    #[test]
    fn a_date_is_what_chrono_takes_it_for(text in prop_oneof![in_own_form(), nearly_in_own_form(), any::<String>()]) {
        let read = Timestamp::from(text.as_str());
        prop_assert_eq!(read.utc(), by_chrono(&text));
        if read.utc().is_none() {
            prop_assert_eq!(read, Timestamp::Other(text));
        }
    }

    #[test]
    fn a_date_that_is_written_is_read_again(milliseconds in -62_167_219_200_000_i64..253_402_300_800_000) {
        let date = DateTime::from_timestamp_millis(milliseconds).expect("it is between the years 0 and 9999");
        prop_assert_eq!(Timestamp::from(Timestamp::At(date).to_string().as_str()), Timestamp::At(date));
    }
}
