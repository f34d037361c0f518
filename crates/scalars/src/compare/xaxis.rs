//! Draws a series over its steps, over time, or over another tag.

use crate::store::Series;
use crate::window::Line;

/// What x is.
#[derive(Clone, Copy, Debug, Default)]
pub enum XAxis<'a> {
    /// The step.
    #[default]
    Step,
    /// Milliseconds since the series' first point, as TensorBoard has it.
    Relative,
    /// Milliseconds since 1970.
    Wall,
    /// Another tag's value at the same step; steps that it does not have are left out.
    Tag(&'a Series),
}

impl Series {
    /// The series over another x.
    #[must_use]
    pub fn line(&self, x: XAxis<'_>) -> Line {
        let start = self.first().map_or(0.0, |point| point.wall);
        match x {
            XAxis::Step => self.steps().map(|step| step as f64).zip(self.values()).collect(),
            XAxis::Relative => self
                .walls()
                .map(|wall| (wall - start) * 1000.0)
                .zip(self.values())
                .collect(),
            XAxis::Wall => self.walls().map(|wall| wall * 1000.0).zip(self.values()).collect(),
            XAxis::Tag(other) => {
                let mut others = other.points().peekable();
                let pairs = self.points().filter_map(|point| {
                    while others.next_if(|other| other.step < point.step).is_some() {}
                    others
                        .next_if(|other| other.step == point.step)
                        .map(|other| (other.value, point.value))
                });
                pairs.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Number;

    fn series(points: &[(i64, f64, f64)]) -> Series {
        let mut series = Series::new("t");
        points
            .iter()
            .for_each(|(step, wall, value)| series.push(*step, *wall, Number::Double(*value)));
        series
    }

    #[test]
    fn each_axis_by_hand() {
        let loss = series(&[(1, 10.0, 0.5), (2, 10.25, 0.25), (4, 11.0, 0.125)]);
        let epoch = series(&[(0, 0.0, 0.0), (2, 0.0, 1.0), (3, 0.0, 1.5), (4, 0.0, 2.0)]);
        let points = |x| loss.line(x).points().collect::<Vec<_>>();
        assert_eq!(points(XAxis::Step), [(1.0, 0.5), (2.0, 0.25), (4.0, 0.125)]);
        assert_eq!(points(XAxis::Relative), [(0.0, 0.5), (250.0, 0.25), (1000.0, 0.125)]);
        assert_eq!(points(XAxis::Wall)[2], (11_000.0, 0.125));
        assert_eq!(points(XAxis::Tag(&epoch)), [(1.0, 0.25), (2.0, 0.125)]);
    }
}
