//! A line that is computed: smoothed, over another axis, a difference, an expression.

use super::{Columns, Heights, Mark, Spread, View, look};
use crate::store::Numbers;
use std::ops::Range;

/// Points of which each has any x and any y, with the pyramid that a window needs.
///
/// Points whose x is not finite are left out. Where x goes back, the line is drawn as its envelope once there are too
/// many points to draw them all.
#[derive(Clone, Debug, Default)]
pub struct Line {
    x: Vec<f64>,
    y: Numbers<f64>,
    is_sorted: bool,
}

impl FromIterator<(f64, f64)> for Line {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(points: I) -> Self {
        let points = points.into_iter();
        let mut line = Self {
            x: Vec::with_capacity(points.size_hint().0),
            ..Self::default()
        };
        for (x, y) in points.filter(|(x, _)| x.is_finite()) {
            line.x.push(x);
            line.y.push(y);
        }
        line.is_sorted = line.x.is_sorted();
        line
    }
}

impl Heights for Numbers<f64> {
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

impl Line {
    /// The x of all points.
    #[must_use]
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// All points in their order.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.x.iter().enumerate().map(|(at, x)| (*x, self.y.y(at)))
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// What to draw of the points whose x is in `range`, ends included, on `pixels` columns.
    #[must_use]
    pub fn window(&self, range: Range<f64>, pixels: usize, spread: Spread) -> Columns {
        let Some(view) = View::new(range.clone(), pixels, spread) else {
            return Columns::default();
        };
        if self.is_sorted {
            return look(&*self.x, &self.y, &view);
        }
        let inside = |x: f64| range.start <= x && x <= range.end;
        if self
            .x
            .iter()
            .filter(|x| inside(**x))
            .count()
            .div_ceil(super::POINTS_PER_COLUMN)
            <= pixels
        {
            return self.scattered(&view, inside);
        }
        self.envelope(&view, pixels, inside)
    }

    fn first_finite(&self) -> Option<f64> {
        self.points().map(|(_, y)| y).find(|y| y.is_finite())
    }

    /// The points themselves, in their order.
    fn scattered(&self, view: &View, inside: impl Fn(f64) -> bool) -> Columns {
        let mut columns = Columns {
            is_exact: true,
            ..Columns::default()
        };
        let mut last = None;
        let mut before = self.first_finite();
        for (at, (x, y)) in self.points().enumerate() {
            if y.is_finite() {
                before = Some(y);
            }
            if !inside(x) {
                continue;
            }
            if !y.is_finite() {
                columns.marks.push(mark(view.place(x), before, y));
                continue;
            }
            columns.is_broken.push(last.is_none_or(|last| at > last + 1) && at > 0);
            add(&mut columns, view.place(x), [y, y, y, y]);
            last = Some(at);
        }
        columns
    }

    /// For each column of pixels the values that are there, in whatever order they come.
    fn envelope(&self, view: &View, pixels: usize, inside: impl Fn(f64) -> bool) -> Columns {
        let mut found: Vec<Option<[f64; 4]>> = vec![None; pixels];
        let mut marks: Vec<Option<Mark>> = vec![None; pixels];
        let mut before = self.first_finite();
        for (x, y) in self.points() {
            if y.is_finite() {
                before = Some(y);
            }
            if !inside(x) {
                continue;
            }
            let column = (view.place(x).max(0.0) as usize).min(pixels - 1);
            if !y.is_finite() {
                let new = mark(column as f64 + 0.5, before, y);
                let old = marks[column].get_or_insert(new);
                old.is_nan |= new.is_nan;
                old.is_above |= new.is_above;
                old.is_below |= new.is_below;
                continue;
            }
            let [_, min, max, last] = found[column].get_or_insert([y; 4]);
            (*min, *max, *last) = (min.min(y), max.max(y), y);
        }
        let mut columns = Columns {
            marks: marks.into_iter().flatten().collect(),
            ..Columns::default()
        };
        for (column, values) in found.into_iter().enumerate() {
            if let Some(values) = values {
                columns.is_broken.push(false);
                add(&mut columns, column as f64 + 0.5, values);
            }
        }
        columns
    }
}

fn add(columns: &mut Columns, x: f64, [first, min, max, last]: [f64; 4]) {
    columns.x.push(x);
    columns.first.push(first);
    columns.min.push(min);
    columns.max.push(max);
    columns.last.push(last);
}

fn mark(x: f64, y: Option<f64>, value: f64) -> Mark {
    let (is_above, is_below) = (value == f64::INFINITY, value == f64::NEG_INFINITY);
    Mark {
        x,
        y,
        is_nan: value.is_nan(),
        is_above,
        is_below,
    }
}
