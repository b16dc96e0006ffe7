//! Amounts of money: exact decimals as `numeric(10,2)` holds them, never floats.

use rust_decimal::Decimal;

use crate::ViolationCode;
use crate::validation::Broken;

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
}
