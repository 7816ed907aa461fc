use serde_json::{Value, json};

/// A number as JavaScript writes it: whole ones without a decimal point. What isn't finite is null.
pub(crate) fn number(value: f64) -> Value {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        return json!(value as i64);
    }
    json!(value)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn whole_numbers_have_no_decimal_point() {
        for (value, text) in [
            (350_000.0, "350000"),
            (-1.0, "-1"),
            (0.0, "0"),
            (49.89, "49.89"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e21, "1e+21"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            assert_eq!(number(value).to_string(), text);
        }
    }
}
