//! Splits the time off a log line, as `timestamps=true` puts it there (RFC 3339 with up to nine decimals, a space).

/// Time of a log line: seconds since 1970 and nanoseconds, so that stamps of different length compare rightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    pub(super) seconds: i64,
    pub(super) nanos: u32,
}

/// Longest stamp: `2026-11-24T13:34:00.123456789+02:00`.
pub(super) const LONGEST: usize = 35;

/// Reads a stamp; `None` when the text is something else.
pub(super) fn read(text: &str) -> Option<Stamp> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = bytes.get(from..to)?;
        part.iter().try_fold(0_i64, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
        })
    };
    let at = |index: usize, byte: u8| bytes.get(index) == Some(&byte);
    if !(at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':') && at(16, b':')) {
        return None;
    }
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let mut seconds = days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let mut rest = 19;
    let mut nanos = 0;
    if at(rest, b'.') {
        rest += 1;
        let mut unit = 100_000_000;
        while let Some(byte) = bytes.get(rest).filter(|byte| byte.is_ascii_digit()) {
            nanos += u32::from(byte - b'0') * unit;
            unit /= 10;
            rest += 1;
        }
    }
    match bytes.get(rest)? {
        b'Z' if rest + 1 == bytes.len() => {}
        sign @ (b'+' | b'-') if rest + 6 == bytes.len() && at(rest + 3, b':') => {
            let offset = number(rest + 1, rest + 3)? * 3600 + number(rest + 4, rest + 6)? * 60;
            seconds -= if *sign == b'+' { offset } else { -offset };
        }
        _ => return None,
    }
    Some(Stamp { seconds, nanos })
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_any_length_compare_by_time() {
        let read = |text| read(text).unwrap();
        assert_eq!(read("1970-01-01T00:00:00Z"), Stamp { seconds: 0, nanos: 0 });
        assert_eq!(read("2026-11-24T13:34:00.5Z").nanos, 500_000_000);
        assert_eq!(read("2026-11-24T15:34:00+02:00"), read("2026-11-24T13:34:00Z"));
        assert!(read("2026-11-24T13:34:00.12Z") > read("2026-11-24T13:34:00.1Z"));
        assert_eq!(read("2000-03-01T00:00:00Z").seconds, 951_868_800);
    }

    #[test]
    fn other_text_gives_none() {
        for text in [
            "",
            "hello",
            "2026-11-24",
            "2026-11-24T13:34:00",
            "2026-11-24T13:34:00Zx",
            "2026-11-24T13:34:0xZ",
        ] {
            assert_eq!(super::read(text), None, "{text}");
        }
    }
}
