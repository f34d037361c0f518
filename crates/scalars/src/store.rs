//! Keeps runs, tags and series in columns: 20 to 24 bytes a point, and a pyramid over them.

mod column;
mod pyramid;
mod real;
mod run;
mod series;
mod simd;
#[cfg(test)]
mod tests;

pub(crate) use column::{Column, gallop};
pub use run::{Run, Tag};
pub(crate) use series::{Numbers, Values};
pub use series::{Point, Series};
use std::collections::HashMap;

/// All runs of a log directory.
#[derive(Clone, Debug, Default)]
pub struct Store {
    runs: Vec<Run>,
    by_name: HashMap<String, usize>,
}

impl Store {
    /// The run of that name, made if it is new.
    pub fn run_mut(&mut self, name: &str) -> &mut Run {
        let at = match self.by_name.get(name) {
            Some(at) => *at,
            None => {
                self.by_name.insert(name.to_owned(), self.runs.len());
                self.runs.push(Run::new(name));
                self.runs.len() - 1
            }
        };
        &mut self.runs[at]
    }

    /// The run of that name.
    #[must_use]
    pub fn run(&self, name: &str) -> Option<&Run> {
        self.runs.get(*self.by_name.get(name)?)
    }

    /// The runs in the order in which they were first named.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Runs as TensorBoard lists them: by the earliest time of their events, then by name; those without events last.
    #[must_use]
    pub fn by_start(&self) -> Vec<&Run> {
        let mut runs: Vec<&Run> = self.runs.iter().collect();
        runs.sort_by(|one, other| {
            let start = |run: &Run| run.start().unwrap_or(f64::INFINITY);
            start(one)
                .total_cmp(&start(other))
                .then_with(|| one.name().cmp(other.name()))
        });
        runs
    }

    /// Forgets a run, as when its folder is gone.
    pub fn remove(&mut self, name: &str) {
        self.runs.retain(|run| run.name() != name);
        self.by_name = self
            .runs
            .iter()
            .enumerate()
            .map(|(at, run)| (run.name().to_owned(), at))
            .collect();
    }

    /// Gives back memory that was reserved for points to come.
    pub fn settle(&mut self) {
        self.runs.iter_mut().for_each(Run::settle);
    }

    /// How many points there are.
    #[must_use]
    pub fn points(&self) -> usize {
        self.runs.iter().flat_map(Run::all_series).map(Series::len).sum()
    }
}
