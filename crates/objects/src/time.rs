//! Reads and writes points in time as Kubernetes does (RFC 3339), by hand and in milliseconds.
//!
//! Never: a time zone database, local time, floats. Rule: RFC 3339 §5.6; Kubernetes writes
//! `metav1.Time` in seconds and `metav1.MicroTime` in microseconds, both in UTC, but accepts offsets.

use crate::json::{Read, Reader, Value};

const MS_PER_S: i64 = 1_000;
const S_PER_DAY: i64 = 86_400;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// Milliseconds since the epoch; negative before it.
    pub i64,
);

impl Timestamp {
    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * MS_PER_S)
    }

    /// From JavaScript's `Date.now()`: milliseconds since the epoch; what is not a number becomes the epoch.
    pub const fn from_js(ms: f64) -> Self {
        Self(ms as i64)
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Milliseconds from `earlier` to this; negative when `earlier` is the later one.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339: `2026-11-24T02:06:15Z`, with a fraction of any length and with an offset.
    ///
    /// A space or `t` may stand for the `T`, a leap second counts as the second after it, digits past the
    /// millisecond are cut off. Anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        if b.len() < 20
            || b[4] != b'-'
            || b[7] != b'-'
            || !matches!(b[10], b'T' | b't' | b' ')
            || b[13] != b':'
            || b[16] != b':'
        {
            return None;
        }
        let (year, month, day) = (digits(&b[0..4])?, digits(&b[5..7])?, digits(&b[8..10])?);
        let (hour, minute, second) = (digits(&b[11..13])?, digits(&b[14..16])?, digits(&b[17..19])?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (ms, rest) = fraction(&b[19..])?;
        let offset_s = offset(rest)?;
        let seconds = days_from_civil(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second - offset_s;
        Some(Self(seconds * MS_PER_S + ms))
    }

    /// Writes RFC 3339 in UTC with whole seconds, as `metav1.Time` does: `2026-11-24T02:06:15Z`.
    pub fn to_rfc3339(self) -> String {
        let seconds = self.0.div_euclid(MS_PER_S);
        let (year, month, day) = civil_from_days(seconds.div_euclid(S_PER_DAY));
        let second_of_day = seconds.rem_euclid(S_PER_DAY);
        let mut out = String::with_capacity(20);
        push_padded(&mut out, year, 4);
        out.push('-');
        push_padded(&mut out, month, 2);
        out.push('-');
        push_padded(&mut out, day, 2);
        out.push('T');
        push_padded(&mut out, second_of_day / 3600, 2);
        out.push(':');
        push_padded(&mut out, second_of_day / 60 % 60, 2);
        out.push(':');
        push_padded(&mut out, second_of_day % 60, 2);
        out.push('Z');
        out
    }
}

/// A bad time costs only itself: it is missing.
impl Value for Timestamp {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        let mut read = None;
        Timestamp::read_some(&mut read, reader)?;
        *self = read.unwrap_or_default();
        Ok(())
    }

    fn read_some(slot: &mut Option<Self>, reader: &mut Reader<'_>) -> Read {
        *slot = None;
        if reader.peek()? == b'"' {
            *slot = Timestamp::parse(reader.text()?);
            return Ok(());
        }
        reader.skip()
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    let mut value = 0;
    for b in bytes {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(b - b'0');
    }
    Some(value)
}

/// `.123456` → 123 ms and what follows.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = bytes.split_first() else {
        return Some((0, bytes));
    };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let (mut ms, mut weight) = (0, 100);
    for b in &rest[..count.min(3)] {
        ms += i64::from(b - b'0') * weight;
        weight /= 10;
    }
    Some((ms, &rest[count..]))
}

/// `Z` or `+02:00` → seconds east of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: year, month 1–12, day of the month from 1.
///
/// Source: "chrono-compatible low-level date algorithms", Howard Hinnant; years begin in March there.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The reverse of [`days_from_civil`].
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn push_padded(out: &mut String, value: i64, width: u32) {
    let mut divisor = 10_i64.pow(width - 1);
    while divisor > 0 {
        // A digit is 0 to 9 by construction.
        out.push(char::from(b'0' + (value / divisor % 10).unsigned_abs() as u8));
        divisor /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(Timestamp::parse(text).map(Timestamp::ms), expect, "{text}");
    }

    #[test]
    fn kubernetes_times_are_read() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-11-24T02:06:15Z", Some(1_795_485_975_000));
        check("2026-11-24T02:06:15.728085Z", Some(1_795_485_975_728));
        check("2026-11-24T02:06:15.7Z", Some(1_795_485_975_700));
        check("2026-11-24t02:06:15z", Some(1_795_485_975_000));
    }

    #[test]
    fn offset_is_taken_off() {
        check("2026-11-24T04:06:15+02:00", Some(1_795_485_975_000));
        check("2026-11-23T18:36:15.5-07:30", Some(1_795_485_975_500));
    }

    #[test]
    fn time_before_the_epoch_is_negative() {
        check("1969-12-31T23:59:59.5Z", Some(-500));
        check("0001-01-01T00:00:00Z", Some(-62_135_596_800_000));
    }

    #[test]
    fn nonsense_gives_none() {
        for text in [
            "",
            "yesterday",
            "2026-11-24",
            "2026-11-24T02:06:15",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T02:06:15.Z",
            "2026-11-24T02:06:15+2:00",
            "2026-11-24T02:06:15Zz",
            "2026-11-24T02:06:15+24:00",
            "+026-11-24T02:06:15Z",
            "２０２６-11-24T02:06:15Z",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn written_time_reads_back(seconds in -62_135_596_800_i64..253_402_300_800) {
            let time = Timestamp::from_seconds(seconds);
            prop_assert_eq!(Timestamp::parse(&time.to_rfc3339()), Some(time));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,40}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
