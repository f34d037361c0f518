//! Says spans of time in words: ages, durations, "2 min ago". Rule: look-and-feel.md, "Words".
//!
//! Never reads a clock and never knows a time zone: `now` is given, dates are the browser's business.

use crate::time::Timestamp;

const S: i64 = 1_000;
const MIN: i64 = 60 * S;
const H: i64 = 60 * MIN;
const D: i64 = 24 * H;
/// Up to here times are relative, then the date is shown.
const WEEK: i64 = 7 * D;

/// A span in one unit, rounded down: `38 s`, `12 min`, `3 h`, `90 d`. For columns; less than nothing is `0 s`.
pub fn short(ms: i64) -> String {
    let (value, unit) = match ms {
        D.. => (ms / D, " d"),
        H.. => (ms / H, " h"),
        MIN.. => (ms / MIN, " min"),
        _ => (ms.max(0) / S, " s"),
    };
    join(value, unit)
}

/// A span in two units where the second matters: `38 s`, `3 min 12 s`, `2 h 5 min`, `1 d 3 h`.
pub fn duration(ms: i64) -> String {
    let (big, big_unit, small, small_unit) = match ms {
        D.. => (ms / D, " d", ms % D / H, " h"),
        H.. => (ms / H, " h", ms % H / MIN, " min"),
        MIN.. => (ms / MIN, " min", ms % MIN / S, " s"),
        _ => return join(ms.max(0) / S, " s"),
    };
    let mut out = join(big, big_unit);
    if small > 0 {
        out.push(' ');
        out.push_str(&join(small, small_unit));
    }
    out
}

/// The age of an object: [`short`] of the span from `then` to `now`.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    short(now.since(then))
}

/// When something happened: `just now` (under a minute, or a clock that is ahead), `2 min ago`, `6 d ago`.
///
/// `None` from a week on: show the date instead.
pub fn ago(then: Timestamp, now: Timestamp) -> Option<String> {
    let ms = now.since(then);
    if ms >= WEEK {
        return None;
    }
    if ms < MIN {
        return Some("just now".into());
    }
    let mut out = short(ms);
    out.push_str(" ago");
    Some(out)
}

fn join(value: i64, unit: &str) -> String {
    let mut out = value.to_string();
    out.push_str(unit);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_span_has_one_unit() {
        for (ms, text) in [
            (-5, "0 s"),
            (0, "0 s"),
            (999, "0 s"),
            (38 * S, "38 s"),
            (59_999, "59 s"),
            (MIN, "1 min"),
            (12 * MIN + 59 * S, "12 min"),
            (3 * H, "3 h"),
            (D - 1, "23 h"),
            (2 * D, "2 d"),
            (90 * D, "90 d"),
        ] {
            assert_eq!(short(ms), text);
        }
    }

    #[test]
    fn duration_has_two_units() {
        for (ms, text) in [
            (-1, "0 s"),
            (38 * S, "38 s"),
            (MIN, "1 min"),
            (3 * MIN + 12 * S, "3 min 12 s"),
            (2 * H + 5 * MIN + 9 * S, "2 h 5 min"),
            (D + 3 * H, "1 d 3 h"),
            (D + 59 * MIN, "1 d"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn recent_time_is_relative_and_old_time_is_a_date() {
        let now = Timestamp::from_seconds(1_800_000_000);
        for (ms, text) in [
            (-MIN, Some("just now")),
            (0, Some("just now")),
            (59 * S, Some("just now")),
            (2 * MIN, Some("2 min ago")),
            (6 * H, Some("6 h ago")),
            (D, Some("1 d ago")),
            (7 * D - 1, Some("6 d ago")),
            (7 * D, None),
        ] {
            assert_eq!(ago(Timestamp(now.0 - ms), now).as_deref(), text);
        }
    }
}
