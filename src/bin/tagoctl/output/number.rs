//! Numbers as people write them.

use serde_json::Value;

/// Writes whole numbers without a decimal point, as TagoIO does: `350000` for what is `350000.0` in memory.
pub(super) fn tidy(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(members) => members.values_mut().for_each(tidy),
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = number.as_f64().and_then(whole) {
                *number = whole.into();
            }
        }
        _ => {}
    }
}

/// The integer that a number is, where both are exact.
fn whole(number: f64) -> Option<i64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
    (number.fract() == 0.0 && number.abs() <= LARGEST_EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_numbers_have_no_decimal_point() {
        let mut value = json!({"a": [350_000.0, -1.0, 0.5, 7], "b": {"c": -0.0, "d": 1e21}, "e": "2.0"});
        tidy(&mut value);
        assert_eq!(value.to_string(), r#"{"a":[350000,-1,0.5,7],"b":{"c":0,"d":1e+21},"e":"2.0"}"#);
    }
}
