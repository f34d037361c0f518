//! Turns a window of a line into what a screen can hold: first, smallest, largest and last value a column of pixels.
//!
//! A line drawn through these four touches the same pixels as one drawn through all points, so no spike is lost at any
//! zoom. Where there are no more points than such a drawing would need, the points themselves are given. NaN and
//! infinite values break the line and leave a mark. Rule for breaks and marks: tensorboard-scalars.md §2.1, "Non-finite
//! drawing" (lib/series_line_view.ts).

mod line;
#[cfg(test)]
mod tests;

use crate::store::{Column, Series, Values, gallop};
pub use line::Line;
use std::ops::Range;

/// How many points a column of pixels may have before they are summed up: as many as are drawn of it then.
const POINTS_PER_COLUMN: usize = 4;

/// How x becomes a place on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// Evenly.
    #[default]
    Linear,
    /// By its logarithm; what is not above zero has no place.
    Log,
}

/// What to draw of a window, from left to right.
///
/// Each entry is a vertical stroke at `x`: come from the entry before to `first`, go to `min`, `max` and `last`. All
/// vectors have the same length. Entries without a finite value are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The entries are the points themselves, at their exact places; else each is the middle of a column of pixels.
    pub is_exact: bool,
    /// Where, in pixels from the window's left edge.
    pub x: Vec<f64>,
    /// The first finite value.
    pub first: Vec<f64>,
    /// The smallest finite value.
    pub min: Vec<f64>,
    /// The largest finite value.
    pub max: Vec<f64>,
    /// The last finite value.
    pub last: Vec<f64>,
    /// Whether a value that is not finite lies between the entry before and this one: no line between them.
    pub is_broken: Vec<bool>,
    /// Where values are not finite, at most one a column.
    pub marks: Vec<Mark>,
    /// The last finite point left of the window, for the line that comes in: place (below 0) and value. None if broken,
    /// or where a logarithmic axis has no place for it.
    pub before: Option<(f64, f64)>,
    /// The first finite point right of the window, for the line that goes out. None if broken.
    pub after: Option<(f64, f64)>,
}

/// Values that are not finite, in one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Where, in pixels from the window's left edge.
    pub x: f64,
    /// The last finite value before it, or the first one after it if there is none: where TensorBoard draws its triangle.
    pub y: Option<f64>,
    /// There is a NaN.
    pub is_nan: bool,
    /// There is a positive infinity.
    pub is_above: bool,
    /// There is a negative infinity.
    pub is_below: bool,
}

/// The values of a line, however they are stored.
pub(crate) trait Heights {
    fn y(&self, at: usize) -> f64;
    fn min_max(&self, range: Range<usize>) -> [f64; 2];
    fn breaks(&self) -> &[Range<u32>];
}

impl Heights for Values {
    fn y(&self, at: usize) -> f64 {
        self.get(at).unwrap_or(f64::NAN)
    }

    fn min_max(&self, range: Range<usize>) -> [f64; 2] {
        Self::min_max(self, range)
    }

    fn breaks(&self) -> &[Range<u32>] {
        self.breaks()
    }
}

/// The same without the pyramid.
struct Scanned<'a>(&'a Values);

impl Heights for Scanned<'_> {
    fn y(&self, at: usize) -> f64 {
        self.0.y(at)
    }

    fn min_max(&self, range: Range<usize>) -> [f64; 2] {
        self.0.min_max_plain(range)
    }

    fn breaks(&self) -> &[Range<u32>] {
        self.0.breaks()
    }
}

/// The places of a line's points, ascending.
pub(crate) trait Places {
    fn len(&self) -> usize;
    fn x(&self, at: usize) -> f64;
    /// The first index from `from` on whose place is at least `bound` (or above it); looked for near `guess`.
    fn reach(&self, from: usize, guess: usize, bound: f64, above: bool) -> usize;
}

impl Places for Column<i64> {
    fn len(&self) -> usize {
        self.len()
    }

    fn x(&self, at: usize) -> f64 {
        self.get(at).unwrap_or_default() as f64
    }

    fn reach(&self, from: usize, guess: usize, bound: f64, above: bool) -> usize {
        self.first(from, guess, |step| {
            if above {
                step as f64 > bound
            } else {
                step as f64 >= bound
            }
        })
    }
}

