//! Groups tags by what stands before the first slash, and sorts them as people read them.
//!
//! Source: webapp/metrics/utils.ts (`groupCardIdWithMetdata`, `compareTagNames`) and metrics/views/utils.ts
//! (`getTagDisplayName`).

use std::cmp::Ordering;

/// Tags that are shown under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// What stands before the first slash; the whole tag if there is none.
    pub name: &'a str,
    /// In the order of [`compare_tags`].
    pub tags: Vec<&'a str>,
}

/// The groups of tags, in the order of their first tags.
pub fn groups<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<Group<'a>> {
    let tags: Vec<&str> = tags.into_iter().collect();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for tag in sorted(&tags) {
        let name = tag.split('/').next().unwrap_or_default();
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.tags.push(tag),
            None => groups.push(Group { name, tags: vec![tag] }),
        }
    }
    groups
}

/// Merges sorted halves, equal tags as they were. The standard library's own sort panics where it meets no total order.
fn sorted<'a>(tags: &[&'a str]) -> Vec<&'a str> {
    if tags.len() < 2 {
        return tags.to_vec();
    }
    let (left, right) = tags.split_at(tags.len() / 2);
    let (mut left, mut right) = (
        sorted(left).into_iter().peekable(),
        sorted(right).into_iter().peekable(),
    );
    let mut merged = Vec::with_capacity(tags.len());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let from = if compare_tags(one, other) == Ordering::Greater {
            &mut right
        } else {
            &mut left
        };
        merged.extend(from.next());
    }
    merged.extend(left.chain(right));
    merged
}

/// What a tag is called under its group's heading: without the group, and without TensorFlow 1's ending.
#[must_use]
pub fn tag_label<'a>(tag: &'a str, group: &str) -> &'a str {
    let rest = tag
        .strip_prefix(group)
        .filter(|_| !group.is_empty())
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(tag);
    let rest = rest.strip_suffix("/scalar_summary").unwrap_or(rest);
    if rest.is_empty() { tag } else { rest }
}

/// Compares tags part by part, numbers in them by their value: `a2` before `a10`, `a/a` before `a+/a`.
///
/// This is no total order, because TensorBoard's is none: `a/b` equals both `a1b` and `a2b`. So `sort_by` may panic with
/// it; [`groups`] does not.
#[must_use]
pub fn compare_tags(one: &str, other: &str) -> Ordering {
    // JavaScript compares by units of UTF-16; only characters beyond U+FFFF are elsewhere among those.
    let (one, other): (Vec<u16>, Vec<u16>) = (one.encode_utf16().collect(), other.encode_utf16().collect());
    let (mut left, mut right) = (0, 0);
    loop {
        let (Some(&a), Some(&b)) = (one.get(left), other.get(right)) else {
            return (one.len() - left).min(1).cmp(&(other.len() - right).min(1));
        };
        if is_digit(a) && is_digit(b) {
            let (a_end, b_end) = (number_end(&one, left + 1), number_end(&other, right + 1));
            // What JavaScript cannot read as a number is neither less nor more.
            match number(&one[left..a_end]).partial_cmp(&number(&other[right..b_end])) {
                Some(Ordering::Equal) | None => {}
                Some(order) => return order,
            }
            (left, right) = (a_end, b_end);
            continue;
        }
        match (is_break(a), is_break(b)) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (true, true) => {}
            (false, false) if a != b => return a.cmp(&b),
            (false, false) => {}
        }
        left += 1;
        right += 1;
    }
}

fn is_digit(unit: u16) -> bool {
    (u16::from(b'0')..=u16::from(b'9')).contains(&unit)
}

fn is_break(unit: u16) -> bool {
    unit == u16::from(b'/') || is_digit(unit)
}

fn number(units: &[u16]) -> f64 {
    let text = String::from_utf16_lossy(units);
    // "1e" and "1e+" are NaN in JavaScript, and errors here.
    text.parse().unwrap_or(f64::NAN)
}

/// Where a number ends that began before `at`: digits, a point, an exponent with its sign.
fn number_end(units: &[u16], mut at: usize) -> usize {
    #[derive(PartialEq)]
    enum Part {
        Natural,
        Real,
        Sign,
        Exponent,
    }
    let mut part = Part::Natural;
    while let Some(&unit) = units.get(at) {
        let character = char::from_u32(u32::from(unit)).unwrap_or_default();
        part = match (part, character) {
            (Part::Natural, '.') => Part::Real,
            (Part::Natural | Part::Real, 'e' | 'E') => Part::Sign,
            (Part::Sign, '+' | '-') => Part::Exponent,
            (Part::Sign, digit) if digit.is_ascii_digit() => Part::Exponent,
            (part, digit) if digit.is_ascii_digit() => part,
            _ => break,
        };
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_is_that_of_people() {
        for sorted in [
            &["a", "a/b", "a/c", "b"][..],
            &["a1", "a2", "a10"],
            &["a/a", "a+/a"],
            &["x1.5", "x1.50", "x2", "x1e3"],
            &["", "0", "a"],
            &["step/9/loss", "step/10/loss"],
            &["A", "B", "a"],
        ] {
            for pair in sorted.windows(2) {
                assert_ne!(compare_tags(pair[0], pair[1]), Ordering::Greater, "{pair:?}");
                assert_ne!(compare_tags(pair[1], pair[0]), Ordering::Less, "{pair:?}");
            }
        }
        assert_eq!(compare_tags("a1.5", "a1.50"), Ordering::Equal);
    }

    #[test]
    fn groups_are_headed_by_the_first_part() {
        let seen = groups(["train/loss", "lr", "eval/b10", "train/acc", "eval/b9"]);
        let shown: Vec<(&str, Vec<&str>)> = seen.iter().map(|group| (group.name, group.tags.clone())).collect();
        assert_eq!(
            shown,
            [
                ("eval", vec!["eval/b9", "eval/b10"]),
                ("lr", vec!["lr"]),
                ("train", vec!["train/acc", "train/loss"])
            ]
        );
    }

    #[test]
    fn label_leaves_out_what_the_heading_says() {
        for (tag, group, expect) in [
            ("train/loss", "train", "loss"),
            ("lr", "lr", "lr"),
            ("a/b/scalar_summary", "a", "b"),
            ("training/x", "train", "training/x"),
            ("a/", "a", "a/"),
        ] {
            assert_eq!(tag_label(tag, group), expect);
        }
    }

    proptest! {
        #[test]
        fn order_is_the_other_way_round_when_swapped(one in "[a/0-9.eE+é-]{0,8}", other in "[a/0-9.eE+é-]{0,8}") {
            prop_assert_eq!(compare_tags(&one, &other), compare_tags(&other, &one).reverse());
            prop_assert_eq!(compare_tags(&one, &one), Ordering::Equal);
        }

        #[test]
        fn tags_that_no_order_fits_are_all_there(tags in prop::collection::vec("[a/0-9.eE+]{0,4}", 0..200)) {
            let seen = groups(tags.iter().map(String::as_str));
            let mut shown: Vec<&str> = seen.iter().flat_map(|group| group.tags.iter().copied()).collect();
            let mut all: Vec<&str> = tags.iter().map(String::as_str).collect();
            shown.sort_unstable();
            all.sort_unstable();
            prop_assert_eq!(shown, all);
        }
    }
}
