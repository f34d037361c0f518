//! Reads a line between its points, and takes one line from another.

use crate::window::Line;

/// Reads a line at ascending places, each by a short walk from the one before.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    x: &'a [f64],
    y: Vec<f64>,
    at: usize,
    /// The points whose y is finite, if others were left out.
    kept: Option<Vec<f64>>,
}

impl<'a> Reader<'a> {
    /// Points that are not finite are read over.
    pub(super) fn new(line: &'a Line) -> Self {
        if line.points().all(|(_, y)| y.is_finite()) {
            let y = line.points().map(|point| point.1).collect();
            return Self {
                x: line.x(),
                y,
                at: 0,
                kept: None,
            };
        }
        let (kept, y) = line.points().filter(|(_, y)| y.is_finite()).unzip();
        Self {
            x: &[],
            y,
            at: 0,
            kept: Some(kept),
        }
    }

    fn places(&self) -> &[f64] {
        self.kept.as_deref().unwrap_or(self.x)
    }

    /// From where to where the line goes.
    pub(super) fn span(&self) -> Option<(f64, f64)> {
        Some((*self.places().first()?, *self.places().last()?))
    }

    /// The y at a place not left of the one asked for before; none outside of the line.
    pub(super) fn read(&mut self, x: f64) -> Option<f64> {
        let places = self.kept.as_deref().unwrap_or(self.x);
        while places.get(self.at).is_some_and(|place| *place < x) {
            self.at += 1;
        }
        let (right, y) = (*self.places().get(self.at)?, self.y[self.at]);
        if right == x {
            return Some(y);
        }
        let before = self.at.checked_sub(1)?;
        let (left, from) = (self.places()[before], self.y[before]);
        Some(from + (y - from) * ((x - left) / (right - left)))
    }
}

/// The y of a line with ascending x at a place: straight between two points, none outside of the line.
#[must_use]
pub fn interpolate(line: &Line, x: f64) -> Option<f64> {
    Reader::new(line).read(x)
}

/// How far `line` lies above `baseline`, at the points of `line` that lie within it. Both have ascending x.
#[must_use]
pub fn difference(line: &Line, baseline: &Line) -> Line {
    let mut baseline = Reader::new(baseline);
    line.points()
        .filter_map(|(x, y)| Some((x, y - baseline.read(x)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_by_hand() {
        let line: Line = [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 4.0), (9.0, 1.0)]
            .into_iter()
            .collect();
        let baseline: Line = [(0.5, 0.0), (1.5, 1.0), (2.0, f64::NAN), (3.5, 3.0)]
            .into_iter()
            .collect();
        let seen: Vec<(f64, f64)> = difference(&line, &baseline).points().collect();
        assert_eq!(seen[0], (1.0, 1.5));
        assert!(seen[1].1.is_nan());
        assert_eq!(seen[2], (3.0, 4.0 - 2.5));
        assert_eq!(seen.len(), 3);
        assert_eq!(interpolate(&Line::default(), 1.0), None);
        assert_eq!(interpolate(&baseline, 2.5), Some(2.0));
    }
}
