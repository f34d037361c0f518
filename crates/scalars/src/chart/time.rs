//! Ticks and nice ends of a time axis: whole seconds, hours, days, weeks, months in the user's time zone.
//!
//! Times are milliseconds since 1970. Source: d3-scale 2.2 (`time.js`) and d3-time 1.1, which TensorBoard is built with.

use flowdeck_objects::{civil_from_days, days_from_civil};

use super::scale::step;

/// A time zone: milliseconds to add to a UTC time to have the local one. The page gives the browser's.
pub type Zone<'a> = dyn Fn(i64) -> i64 + 'a;

/// The zone without an offset.
pub const UTC: fn(i64) -> i64 = |_| 0;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
const MONTH: i64 = 30 * DAY;
const YEAR: i64 = 365 * DAY;
/// JavaScript's dates end here.
const LAST_MS: f64 = 8.64e15;
/// More ticks than any screen holds.
const MOST_TICKS: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Units, how many, and how long they last about.
const INTERVALS: [(Unit, i64, i64); 18] = [
    (Unit::Second, 1, SECOND),
    (Unit::Second, 5, 5 * SECOND),
    (Unit::Second, 15, 15 * SECOND),
    (Unit::Second, 30, 30 * SECOND),
    (Unit::Minute, 1, MINUTE),
    (Unit::Minute, 5, 5 * MINUTE),
    (Unit::Minute, 15, 15 * MINUTE),
    (Unit::Minute, 30, 30 * MINUTE),
    (Unit::Hour, 1, HOUR),
    (Unit::Hour, 3, 3 * HOUR),
    (Unit::Hour, 6, 6 * HOUR),
    (Unit::Hour, 12, 12 * HOUR),
    (Unit::Day, 1, DAY),
    (Unit::Day, 2, 2 * DAY),
    (Unit::Week, 1, WEEK),
    (Unit::Month, 1, MONTH),
    (Unit::Month, 3, 3 * MONTH),
    (Unit::Year, 1, YEAR),
];

/// Every so many units.
#[derive(Clone, Copy, Debug)]
struct Interval {
    unit: Unit,
    every: i64,
}

/// The interval that gives about `count` ticks.
fn interval(low: f64, high: f64, count: usize) -> Interval {
    let target = (high - low).abs() / count as f64;
    let next = INTERVALS.partition_point(|one| one.2 as f64 <= target);
    if next == INTERVALS.len() {
        let every = step(low / YEAR as f64, high / YEAR as f64, count);
        return Interval {
            unit: Unit::Year,
            every: (every as i64).max(1),
        };
    }
    let Some(before) = next.checked_sub(1) else {
        return Interval {
            unit: Unit::Millisecond,
            every: step(low, high, count).max(1.0) as i64,
        };
    };
    let (shorter, longer) = (INTERVALS[before], INTERVALS[next]);
    let (unit, every, _) = if target / (shorter.2 as f64) < longer.2 as f64 / target {
        shorter
    } else {
        longer
    };
    Interval { unit, every }
}

/// A local date: year, month from 0, day of the month from 1.
fn date(local: i64) -> (i64, i64, i64) {
    let (year, month, day) = civil_from_days(local.div_euclid(DAY));
    (year, month - 1, day)
}

/// The local midnight that a date begins with.
fn midnight(year: i64, month: i64, day: i64) -> i64 {
    days_from_civil(year + month.div_euclid(12), month.rem_euclid(12) + 1, day) * DAY
}

/// The time at which a zone's clocks show a local one; the earlier offset where they show it twice or never.
fn from_local(zone: &Zone<'_>, local: i64) -> i64 {
    let guess = local - zone(local);
    let better = local - zone(guess);
    if better + zone(better) == local {
        better
    } else {
        guess.max(better)
    }
}

impl Interval {
    /// The last beginning of the unit at or before a time.
    fn unit_floor(self, zone: &Zone<'_>, at: i64) -> i64 {
        let local = at + zone(at);
        let (year, month, day) = date(local);
        match self.unit {
            Unit::Millisecond => at,
            Unit::Second => at - local.rem_euclid(SECOND),
            Unit::Minute => at - local.rem_euclid(MINUTE),
            Unit::Hour => at - local.rem_euclid(HOUR),
            Unit::Day => from_local(zone, midnight(year, month, day)),
            Unit::Week => {
                let weekday = (local.div_euclid(DAY) + 4).rem_euclid(7);
                from_local(zone, midnight(year, month, day) - weekday * DAY)
            }
            Unit::Month => from_local(zone, midnight(year, month, 1)),
            Unit::Year => from_local(zone, midnight(year, 0, 1)),
        }
    }

