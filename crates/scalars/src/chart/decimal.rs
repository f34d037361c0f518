//! Writes numbers in decimal as JavaScript does, which d3 and so TensorBoard's labels build on.
//!
//! Rust rounds a number that lies exactly between two decimals to the even one, JavaScript to the larger one
//! (ECMA-262, Number.prototype.toExponential and toFixed: "pick the larger n").

/// So many digits tell a number between two decimals from its neighbours in practice.
const BEYOND: usize = 40;

/// The first `count` (at least 1) digits of a finite number that is not negative, and the exponent of the first.
pub(super) fn digits(number: f64, count: usize) -> (String, i32) {
    let long = format!("{:.*e}", count - 1 + BEYOND, number);
    let (mantissa, exponent) = long.split_once('e').unwrap_or((&long, "0"));
    let mut exponent: i32 = exponent.parse().unwrap_or_default();
    let all: Vec<u8> = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let mut kept = all[..count].to_vec();
    if all[count] >= 5 && !round_up(&mut kept) {
        kept.insert(0, 1);
        kept.pop();
        exponent += 1;
    }
    (kept.iter().map(|digit| char::from(b'0' + digit)).collect(), exponent)
}

/// Adds one at the last digit; `false` if all were nines and there is one digit too few.
fn round_up(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return true;
        }
        *digit = 0;
    }
    false
}

/// With `places` digits after the point.
pub(super) fn fixed(number: f64, places: usize) -> String {
    let long = format!("{:.*}", places + BEYOND, number);
    let (whole, fraction) = long.split_once('.').unwrap_or((&long, ""));
    let mut kept: Vec<u8> = whole
        .bytes()
        .chain(fraction.bytes().take(places))
        .map(|digit| digit - b'0')
        .collect();
    let mut point = whole.len();
    if fraction.as_bytes().get(places).is_some_and(|digit| *digit >= b'5') && !round_up(&mut kept) {
        kept.insert(0, 1);
        point += 1;
    }
    let mut text: String = kept.iter().map(|digit| char::from(b'0' + digit)).collect();
    if places > 0 {
        text.insert(point, '.');
    }
    text
}

/// In the manner of 1.23e+4, with `places` digits after the point.
pub(super) fn exponential(number: f64, places: usize) -> String {
    let (digits, exponent) = digits(number, places + 1);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{}", pointed(&digits, 1), exponent.abs())
}

/// With `count` digits in all, in whichever manner is shorter: JavaScript's `toPrecision`.
pub(super) fn precise(number: f64, count: usize) -> String {
    let (digits, exponent) = digits(number, count);
    if exponent < -6 || exponent >= count as i32 {
        return exponential(number, count - 1);
    }
    placed(&digits, exponent)
}

/// Digits without an exponent, filled up with zeros.
pub(super) fn placed(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if whole >= digits.len() {
        format!("{digits}{}", "0".repeat(whole - digits.len()))
    } else {
        pointed(digits, whole)
    }
}

/// A point after so many digits, unless none follow.
pub(super) fn pointed(digits: &str, whole: usize) -> String {
    if whole >= digits.len() {
        digits.to_owned()
    } else {
        format!("{}.{}", &digits[..whole], &digits[whole..])
    }
}

/// Without the zeros that say nothing: d3's `~`.
pub(super) fn trimmed(text: &str) -> String {
    let (mantissa, exponent) = text.find('e').map_or((text, ""), |at| text.split_at(at));
    if !mantissa.contains('.') {
        return text.to_owned();
    }
    format!("{}{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
}

/// With commas between thousands, before the point.
pub(super) fn grouped(text: &str) -> String {
    let whole = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut grouped = String::new();
    for (at, digit) in text[..whole].char_indices() {
        if at > 0 && (whole - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &text[whole..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_up_as_in_javascript() {
        // In JavaScript: (2.5).toExponential(0), (0.125).toExponential(1), (1.005).toFixed(2), (0.5).toFixed(0).
        assert_eq!(exponential(2.5, 0), "3e+0");
        assert_eq!(exponential(0.125, 1), "1.3e-1");
        assert_eq!(fixed(1.005, 2), "1.00");
        assert_eq!(fixed(0.5, 0), "1");
        assert_eq!(fixed(9.9996, 3), "10.000");
        assert_eq!(exponential(9.996, 2), "1.00e+1");
    }

    #[test]
    fn precision_chooses_the_manner() {
        assert_eq!(precise(123_456.0, 4), "1.235e+5");
        assert_eq!(precise(16.6543, 4), "16.65");
        assert_eq!(precise(0.000_001_5, 2), "0.0000015");
        assert_eq!(precise(0.000_000_15, 2), "1.5e-7");
        assert_eq!(precise(0.0, 3), "0.00");
    }

    #[test]
    fn zeros_and_commas() {
        assert_eq!(trimmed("1.500e+4"), "1.5e+4");
        assert_eq!(trimmed("1.00"), "1");
        assert_eq!(trimmed("100"), "100");
        assert_eq!(grouped("1234567.891"), "1,234,567.891");
        assert_eq!(grouped("123e+4"), "123e+4");
    }
}
