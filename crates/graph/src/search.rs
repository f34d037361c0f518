//! Finds names by what was typed: whole, beginnings, parts, or letters in order with others between.

use crate::graph::index;

/// How a name matches, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It is what was typed.
    Same,
    /// It begins so.
    Start,
    /// A word in it begins so, after anything but a letter or a digit.
    Word,
    /// It has it inside.
    Inside,
    /// It has the same letters in the same order, with others between.
    Scattered,
}

/// A name that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which of the names.
    pub item: u32,
    /// How it matches.
    pub likeness: Likeness,
    /// From where to where the match goes in the name, in bytes.
    pub span: (u32, u32),
}

/// The names that match, the best first, without regard to case; nothing typed matches nothing.
///
/// Of equally good ones the tighter match comes first, then the shorter name, then the one that was given first.
pub fn search<'a>(names: impl IntoIterator<Item = &'a str>, typed: &str) -> Vec<Match> {
    let typed: Vec<char> = typed.trim().chars().flat_map(char::to_lowercase).collect();
    if typed.is_empty() {
        return Vec::new();
    }
    let mut letters = Vec::new();
    let mut found = Vec::new();
    for (item, name) in names.into_iter().enumerate() {
        letters.clear();
        for (at, letter) in name.char_indices() {
            let end = at + letter.len_utf8();
            letters.extend(letter.to_lowercase().map(|lower| (lower, at, end)));
        }
        if let Some((likeness, first, last)) = find(&letters, &typed) {
            let span = (index(letters[first].1), index(letters[last].2));
            let rank = (likeness, last - first, letters.len());
            let item = index(item);
            found.push((rank, Match { item, likeness, span }));
        }
    }
    found.sort_by_key(|(rank, found)| (*rank, found.item));
    found.into_iter().map(|(_, found)| found).collect()
}

/// The best match in a name: the letters at which it begins and ends.
fn find(name: &[(char, usize, usize)], typed: &[char]) -> Option<(Likeness, usize, usize)> {
    let last = typed.len() - 1;
    let whole = name.windows(typed.len()).enumerate().filter(|(_, part)| {
        let part = part.iter().map(|letter| letter.0);
        part.eq(typed.iter().copied())
    });
    let ranked = whole.map(|(first, _)| {
        let likeness = match first {
            0 if typed.len() == name.len() => Likeness::Same,
            0 => Likeness::Start,
            _ if !name[first - 1].0.is_alphanumeric() => Likeness::Word,
            _ => Likeness::Inside,
        };
        (likeness, first, first + last)
    });
    ranked.min().or_else(|| scattered(name, typed))
}

/// The tightest stretch of a name that has all letters in order.
fn scattered(name: &[(char, usize, usize)], typed: &[char]) -> Option<(Likeness, usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut from = 0;
    // Forwards to the next letter at which all have been met, and back from there to the last that begins such a row.
    while let Some(end) = meet(name.iter().enumerate().skip(from), typed.iter()) {
        let back = name[..=end].iter().enumerate().rev();
        let Some(first) = meet(back, typed.iter().rev()) else {
            break;
        };
        if best.is_none_or(|best| end - first < best.1 - best.0) {
            best = Some((first, end));
        }
        from = first + 1;
    }
    best.map(|(first, end)| (Likeness::Scattered, first, end))
}

/// Where the last of some letters is met, in their order.
fn meet<'a>(
    name: impl Iterator<Item = (usize, &'a (char, usize, usize))>,
    mut typed: impl Iterator<Item = &'a char>,
) -> Option<usize> {
    let mut wanted = *typed.next()?;
    for (at, letter) in name {
        if letter.0 == wanted {
            match typed.next() {
                Some(next) => wanted = *next,
                None => return Some(at),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ends(name: &str, typed: &str) -> Option<(Likeness, (u32, u32))> {
        search([name], typed).first().map(|found| (found.likeness, found.span))
    }

    #[test]
    fn likeness_gives_the_order() {
        let names = [
            "retrain",
            "t-r-a-i-n",
            "train-2",
            "train",
            "pre_train",
            "TRAIN-10",
            "other",
        ];
        let found: Vec<u32> = search(names, "Train").iter().map(|found| found.item).collect();
        assert_eq!(found, [3, 2, 5, 4, 0, 1]);
    }

    #[test]
    fn spans_are_bytes_of_the_name() {
        assert_eq!(ends("tränen-Übung", "übung"), Some((Likeness::Word, (8, 14))));
        assert_eq!(ends("xaxbabx", "ab"), Some((Likeness::Inside, (4, 6))));
        assert_eq!(ends("a..b.a.b", "ab"), Some((Likeness::Scattered, (5, 8))));
        // One letter becomes two in lower case.
        assert_eq!(ends("İx", "x"), Some((Likeness::Word, (2, 3))));
        assert_eq!((ends("abc", " "), ends("", "a")), (None, None));
    }

    proptest! {
        #[test]
        fn match_is_every_name_with_the_letters_in_order(names in prop::collection::vec("[abC.]{0,8}", 0..8), typed in "[aBc]{1,3}") {
            let found = search(names.iter().map(String::as_str), &typed);
            for (at, name) in names.iter().enumerate() {
                let (name, typed) = (name.to_lowercase(), typed.to_lowercase());
                let mut rest = name.chars();
                let in_order = typed.chars().all(|letter| rest.any(|other| other == letter));
                let hit = found.iter().find(|found| found.item as usize == at);
                prop_assert_eq!(hit.is_some(), in_order);
                if let Some(hit) = hit {
                    prop_assert_eq!(hit.likeness < Likeness::Scattered, name.contains(&typed));
                    // No shorter stretch has the letters in order.
                    let part = |from: usize, to: usize| {
                        let mut rest = name[from..to].chars();
                        typed.chars().all(|letter| rest.any(|other| other == letter))
                    };
                    let (from, to) = (hit.span.0 as usize, hit.span.1 as usize);
                    prop_assert!(part(from, to));
                    let all = (0..=name.len()).flat_map(|from| (from..=name.len()).map(move |to| (from, to)));
                    let least = all.filter(|&(from, to)| part(from, to)).map(|(from, to)| to - from).min();
                    prop_assert_eq!(least, Some(to - from));
                }
            }
            prop_assert!(found.is_sorted_by_key(|found| found.likeness));
        }
    }
}