    /// The unit that follows one which begins at `at`.
    fn unit_next(self, zone: &Zone<'_>, at: i64) -> i64 {
        let local = at + zone(at);
        let (year, month, day) = date(local);
        match self.unit {
            Unit::Millisecond => at + 1,
            Unit::Second => at + SECOND,
            Unit::Minute => at + MINUTE,
            Unit::Hour => at + HOUR,
            Unit::Day => from_local(zone, midnight(year, month, day) + DAY),
            Unit::Week => from_local(zone, midnight(year, month, day) + WEEK),
            Unit::Month => from_local(zone, midnight(year, month + 1, 1)),
            Unit::Year => from_local(zone, midnight(year + 1, 0, 1)),
        }
    }

    /// Whether a unit that begins at `at` is one of those that count.
    fn counts(self, zone: &Zone<'_>, at: i64) -> bool {
        let local = at + zone(at);
        let (year, month, day) = date(local);
        let number = match self.unit {
            Unit::Millisecond => at,
            Unit::Second => local.div_euclid(SECOND).rem_euclid(60),
            Unit::Minute => local.div_euclid(MINUTE).rem_euclid(60),
            Unit::Hour => local.div_euclid(HOUR).rem_euclid(24),
            Unit::Day => day - 1,
            Unit::Week => 0,
            Unit::Month => month,
            Unit::Year => year,
        };
        number.rem_euclid(self.every) == 0
    }

    fn floor(self, zone: &Zone<'_>, at: i64) -> i64 {
        match self.unit {
            Unit::Millisecond => at.div_euclid(self.every) * self.every,
            Unit::Year => from_local(
                zone,
                midnight(date(at + zone(at)).0.div_euclid(self.every) * self.every, 0, 1),
            ),
            _ => {
                let mut at = self.unit_floor(zone, at);
                while !self.counts(zone, at) {
                    at = self.unit_floor(zone, at - 1);
                }
                at
            }
        }
    }

    fn next(self, zone: &Zone<'_>, at: i64) -> i64 {
        match self.unit {
            Unit::Millisecond => at + self.every,
            Unit::Year => from_local(zone, midnight(date(at + zone(at)).0 + self.every, 0, 1)),
            _ => {
                let mut at = self.unit_next(zone, at);
                while !self.counts(zone, at) {
                    at = self.unit_next(zone, at);
                }
                at
            }
        }
    }

    fn ceil(self, zone: &Zone<'_>, at: i64) -> i64 {
        let begin = self.floor(zone, at - 1);
        self.next(zone, begin)
    }
}

/// Whether both are dates that JavaScript has, too.
fn are_dates(low: f64, high: f64) -> bool {
    low.abs() <= LAST_MS && high.abs() <= LAST_MS
}

/// About `count` times from `low` to `high` that begin a second, a minute, an hour, a day …
#[must_use]
pub fn time_ticks(zone: &Zone<'_>, low: f64, high: f64, count: usize) -> Vec<f64> {
    if !are_dates(low, high) || count == 0 {
        return Vec::new();
    }
    let (low, high) = (low.trunc(), high.trunc());
    let every = interval(low, high, count);
    let mut ticks = Vec::new();
    let mut at = every.ceil(zone, low as i64);
    while at <= high as i64 && ticks.len() < MOST_TICKS {
        ticks.push(at as f64);
        at = every.next(zone, at);
    }
    ticks
}

/// A domain of times, moved out to where ten ticks would begin and end.
#[must_use]
pub fn time_nice(zone: &Zone<'_>, low: f64, high: f64) -> (f64, f64) {
    if !are_dates(low, high) {
        return (low, high);
    }
    let (low, high) = (low.trunc(), high.trunc());
    let every = interval(low, high, 10);
    (
        every.floor(zone, low as i64) as f64,
        every.ceil(zone, high as i64) as f64,
    )
}

