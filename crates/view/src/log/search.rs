//! Finds the lines of a log that hold a text, reading each line once however long the log grows.

use super::buffer::LogBuffer;
use std::collections::VecDeque;

/// A search that follows a growing log. ASCII letters match in either case.
#[derive(Clone, Debug, Default)]
pub struct Search {
    needle: String,
    hits: VecDeque<u64>,
    read_to: u64,
}

impl Search {
    /// A search for `needle`; an empty one finds nothing.
    pub fn new(needle: &str) -> Self {
        Self {
            needle: needle.to_ascii_lowercase(),
            ..Self::default()
        }
    }

    /// Reads what is new in the log and forgets what it has dropped.
    pub fn update(&mut self, log: &LogBuffer) {
        if log.end() < self.read_to {
            (self.hits, self.read_to) = (VecDeque::new(), 0);
        }
        while self.hits.front().is_some_and(|number| *number < log.first()) {
            self.hits.pop_front();
        }
        for number in self.read_to.max(log.first())..log.end() {
            if log.line(number).is_some_and(|line| contains(&line.text, &self.needle)) {
                self.hits.push_back(number);
            }
        }
        self.read_to = log.end();
    }

    /// Number of lines found.
    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Number of the hit's line.
    pub fn get(&self, index: usize) -> Option<u64> {
        self.hits.get(index).copied()
    }
}

/// Whether `text` holds `needle` (lower case), ASCII letters in either case.
pub(crate) fn contains(text: &str, needle: &str) -> bool {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let Some((first, rest)) = needle.split_first() else {
        return false;
    };
    let ends = text.len().saturating_sub(rest.len());
    (0..ends)
        .any(|at| text[at].eq_ignore_ascii_case(first) && text[at + 1..at + needle.len()].eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Limits;

    #[test]
    fn growing_log_gives_each_hit_once() {
        let mut log = LogBuffer::new(
            Limits {
                lines: 3,
                bytes: 1 << 20,
            },
            false,
        );
        let mut search = Search::new("ERR");
        log.push(b"one error\nfine\n");
        search.update(&log);
        search.update(&log);
        assert_eq!((search.len(), search.get(0)), (1, Some(0)));
        log.push(b"fine\nError again\n");
        search.update(&log);
        assert_eq!((search.len(), search.get(0)), (1, Some(3)));
        log.clear();
        log.push(b"err\n");
        search.update(&log);
        assert_eq!(search.get(0), Some(0));
    }

    #[test]
    fn empty_needle_finds_nothing() {
        assert!(!contains("abc", ""));
        assert!(contains("abc", "c"));
        assert!(!contains("ab", "abc"));
    }
}
