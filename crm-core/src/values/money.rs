//! Amounts of money: exact decimals as `numeric(10,2)` holds them, never floats.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use crate::errors::Broken;
use crate::values::text::trim;
use crate::{Patch, Result, ViolationCode};

/// Is the largest amount: 99,999,999.99.
pub const MAX_MONEY: Decimal = Decimal::from_parts(1_410_065_407, 2, 0, false, 2);

/// Brings the amount to two decimals in place; one that does not fit is refused, not rounded.
pub(crate) fn normalise(amount: &mut Decimal) -> Result<(), Broken> {
    if *amount < Decimal::ZERO || *amount > MAX_MONEY {
        return Err(Broken::new(ViolationCode::OutOfRange, format!("must be between 0 and {MAX_MONEY}")));
    }
    if amount.normalize().scale() > 2 {
        return Err(Broken::new(ViolationCode::TooPrecise, "must have at most 2 decimals"));
    }
    amount.rescale(2);
    amount.set_sign_positive(true);
    Ok(())
}

/// Reads an amount that is written out as `digits[.digits]`, such as `12.50`, perhaps with a sign before it and white
/// space around it. All languages read amounts by this function. How large and precise the amount may be is judged with
/// the rest of the input, unless no decimal could hold it.
///
/// # Errors
/// `validation` of the field `amount`.
pub fn parse_money(text: &str) -> Result<Decimal> {
    let refuse = |code, message: &str| Err(Broken::new(code, message).on("amount"));
    let text = trim(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(whole) || !numeric(part) {
        return refuse(ViolationCode::InvalidType, "must be a number such as \"12.50\"");
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    if whole.len() > 20 {
        return refuse(ViolationCode::OutOfRange, "must be between 0 and 99999999.99");
    }
    if part.len() > 7 {
        return refuse(ViolationCode::TooPrecise, "must have at most 2 decimals");
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    Decimal::from_str_exact(&format!("{sign}0{whole}.{part}0"))
        .or_else(|_| refuse(ViolationCode::OutOfRange, "must be between 0 and 99999999.99"))
}

/// Reads an amount from a string of digits or a whole number; a float is refused, because it is not what was meant.
struct Amount(Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of money as a string such as \"12.50\" or a whole number")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                parse_money(text).map(Amount).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount(number.into()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount(number.into()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Reads the amount of a new row.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    Ok(Option::<Amount>::deserialize(deserializer)?.map(|Amount(amount)| amount))
}

/// Reads the amount of a patch.
pub(crate) fn patch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Decimal>, D::Error> {
    optional(deserializer).map(Patch::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_get_two_decimals_or_are_refused() {
        let normalised = |text: &str| {
            let mut amount: Decimal = text.parse().unwrap();
            normalise(&mut amount).map(|()| amount.to_string()).map_err(|Broken(code, _)| code)
        };
        assert_eq!(normalised("0").unwrap(), "0.00");
        assert_eq!(normalised("-0").unwrap(), "0.00");
        assert_eq!(normalised("1.5000").unwrap(), "1.50");
        assert_eq!(normalised("99999999.99").unwrap(), "99999999.99");
        assert_eq!(normalised("99999999.991"), Err(ViolationCode::OutOfRange));
        assert_eq!(normalised("100000000"), Err(ViolationCode::OutOfRange));
        assert_eq!(normalised("-0.01"), Err(ViolationCode::OutOfRange));
        assert_eq!(normalised("0.001"), Err(ViolationCode::TooPrecise));
    }

    #[test]
    fn an_amount_that_is_written_out_is_read_or_refused_by_its_rule() {
        for (text, expected) in [
            ("12.50", "12.500"),
            ("007", "7.0"),
            ("-1", "-1.0"),
            ("0.1000000000000000", "0.10"),
            (" 12.50\u{a0}\n", "12.5"),
        ] {
            assert_eq!(parse_money(text).unwrap(), expected.parse::<Decimal>().unwrap(), "{text}");
        }
        for (text, code) in [
            ("", ViolationCode::InvalidType),
            ("1e3", ViolationCode::InvalidType),
            ("1.", ViolationCode::InvalidType),
            (".5", ViolationCode::InvalidType),
            ("1_000", ViolationCode::InvalidType),
            ("1 000", ViolationCode::InvalidType),
            ("- 1", ViolationCode::InvalidType),
            (" ", ViolationCode::InvalidType),
            ("1,5", ViolationCode::InvalidType),
            ("123456789012345678901", ViolationCode::OutOfRange),
            ("0.00000001", ViolationCode::TooPrecise),
        ] {
            assert_eq!(parse_money(text).unwrap_err().violations()[0].code, code, "{text}");
        }
    }

    #[test]
    fn amounts_are_read_from_strings_and_whole_numbers_never_from_floats() {
        use crate::{LeadPatch, NewLead};

        for (json, expected) in
            [("\"12.50\"", Some("12.50")), ("\" 12.50 \"", Some("12.50")), ("5", Some("5")), ("null", None)]
        {
            let expected: Option<Decimal> = expected.map(|amount| amount.parse().unwrap());
            let new: NewLead = serde_json::from_str(&format!("{{\"value\":{json}}}")).unwrap();
            let patch: LeadPatch = serde_json::from_str(&format!("{{\"value\":{json}}}")).unwrap();
            assert_eq!((new.value, patch.value), (expected, Patch::from(expected)));
        }
        for json in [
            "0.1",
            "\"1.00000000000000000000000000000001\"",
            "\"x\"",
            "true",
            "\".5\"",
            "\"1_000\"",
            "\"1e3\"",
        ] {
            let json = format!("{{\"value\":{json}}}");
            assert!(serde_json::from_str::<NewLead>(&json).is_err(), "{json}");
            assert!(serde_json::from_str::<LeadPatch>(&json).is_err(), "{json}");
        }
        assert_eq!(serde_json::from_str::<LeadPatch>("{}").unwrap().value, Patch::Keep);
    }
}
