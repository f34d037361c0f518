//! Compares domains, ticks and texts with what d3 itself answers, which TensorBoard's charts are built with.
//!
//! `tests/fixtures/scalars/d3.tsv` is written by `d3.mjs` beside it, from d3 5.7 in Node with the time zone UTC.

use flowdeck_scalars::{Relative, Scale, UTC, legacy_domain, nice, si, ticks, time_nice, time_tick_text, time_ticks};
use flowdeck_scalars::{value, value_long};
use std::collections::BTreeMap;

/// As close as two libraries' logarithms and powers are: one unit in the last place or two.
fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 4.0 * f64::EPSILON * one.abs().max(other.abs())
}

fn answer(name: &str, numbers: &[f64]) -> (Vec<f64>, Option<String>) {
    let text = |text: String| (Vec::new(), Some(text));
    let pair = |(low, high): (f64, f64)| (vec![low, high], None);
    let count = numbers.last().copied().unwrap_or_default() as usize;
    match (name, numbers) {
        ("value", [x]) => text(value(*x)),
        ("value_long", [x]) => text(value_long(*x)),
        ("si", [x]) => text(si(*x)),
        ("time_text", [at]) => text(time_tick_text(&UTC, *at)),
        ("ticks", [low, high, _]) => (ticks(Scale::Linear, *low, *high, count), None),
        ("log_ticks", [low, high, _]) => (ticks(Scale::Log10, *low, *high, count), None),
        ("time_ticks", [low, high, _]) => (time_ticks(&UTC, *low, *high, count), None),
        ("nice", [low, high]) => pair(nice(Scale::Linear, *low, *high)),
        ("time_nice", [low, high]) => pair(time_nice(&UTC, *low, *high)),
        // Durations show four digits of what is below 1000.
        ("precise", [x]) if (1.0..59.0).contains(x) => text(Relative(x * 1000.0).to_string().replace(" sec", "")),
        _ => (Vec::new(), None),
    }
}

#[test]
fn answers_are_those_of_d3() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/scalars/d3.tsv");
    let (mut asked, mut exact) = (BTreeMap::new(), 0);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let (question, expect) = line.split_once("\t=").unwrap();
        let mut words = question.split('\t');
        let name = words.next().unwrap();
        let numbers: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
        let expect: Vec<&str> = expect.split('\t').skip(1).collect();
        if name == "quantile" || name == "precise" && !(1.0..59.0).contains(&numbers[0]) {
            continue;
        }
        let (seen, text) = answer(name, &numbers);
        *asked.entry(name.to_owned()).or_insert(0) += 1;
        if let Some(text) = text {
            assert_eq!([text.as_str()][..], expect[..], "{line}");
            continue;
        }
        let expect: Vec<f64> = expect.iter().map(|word| word.parse().unwrap()).collect();
        let same = seen.len() == expect.len() && seen.iter().zip(&expect).all(|(one, other)| close(*one, *other));
        assert!(same, "{line}\nhere: {seen:?}");
        exact += u32::from(seen == expect);
    }
    assert!(
        asked.len() == 9 + 1 && asked.values().all(|count| *count > 10),
        "{asked:?}"
    );
    let lists: u32 = ["ticks", "log_ticks", "time_ticks", "nice", "time_nice"]
        .iter()
        .map(|name| asked[*name])
        .sum();
    assert_eq!(exact, lists, "not all to the last bit");
}

#[test]
fn older_domain_uses_d3s_quantiles() {
    // 0.05 and 0.95 of the way through 0..=20 are 1 and 19: span 18, 1 is below it, so from -1.9 to 22.6.
    let values: Vec<f64> = (0..=20).map(f64::from).collect();
    assert_eq!(legacy_domain(&values, true), (-2.0, 24.0));
}
