//! One series: the points of a tag in a run, in columns.

use super::column::Column;
use super::pyramid::Pyramid;
use super::real::Real;
use crate::events::Number;
use std::ops::Range;

/// One point of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Which step of the training.
    pub step: i64,
    /// When, in seconds since 1970.
    pub wall: f64,
    /// The value, widened if it was written as `f32`; may be NaN or infinite.
    pub value: f64,
}

/// The points of a tag in a run.
///
/// Steps ascend strictly: a point at step s takes the place of all points whose step is s or more, because it comes from
/// a training that was started again from before s. Source: data/server/reservoir.rs of TensorBoard ("pre-empt").
/// TensorBoard's Python loader differs in two ways: it keeps a second point at the same step, and forgets only when a
/// step goes back behind the latest of *all* tags.
///
/// A point takes 20 bytes, or 24 from the first value that `f32` cannot hold on.
#[derive(Clone, Debug)]
pub struct Series {
    tag: Box<str>,
    steps: Column<i64>,
    walls: Column<f64>,
    values: Values,
    /// Which series had the value after this one's last time: writers go round their tags.
    pub(crate) next: u32,
}

/// The values as precise as they were written.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Single(Numbers<f32>),
    Double(Numbers<f64>),
}

/// A column of values, its pyramid, and where it is not finite.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<T> {
    column: Column<T>,
    pyramid: Pyramid<T>,
    /// Runs of values that are NaN, infinite or its negative, as ranges of indices. Each is of one kind, so that one look
    /// tells what a million of them are; runs of two kinds may follow each other.
    breaks: Vec<Range<u32>>,
}

impl<T: Real> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            column: Column::default(),
            pyramid: Pyramid::default(),
            breaks: Vec::new(),
        }
    }
}

impl<T: Real> Numbers<T> {
    pub(crate) fn push(&mut self, value: T) {
        if !value.wide().is_finite() {
            let at = self.column.len() as u32;
            let before = self.get(self.column.len().wrapping_sub(1)).unwrap_or_default();
            let is_alike = before == value.wide() || before.is_nan() && value.wide().is_nan();
            match self.breaks.last_mut() {
                Some(last) if last.end == at && is_alike => last.end += 1,
                _ => self.breaks.push(at..at + 1),
            }
        }
        self.column.push(value);
        self.pyramid.grown(&self.column);
    }

    fn truncate(&mut self, len: usize) {
        self.column.truncate(len);
        self.pyramid.truncate(len);
        let kept = self.breaks.partition_point(|one| (one.start as usize) < len);
        self.breaks.truncate(kept);
        if let Some(last) = self.breaks.last_mut() {
            last.end = last.end.min(len as u32);
        }
    }

    fn shrink(&mut self) {
        self.column.shrink();
        self.pyramid.shrink();
        self.breaks.shrink_to_fit();
    }

    pub(crate) fn breaks(&self) -> &[Range<u32>] {
        &self.breaks
    }

    pub(crate) fn get(&self, at: usize) -> Option<f64> {
        self.column.get(at).map(T::wide)
    }

    pub(crate) fn min_max(&self, range: Range<usize>) -> [f64; 2] {
        self.pyramid
            .min_max(&self.column, range, self.breaks.is_empty())
            .map(T::wide)
    }

    pub(crate) fn min_max_plain(&self, range: Range<usize>) -> [f64; 2] {
        let slices = self.column.slices(range);
        if self.breaks.is_empty() {
            T::min_max(slices)
        } else {
            T::min_max_finite(slices)
        }
        .map(T::wide)
    }

    fn bytes(&self) -> [usize; 2] {
        let breaks = self.breaks.capacity() * size_of::<Range<u32>>();
        [self.column.bytes() + breaks, self.pyramid.bytes()]
    }
}

/// Does the same with values of either kind.
macro_rules! either {
    ($values:expr, $numbers:ident => $work:expr) => {
        match $values {
            Values::Single($numbers) => $work,
            Values::Double($numbers) => $work,
        }
    };
}