impl Places for [f64] {
    fn len(&self) -> usize {
        self.len()
    }

    fn x(&self, at: usize) -> f64 {
        self[at]
    }

    fn reach(&self, from: usize, guess: usize, bound: f64, above: bool) -> usize {
        gallop(from, self.len(), guess, &mut |at| {
            if above { self[at] > bound } else { self[at] >= bound }
        })
    }
}

/// A window: from where to where, over how many columns of pixels, and how x spreads.
pub(crate) struct View {
    from: f64,
    to: f64,
    pixels: usize,
    spread: Spread,
}

impl View {
    /// None if the range is empty or cannot be shown so.
    pub(crate) fn new(range: Range<f64>, pixels: usize, spread: Spread) -> Option<Self> {
        let view = Self {
            from: range.start,
            to: range.end,
            pixels,
            spread,
        };
        let shown = view.low().is_finite() && view.high().is_finite() && view.from < view.to;
        (shown && pixels > 0).then_some(view)
    }

    fn low(&self) -> f64 {
        if self.spread == Spread::Log {
            self.from.log10()
        } else {
            self.from
        }
    }

    fn high(&self) -> f64 {
        if self.spread == Spread::Log {
            self.to.log10()
        } else {
            self.to
        }
    }

    /// Pixels from the left edge.
    pub(crate) fn place(&self, x: f64) -> f64 {
        let x = if self.spread == Spread::Log { x.log10() } else { x };
        (x - self.low()) / (self.high() - self.low()) * self.pixels as f64
    }

    /// Where a column of pixels begins.
    fn edge(&self, column: usize) -> f64 {
        let edge = self.low() + (self.high() - self.low()) * (column as f64 / self.pixels as f64);
        if self.spread == Spread::Log {
            10_f64.powf(edge)
        } else {
            edge
        }
    }
}

impl Series {
    /// What to draw of the steps in `range`, ends included, on `pixels` columns.
    ///
    /// It takes some 100 looks a column, however many points there are. An empty range or no pixels give nothing.
    #[must_use]
    pub fn window(&self, range: Range<f64>, pixels: usize) -> Columns {
        self.window_on(range, pixels, Spread::Linear)
    }

    /// The same for steps that spread as `spread` says.
    #[must_use]
    pub fn window_on(&self, range: Range<f64>, pixels: usize, spread: Spread) -> Columns {
        let view = View::new(range, pixels, spread);
        view.map(|view| look(self.step_column(), self.value_column(), &view))
            .unwrap_or_default()
    }

    /// The same without the pyramid, by looking at each value in the window: what the pyramid is measured against.
    #[must_use]
    pub fn window_scanned(&self, range: Range<f64>, pixels: usize) -> Columns {
        let view = View::new(range, pixels, Spread::Linear);
        view.map(|view| look(self.step_column(), &Scanned(self.value_column()), &view))
            .unwrap_or_default()
    }
}

pub(crate) fn look(places: &(impl Places + ?Sized), heights: &impl Heights, view: &View) -> Columns {
    let len = places.len();
    let from = places.reach(0, 0, view.from, false);
    let to = places.reach(from, len, view.to, true);
    let is_exact = (to - from).div_ceil(POINTS_PER_COLUMN) <= view.pixels;
    let mut drawing = Drawing::new(heights, from, if is_exact { to - from } else { view.pixels });
    drawing.columns.is_exact = is_exact;
    if is_exact {
        for at in from..to {
            drawing.stroke(view.place(places.x(at)), at..at + 1);
        }
    } else {
        let mut start = from;
        let mut count = (to - from) / view.pixels;
        for column in 0..view.pixels {
            let last = column + 1 == view.pixels;
            let end = if last {
                to
            } else {
                places.reach(start, start + count, view.edge(column + 1), false).min(to)
            };
            count = end - start;
            drawing.stroke(column as f64 + 0.5, start..end);
            start = end;
        }
    }
    drawing.ends(from..to, len, |at| view.place(places.x(at)));
    drawing.columns
}

/// The columns while they come about.
struct Drawing<'a, H> {
    heights: &'a H,
    columns: Columns,
    /// The index of the last finite value seen.
    last: Option<usize>,
    /// The first finite value of all, where the window has none before it.
    leading: Option<f64>,
    /// The next break that may matter.
    next: usize,
}

