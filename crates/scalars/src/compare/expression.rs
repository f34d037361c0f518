//! Computes an expression of tags, step by step: `train/loss - eval/loss`, `exp(loss)`.

use super::formula::{ExpressionError, Formula, Step, parse};
use crate::store::Series;
use crate::window::Line;

/// An expression of tags.
///
/// ```
/// use flowdeck_scalars::Expression;
/// let gap = Expression::parse("`eval/loss` - train/loss").expect("it is well formed");
/// assert_eq!(gap.tags(), ["eval/loss", "train/loss"]);
/// assert_eq!(Expression::parse("2 *").unwrap_err().to_string(), "it ends too early at character 4");
/// ```
#[derive(Clone, Debug)]
pub struct Expression {
    formula: Formula,
}

/// A run lacks a tag that the expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingTag(
    /// Its name.
    pub String,
);

impl std::fmt::Display for MissingTag {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "there is no tag {}", self.0)
    }
}

impl std::error::Error for MissingTag {}

impl Expression {
    /// Reads an expression: numbers, tags (in backquotes where they have odd characters), `+ - * / ^`, parentheses,
    /// `abs exp ln log10 sqrt sign min max pow`.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        Ok(Self { formula: parse(text)? })
    }

    /// The tags that it names, each once.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.formula.tags
    }

    /// Its value at each step that all of its tags have, over the step.
    ///
    /// Without a tag there is no step, and so no point. What cannot be computed is NaN, as in `0 / 0`.
    ///
    /// # Errors
    /// A tag that `series` does not find.
    pub fn evaluate<'a>(&self, series: impl Fn(&str) -> Option<&'a Series>) -> Result<Line, MissingTag> {
        let mut sources = Vec::new();
        for tag in &self.formula.tags {
            sources.push(series(tag).ok_or_else(|| MissingTag(tag.clone()))?.points().peekable());
        }
        let Some((first, rest)) = sources.split_first_mut() else {
            return Ok(Line::default());
        };
        let (mut values, mut stack) = (Vec::new(), Vec::new());
        let mut points = Vec::new();
        for point in first {
            values.clear();
            values.push(point.value);
            for other in &mut *rest {
                while other.next_if(|other| other.step < point.step).is_some() {}
                values.extend(other.next_if(|other| other.step == point.step).map(|other| other.value));
            }
            if values.len() == self.formula.tags.len() {
                points.push((point.step as f64, self.value(&values, &mut stack)));
            }
        }
        Ok(points.into_iter().collect())
    }

    fn value(&self, tags: &[f64], stack: &mut Vec<f64>) -> f64 {
        stack.clear();
        for step in &self.formula.steps {
            let mut pop = || stack.pop().unwrap_or(f64::NAN);
            let value = match step {
                Step::Number(number) => *number,
                Step::Tag(at) => tags[*at],
                Step::Negate => -pop(),
                Step::One(work) => work(pop()),
                Step::Two(work) => {
                    let other = pop();
                    work(pop(), other)
                }
            };
            stack.push(value);
        }
        stack.pop().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Number;
    use proptest::prelude::*;

    fn series(points: &[(i64, f64)]) -> Series {
        let mut series = Series::new("t");
        points
            .iter()
            .for_each(|(step, value)| series.push(*step, 0.0, Number::Double(*value)));
        series
    }

    fn check(text: &str, expect: f64) {
        let (a, b) = (series(&[(0, 3.0)]), series(&[(0, 2.0)]));
        let line = Expression::parse(text)
            .unwrap()
            .evaluate(|tag| if tag == "a/b" { Some(&b) } else { Some(&a) })
            .unwrap();
        let seen: Vec<(f64, f64)> = line.points().collect();
        let is_same = seen[0].1 == expect || seen[0].1.is_nan() && expect.is_nan();
        assert!(
            is_same || (seen[0].1 - expect).abs() < 1e-12,
            "{text} is {}, not {expect}",
            seen[0].1
        );
    }

    #[test]
    fn operations_bind_as_in_school() {
        check("a + 2 * a/b", 7.0);
        check("(a + 2) * a/b", 10.0);
        check("a / a/b", 1.5);
        check("a - 1 - 1", 1.0);
        check("-a ^ 2", -9.0);
        check("2 ^ a ^ a/b", 512.0);
        check("a * -2.5e-1", -0.75);
        check(
            "max(a, `a/b`) + min(a, 1) + abs(-a) + sqrt(a + 1) + ln(exp(a)) + log10(pow(10, a)) + sign(-a)",
            14.0,
        );
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        check("sign(a - 3) + sign(-0)", 0.0);
        check("a / 0", f64::INFINITY);
        check("-a / 0", f64::NEG_INFINITY);
        for text in [
            "(a - a) / 0",
            "sqrt(-a)",
            "ln(-a)",
            "min(0 / 0, a)",
            "max(a, 0 / 0)",
            "sign(a * (0 / 0))",
            "(-a) ^ 0.5",
        ] {
            check(text, f64::NAN);
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, at) in [
            ("", 0),
            ("1 +", 3),
            ("(a", 2),
            ("a b", 2),
            ("foo(a)", 0),
            ("min(a)", 5),
            ("`a", 0),
            ("1.2.3", 0),
            ("a $ b", 2),
            ("`späť` $ b", 7),
        ] {
            assert_eq!(Expression::parse(text).unwrap_err().at, at, "{text}");
        }
        assert_eq!(Expression::parse(&"(".repeat(10_000)).unwrap_err().what, "too deep");
    }

    #[test]
    fn only_steps_that_all_tags_have_are_computed() {
        let (a, b) = (
            series(&[(0, 1.0), (1, 2.0), (3, 4.0), (5, 0.0)]),
            series(&[(1, 1.0), (2, 1.0), (3, 2.0), (5, 0.0)]),
        );
        let find = |tag: &str| match tag {
            "a" => Some(&a),
            "b" => Some(&b),
            _ => None,
        };
        let points: Vec<(f64, f64)> = Expression::parse("a / b")
            .unwrap()
            .evaluate(find)
            .unwrap()
            .points()
            .collect();
        assert_eq!(points[..2], [(1.0, 2.0), (3.0, 2.0)]);
        assert!(points[2].1.is_nan());
        assert_eq!(
            Expression::parse("a + c").unwrap().evaluate(find).unwrap_err(),
            MissingTag("c".to_owned())
        );
        assert!(Expression::parse("1 + 1").unwrap().evaluate(find).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "[-a-c0-9+*/^()., `e]{0,40}") {
            if let Ok(expression) = Expression::parse(&text) {
                let one = series(&[(0, 1.0)]);
                let line = expression.evaluate(|_| Some(&one)).unwrap();
                prop_assert_eq!(line.len(), usize::from(!expression.tags().is_empty()));
            }
        }
    }
}