impl Values {
    pub(crate) fn breaks(&self) -> &[Range<u32>] {
        either!(self, numbers => numbers.breaks())
    }

    pub(crate) fn get(&self, at: usize) -> Option<f64> {
        either!(self, numbers => numbers.get(at))
    }

    pub(crate) fn min_max(&self, range: Range<usize>) -> [f64; 2] {
        either!(self, numbers => numbers.min_max(range))
    }

    pub(crate) fn min_max_plain(&self, range: Range<usize>) -> [f64; 2] {
        either!(self, numbers => numbers.min_max_plain(range))
    }
}

impl Series {
    pub(crate) fn new(tag: &str) -> Self {
        Self {
            tag: tag.into(),
            steps: Column::default(),
            walls: Column::default(),
            values: Values::Single(Numbers::default()),
            next: 0,
        }
    }

    pub(crate) fn push(&mut self, step: i64, wall: f64, value: Number) {
        if self.last().is_some_and(|last| last.step >= step) {
            let len = self.steps.first(0, self.len(), |one| one >= step);
            self.steps.truncate(len);
            self.walls.truncate(len);
            either!(&mut self.values, numbers => numbers.truncate(len));
        }
        self.steps.push(step);
        self.walls.push(wall);
        match (&mut self.values, value) {
            (Values::Single(numbers), Number::Single(value)) => numbers.push(value),
            (Values::Single(numbers), Number::Double(value)) => {
                let Numbers { column, .. } = std::mem::take(numbers);
                let mut wide = Numbers::default();
                // Block by block, so that both are never there in full.
                column.into_iter().for_each(|one| wide.push(f64::from(one)));
                wide.push(value);
                self.values = Values::Double(wide);
            }
            (Values::Double(numbers), Number::Single(value)) => numbers.push(f64::from(value)),
            (Values::Double(numbers), Number::Double(value)) => numbers.push(value),
        }
    }

    /// The tag as it was written.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The point at an index, in the order of steps.
    #[must_use]
    pub fn point(&self, at: usize) -> Option<Point> {
        let (step, wall) = (self.steps.get(at)?, self.walls.get(at)?);
        Some(Point {
            step,
            wall,
            value: self.values.get(at)?,
        })
    }

    /// The first point.
    #[must_use]
    pub fn first(&self) -> Option<Point> {
        self.point(0)
    }

    /// The last point.
    #[must_use]
    pub fn last(&self) -> Option<Point> {
        self.point(self.len().checked_sub(1)?)
    }

    /// All points in the order of steps.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        let steps = self.steps.iter().zip(self.walls.iter());
        steps
            .zip(self.values())
            .map(|((step, wall), value)| Point { step, wall, value })
    }

    /// All steps, ascending.
    pub fn steps(&self) -> impl Iterator<Item = i64> {
        self.steps.iter()
    }

    /// All times, in seconds since 1970; they may go back.
    pub fn walls(&self) -> impl Iterator<Item = f64> {
        self.walls.iter()
    }

    /// All values.
    pub fn values(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        match &self.values {
            Values::Single(numbers) => Box::new(numbers.column.iter().map(f64::from)),
            Values::Double(numbers) => Box::new(numbers.column.iter()),
        }
    }

    /// The smallest and largest finite value, if there is one.
    #[must_use]
    pub fn extent(&self) -> Option<(f64, f64)> {
        let [low, high] = self.values.min_max(0..self.len());
        (low <= high).then_some((low, high))
    }

    pub(crate) fn step_column(&self) -> &Column<i64> {
        &self.steps
    }

    pub(crate) fn value_column(&self) -> &Values {
        &self.values
    }

    /// Gives back memory that was reserved for points to come.
    pub fn settle(&mut self) {
        self.steps.shrink();
        self.walls.shrink();
        either!(&mut self.values, numbers => numbers.shrink());
    }

    /// Bytes reserved for the points, and for the pyramid over them.
    #[must_use]
    pub fn bytes(&self) -> [usize; 2] {
        let [values, pyramid] = either!(&self.values, numbers => numbers.bytes());
        [self.steps.bytes() + self.walls.bytes() + values, pyramid]
    }
}