impl<'a, H: Heights> Drawing<'a, H> {
    fn new(heights: &'a H, from: usize, size: usize) -> Self {
        let breaks = heights.breaks();
        let next = breaks.partition_point(|one| one.end as usize <= from);
        // The last finite value before the window, over breaks if need be.
        let mut last = from.checked_sub(1);
        for one in breaks[..(next + 1).min(breaks.len())].iter().rev() {
            match last {
                Some(at) if at < one.start as usize => {}
                Some(at) if at < one.end as usize => last = (one.start as usize).checked_sub(1),
                _ => break,
            }
        }
        let mut begin = 0;
        for one in breaks.iter().take_while(|_| last.is_none()) {
            if one.start as usize != begin {
                break;
            }
            begin = one.end as usize;
        }
        let vector = || Vec::with_capacity(size);
        let (x, first, min, max, last_values) = (vector(), vector(), vector(), vector(), vector());
        let is_broken = Vec::with_capacity(size);
        let columns = Columns {
            x,
            first,
            min,
            max,
            last: last_values,
            is_broken,
            ..Columns::default()
        };
        Self {
            heights,
            columns,
            last,
            leading: Some(heights.y(begin)).filter(|y| y.is_finite()),
            next,
        }
    }

    /// Draws the points of one place.
    fn stroke(&mut self, x: f64, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        // The finite values lie from the first on before the end.
        let (mut first, mut end) = (range.start, range.end);
        let (mut gap, mut gap_end) = (0, None);
        let mut mark = None;
        let breaks = self.heights.breaks();
        while let Some(one) = breaks.get(self.next).filter(|one| (one.start as usize) < range.end) {
            let (start, stop) = (one.start as usize, one.end as usize);
            let kind = self.heights.y(start);
            let mark = mark.get_or_insert_with(|| self.mark(x, start, range.start));
            mark.is_nan |= kind.is_nan();
            mark.is_above |= kind == f64::INFINITY;
            mark.is_below |= kind == f64::NEG_INFINITY;
            if start <= first {
                first = stop;
            }
            // A gap may consist of several breaks.
            if gap_end != Some(start) {
                gap = start;
            }
            gap_end = Some(stop);
            if stop >= range.end {
                end = gap;
                // It may go on in the next column.
                if stop > range.end {
                    break;
                }
            }
            self.next += 1;
        }
        self.columns.marks.extend(mark);
        if first >= end {
            return;
        }
        let last = end - 1;
        let columns = &mut self.columns;
        let (low, high) = (self.heights.y(first), self.heights.y(last));
        let [min, max] = if first == last {
            [low, low]
        } else {
            self.heights.min_max(range)
        };
        columns.x.push(x);
        columns.first.push(low);
        columns.min.push(min);
        columns.max.push(max);
        columns.last.push(high);
        columns
            .is_broken
            .push(self.last.map_or(first > 0, |last| first > last + 1));
        self.last = Some(last);
    }

    /// The mark of a place whose first break begins at `start`; the place itself begins at `from`.
    fn mark(&self, x: f64, start: usize, from: usize) -> Mark {
        let before = if start > from { Some(start - 1) } else { self.last };
        Mark {
            x,
            y: before.map(|at| self.heights.y(at)).or(self.leading),
            is_nan: false,
            is_above: false,
            is_below: false,
        }
    }

    /// Finds the neighbours outside the window that the line comes from and goes to.
    fn ends(&mut self, range: Range<usize>, len: usize, place: impl Fn(usize) -> f64) {
        let finite = |at: &usize| self.heights.y(*at).is_finite();
        let is_inside = !self.columns.x.is_empty();
        let before = range.start.checked_sub(1).filter(finite);
        let after = Some(range.end).filter(|at| *at < len).filter(finite);
        let comes = is_inside && self.columns.is_broken[0] || !is_inside && !range.is_empty();
        let goes = self.last.is_some_and(|last| last + 1 == range.end);
        let end = |at: usize| Some((place(at), self.heights.y(at))).filter(|(x, _)| x.is_finite());
        let before = before.filter(|_| !comes).and_then(end);
        let after = after.filter(|_| goes || range.is_empty()).and_then(end);
        (self.columns.before, self.columns.after) = (before, after);
    }
}
