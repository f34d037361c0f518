//! What `f32` and `f64` have in common: the smallest and the largest of many.

use super::simd;

/// What `f32` and `f64` have in common here.
pub(crate) trait Real: Copy + PartialOrd + std::fmt::Debug + 'static {
    /// Of no numbers at all: larger than all, smaller than all.
    const NONE: [Self; 2];

    fn wide(self) -> f64;

    /// The smallest and largest of numbers none of which is infinite; NaN does not count.
    fn min_max<'a>(slices: impl Iterator<Item = &'a [Self]>) -> [Self; 2]
    where
        Self: 'a;

    /// The smallest and largest of those numbers that are finite.
    fn min_max_finite<'a>(slices: impl Iterator<Item = &'a [Self]>) -> [Self; 2]
    where
        Self: 'a;

    fn join(one: [Self; 2], other: [Self; 2]) -> [Self; 2] {
        [
            if other[0] < one[0] { other[0] } else { one[0] },
            if other[1] > one[1] { other[1] } else { one[1] },
        ]
    }
}

macro_rules! real {
    ($kind:ident, $chunks:path) => {
        impl Real for $kind {
            const NONE: [Self; 2] = [Self::INFINITY, Self::NEG_INFINITY];

            fn wide(self) -> f64 {
                f64::from(self)
            }

            fn min_max<'a>(slices: impl Iterator<Item = &'a [Self]>) -> [Self; 2] {
                let mut all = Self::NONE;
                for slice in slices {
                    let (chunks, rest) = slice.as_chunks();
                    if !chunks.is_empty() {
                        all = Self::join(all, $chunks(chunks));
                    }
                    for &one in rest {
                        all = Self::join(all, [one, one]);
                    }
                }
                all
            }

            fn min_max_finite<'a>(slices: impl Iterator<Item = &'a [Self]>) -> [Self; 2] {
                let mut all = Self::NONE;
                for &one in slices.flatten().filter(|one| one.is_finite()) {
                    all = Self::join(all, [one, one]);
                }
                all
            }
        }
    };
}

real!(f32, simd::min_max_f32);
real!(f64, simd::min_max_f64);