/// The label of a time at a tick, by what it begins: `2019`, `March`, `Jan 05`, `Mon 06`, `05 AM`, `01:23`, `:07`, `.250`.
#[must_use]
pub fn time_tick_text(zone: &Zone<'_>, ms: f64) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    if !are_dates(ms, ms) {
        return "Invalid Date".to_owned();
    }
    let at = ms.trunc() as i64;
    let local = at + zone(at);
    let (year, month, day) = date(local);
    let begins = |unit| Interval { unit, every: 1 }.unit_floor(zone, at) == at;
    let hour = local.div_euclid(HOUR).rem_euclid(24);
    let twelve = (hour + 11) % 12 + 1;
    if !begins(Unit::Second) {
        format!(".{:03}", local.rem_euclid(SECOND))
    } else if !begins(Unit::Minute) {
        format!(":{:02}", local.div_euclid(SECOND).rem_euclid(60))
    } else if !begins(Unit::Hour) {
        format!("{twelve:02}:{:02}", local.div_euclid(MINUTE).rem_euclid(60))
    } else if !begins(Unit::Day) {
        format!("{twelve:02} {}", if hour < 12 { "AM" } else { "PM" })
    } else if !begins(Unit::Month) {
        let (month, weekday) = (
            MONTHS[month as usize],
            DAYS[(local.div_euclid(DAY) + 4).rem_euclid(7) as usize],
        );
        if begins(Unit::Week) {
            format!("{} {day:02}", &month[..3])
        } else {
            format!("{weekday} {day:02}")
        }
    } else if !begins(Unit::Year) {
        MONTHS[month as usize].to_owned()
    } else {
        format!("{year:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2020-01-05 00:00 UTC, a Sunday.
    const SUNDAY: i64 = 1_578_182_400_000;

    fn labels(low: i64, high: i64, count: usize) -> Vec<String> {
        time_ticks(&UTC, low as f64, high as f64, count)
            .into_iter()
            .map(|at| time_tick_text(&UTC, at))
            .collect()
    }

    #[test]
    fn labels_say_what_begins() {
        for (at, expect) in [
            (SUNDAY, "Jan 05"),
            (SUNDAY + DAY, "Mon 06"),
            (SUNDAY + 5 * HOUR, "05 AM"),
            (SUNDAY + 12 * HOUR, "12 PM"),
            (SUNDAY + 13 * HOUR + 23 * MINUTE, "01:23"),
            (SUNDAY + 7 * SECOND, ":07"),
            (SUNDAY + 250, ".250"),
            (SUNDAY - 4 * DAY, "2020"),
            (SUNDAY + 27 * DAY, "February"),
        ] {
            assert_eq!(time_tick_text(&UTC, at as f64), expect);
        }
    }

    #[test]
    fn ticks_by_hand() {
        assert_eq!(labels(SUNDAY + 1, SUNDAY + 3 * HOUR, 4), ["01 AM", "02 AM", "03 AM"]);
        assert_eq!(
            labels(SUNDAY, SUNDAY + 20 * SECOND, 4),
            ["Jan 05", ":05", ":10", ":15", ":20"]
        );
        assert_eq!(labels(SUNDAY, SUNDAY + 100 * DAY, 3), ["February", "March", "April"]);
        assert_eq!(labels(SUNDAY, SUNDAY + 9_000 * DAY, 3), ["2030", "2040"]);
        assert_eq!(
            labels(SUNDAY, SUNDAY + 10, 5),
            ["Jan 05", ".002", ".004", ".006", ".008", ".010"]
        );
    }

    #[test]
    fn nice_ends_begin_a_unit() {
        // Seven minutes: ten ticks would be 42 s apart, and 30 s is nearer to that than 60 s by ratio.
        let nice = time_nice(&UTC, (SUNDAY + 100) as f64, (SUNDAY + 7 * MINUTE + 100) as f64);
        assert_eq!(nice, (SUNDAY as f64, (SUNDAY + 7 * MINUTE + 30 * SECOND) as f64));
    }

    #[test]
    fn zone_moves_the_beginning_of_a_day() {
        let zone = |_| -5 * HOUR;
        assert_eq!(
            time_ticks(&zone, SUNDAY as f64, (SUNDAY + 2 * DAY) as f64, 2),
            [(SUNDAY + 5 * HOUR) as f64, (SUNDAY + 29 * HOUR) as f64]
        );
        // A zone whose clocks go on by an hour at 2020-01-06 02:00: that day has 23 hours.
        let summer = |at: i64| if at < SUNDAY + DAY + 2 * HOUR { 0 } else { HOUR };
        let days = time_ticks(&summer, SUNDAY as f64, (SUNDAY + 3 * DAY) as f64, 3);
        assert_eq!(
            days,
            [SUNDAY, SUNDAY + DAY, SUNDAY + 2 * DAY - HOUR, SUNDAY + 3 * DAY - HOUR].map(|at| at as f64)
        );
    }

    #[test]
    fn what_is_no_date_has_no_ticks() {
        assert!(time_ticks(&UTC, f64::NAN, 1.0, 5).is_empty() && time_ticks(&UTC, 0.0, 1e16, 5).is_empty());
        assert_eq!(time_nice(&UTC, 0.0, f64::INFINITY), (0.0, f64::INFINITY));
        assert_eq!(time_tick_text(&UTC, f64::NAN), "Invalid Date");
    }

    proptest! {
        #[test]
        fn dates_go_there_and_back(days in -800_000_i64..3_000_000) {
            let (year, month, day) = date(days * DAY + 5);
            prop_assert_eq!(midnight(year, month, day), days * DAY);
            prop_assert!((0..12).contains(&month) && (1..=31).contains(&day));
            let (_, _, next) = date((days + 1) * DAY);
            prop_assert!(next == day + 1 || next == 1);
        }

        #[test]
        fn ticks_lie_inside_and_about_as_many_as_asked(low in -1e12..4e12_f64, span in 10.0..1e12_f64, count in 2_usize..15) {
            let ticks = time_ticks(&UTC, low, low + span, count);
            prop_assert!(ticks.is_sorted() && ticks.len() <= 4 * count + 2);
            prop_assert!(ticks.iter().all(|at| low.trunc() <= *at && *at <= low + span));
            let (from, to) = time_nice(&UTC, low, low + span);
            prop_assert!(from <= low.trunc() && (low + span).trunc() <= to);
        }
    }
}
