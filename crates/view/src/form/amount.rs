//! Reads amounts as they are typed and computes limits from requests, exactly.

use flowdeck_objects::Quantity;

const MIB: i128 = 1 << 20;

/// The quantity for what is typed: a bare number gets the unit that the field shows (`16` is `16Gi`).
pub fn with_unit(typed: &str, unit: &str) -> String {
    let typed = typed.trim().replace(' ', "");
    if typed.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        [&typed, unit].concat()
    } else {
        typed
    }
}

/// Reads an amount above zero.
pub(super) fn positive(quantity: &str) -> Option<Quantity> {
    Quantity::parse(quantity).ok().filter(|amount| *amount > Quantity::ZERO)
}

/// The limit that a factor such as `1.2` gives for a request; `None` when the factor is `none`, empty or unreadable.
///
/// CPU comes in millicores, memory in Mi (rounded up), because `1.2Gi` is no whole number of bytes.
pub fn limit_for(request: &str, factor: &str, is_memory: bool) -> Option<String> {
    let thousandths = i128::from(Quantity::parse(factor.trim()).ok()?.milli());
    let request = positive(request)?;
    if thousandths < 1000 {
        return None;
    }
    if is_memory {
        let bytes = i128::from(request.value()) * thousandths;
        let mib = (bytes + MIB * 1000 - 1) / (MIB * 1000);
        Some(Quantity::bytes(i64::try_from(mib * MIB).ok()?).canonical())
    } else {
        let milli = (i128::from(request.milli()) * thousandths + 999) / 1000;
        Some(
            Quantity::parse(&[milli.to_string().as_str(), "m"].concat())
                .ok()?
                .canonical(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_numbers_get_the_unit_of_the_field() {
        assert_eq!(with_unit("16", "Gi"), "16Gi");
        assert_eq!(with_unit(" 1.5 ", "Gi"), "1.5Gi");
        assert_eq!(with_unit("512 Mi", "Gi"), "512Mi");
        assert_eq!(with_unit("", "Gi"), "");
    }

    #[test]
    fn factor_gives_the_limit() {
        assert_eq!(limit_for("0.5", "1.2", false).as_deref(), Some("600m"));
        assert_eq!(limit_for("4", "1.5", false).as_deref(), Some("6"));
        assert_eq!(limit_for("1Gi", "1.2", true).as_deref(), Some("1229Mi"));
        assert_eq!(limit_for("16Gi", "1", true).as_deref(), Some("16Gi"));
        for (request, factor) in [("1", "none"), ("1", ""), ("x", "1.2"), ("0", "1.2"), ("1", "0.5")] {
            assert_eq!(limit_for(request, factor, false), None, "{request} × {factor}");
        }
    }
}
