//! The differences between the servers that are known: each named, explained, and still there.

use std::path::Path;

use serde::Deserialize;

use crate::Failure;
use crate::run::Outcome;

/// `known-differences.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// One entry a place.
    #[serde(default)]
    pub difference: Vec<Difference>,
}

/// One place at which the sandbox does not answer as the real server does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// `area: name` of the case.
    pub case: String,
    /// The step, counted from 1.
    pub step: usize,
    /// The beginning of the place: `code`, `has/spec`; empty for all of the step.
    #[serde(default)]
    pub at: String,
    /// What kind of shortfall it is.
    pub kind: Kind,
    /// Why it is so, in a sentence.
    pub reason: String,
}

/// The kinds of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The sandbox does not have it.
    Missing,
    /// The sandbox does it in a simpler way.
    Simpler,
    /// Only a text for people differs.
    Wording,
}

impl Differences {
    /// The file beside the cases.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read() -> Result<Self, Failure> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("known-differences.toml");
        Ok(toml::from_str(&std::fs::read_to_string(path)?)?)
    }

    /// Takes the known differences out of the outcomes, and says which entries are of no use any more.
    ///
    /// Entries of cases that were not played are left alone.
    pub fn settle(&self, outcomes: &mut [Outcome]) -> Vec<String> {
        let mut stale = Vec::new();
        for entry in &self.difference {
            let Some(outcome) = outcomes.iter_mut().find(|outcome| outcome.title == entry.case) else {
                continue;
            };
            let before = outcome.wrong.len();
            outcome
                .wrong
                .retain(|wrong| !(wrong.step == entry.step && wrong.at.starts_with(&entry.at)));
            if outcome.wrong.len() == before {
                stale.push(format!(
                    "{}, step {}, \"{}\" differs no more: delete it from known-differences.toml",
                    entry.case, entry.step, entry.at
                ));
            }
        }
        stale
    }

    /// Entries whose case does not exist, or whose reason is none.
    #[must_use]
    pub fn aimless(&self, titles: &[String]) -> Vec<String> {
        let wrong = self
            .difference
            .iter()
            .filter(|entry| entry.reason.len() < 20 || !titles.contains(&entry.case));
        wrong
            .map(|entry| format!("{}: no such case, or no reason", entry.case))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::script::Wrong;

    fn outcome() -> Outcome {
        let wrong = |step, at: &str| Wrong {
            step,
            at: at.to_owned(),
            why: String::new(),
        };
        Outcome {
            title: "a: b".to_owned(),
            wrong: vec![wrong(1, "code"), wrong(2, "has/spec/x")],
            took: Duration::ZERO,
        }
    }

    fn known(step: usize, at: &str) -> Differences {
        Differences {
            difference: vec![Difference {
                case: "a: b".to_owned(),
                step,
                at: at.to_owned(),
                kind: Kind::Missing,
                reason: "a reason that says something".to_owned(),
            }],
        }
    }

    #[test]
    fn a_known_difference_is_taken_out_and_no_other() {
        let mut outcomes = [outcome()];
        assert_eq!(known(2, "has/spec").settle(&mut outcomes), Vec::<String>::new());
        assert_eq!(outcomes[0].wrong.len(), 1);
    }

    #[test]
    fn an_entry_that_no_longer_differs_is_said() {
        for (step, at) in [(3, ""), (1, "has"), (2, "code")] {
            let mut outcomes = [outcome()];
            assert_eq!(known(step, at).settle(&mut outcomes).len(), 1, "{step} {at}");
            assert_eq!(outcomes[0].wrong.len(), 2);
        }
    }

    #[test]
    fn an_entry_without_a_case_is_said() {
        assert_eq!(known(1, "").aimless(&["a: b".to_owned()]).len(), 0);
        assert_eq!(known(1, "").aimless(&["a: c".to_owned()]).len(), 1);
    }
}
