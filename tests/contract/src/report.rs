//! Says what came of a run, in lines.

use std::time::Duration;

use crate::Failure;
use crate::case;
use crate::differences::Differences;
use crate::run::Outcome;
use crate::server::Which;

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// Lines for people; the last one counts.
    pub lines: Vec<String>,
    /// Whether all is as it must be.
    pub good: bool,
}

/// Judges the outcomes: the real server may differ nowhere, the sandbox where it is known to.
///
/// # Errors
/// When the known differences cannot be read.
pub fn judge(which: Which, mut outcomes: Vec<Outcome>, took: Duration) -> Result<Report, Failure> {
    let known = Differences::read()?;
    let mut lines = Vec::new();
    if which == Which::Sandbox {
        let titles: Vec<String> = case::all()?.iter().map(case::Case::title).collect();
        lines.extend(known.aimless(&titles));
        lines.extend(known.settle(&mut outcomes));
    }
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.wrong.is_empty()).collect();
    let mut good = lines.is_empty() && failed.is_empty();
    for outcome in &failed {
        lines.push(format!("FAILED {}", outcome.title));
        for wrong in &outcome.wrong {
            lines.push(format!("   step {} {}: {}", wrong.step, wrong.at, wrong.why));
        }
    }
    if outcomes.is_empty() {
        lines.push("no case was played".to_owned());
        good = false;
    }
    let server = match which {
        Which::Sandbox => "the sandbox",
        Which::Real => "a real kube-apiserver",
    };
    let differences = match which {
        Which::Sandbox => format!(", {} known differences", known.difference.len()),
        Which::Real => String::new(),
    };
    lines.push(format!(
        "{} cases passed, {} failed on {server} in {:.1} s{differences}",
        outcomes.len() - failed.len(),
        failed.len(),
        took.as_secs_f64()
    ));
    Ok(Report { lines, good })
}

/// The cases that took longest.
#[must_use]
pub fn slowest(outcomes: &[Outcome], many: usize) -> Vec<String> {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by_key(|outcome| std::cmp::Reverse(outcome.took));
    let lines = sorted.into_iter().take(many);
    lines
        .map(|outcome| format!("{:6.1} s  {}", outcome.took.as_secs_f64(), outcome.title))
        .collect()
}
