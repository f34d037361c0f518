//! Keeps each text of a pipeline once, under a small number.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// A text of a pipeline, by number; the default is the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(u32);

impl Name {
    /// No text.
    pub(crate) const EMPTY: Self = Self(0);

    /// Whether it is the empty text.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Texts in one buffer. The hasher is seeded at random, so that nobody can prepare names that collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    text: String,
    /// Where each name ends in the text; the first, the empty one, is not listed.
    ends: Vec<u32>,
    /// Names by the hash of their text, the rest of a collision by the next hash.
    known: HashMap<u64, u32, Through>,
    hasher: RandomState,
}

impl Names {
    /// The number of a text; a new one if it was never seen. What no longer fits (4 GB) is the empty text.
    pub(crate) fn add(&mut self, text: &str) -> Name {
        if text.is_empty() {
            return Name::EMPTY;
        }
        let mut hash = self.hasher.hash_one(text);
        loop {
            match self.known.get(&hash) {
                Some(&number) if self.text(Name(number)) == text => return Name(number),
                Some(_) => hash = hash.wrapping_add(1),
                None => break,
            }
        }
        let (Ok(end), Ok(number)) = (
            u32::try_from(self.text.len() + text.len()),
            u32::try_from(self.ends.len() + 1),
        ) else {
            return Name::EMPTY;
        };
        self.text.push_str(text);
        self.ends.push(end);
        self.known.insert(hash, number);
        Name(number)
    }

    /// The number of a text that was seen.
    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        let mut hash = self.hasher.hash_one(text);
        loop {
            match self.known.get(&hash) {
                Some(&number) if self.text(Name(number)) == text => return Some(Name(number)),
                Some(_) => hash = hash.wrapping_add(1),
                None => return None,
            }
        }
    }

    /// The text of a number; of one that is not ours, the empty text.
    pub(crate) fn text(&self, name: Name) -> &str {
        let Some(at) = (name.0 as usize).checked_sub(1) else {
            return "";
        };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.text
            .get(start.unwrap_or_default() as usize..end as usize)
            .unwrap_or_default()
    }
}

/// The keys are hashes already.
#[derive(Clone, Debug, Default)]
struct Through;

impl BuildHasher for Through {
    type Hasher = Same;

    fn build_hasher(&self) -> Same {
        Same(0)
    }
}

struct Same(u64);

impl std::hash::Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_text_is_the_same_name() {
        let mut names = Names::default();
        let (a, b) = (names.add("train"), names.add("test"));
        assert_ne!(a, b);
        assert_eq!(names.add("train"), a);
        assert_eq!((names.text(a), names.text(b)), ("train", "test"));
        assert_eq!(names.find("test"), Some(b));
        assert_eq!(names.find("never"), None);
    }

    #[test]
    fn empty_text_is_the_default() {
        let mut names = Names::default();
        assert_eq!(names.add(""), Name::default());
        assert_eq!(names.text(Name::default()), "");
        assert!(names.add("").is_empty());
    }
}
