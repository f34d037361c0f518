//! Finds the smallest and the largest of many numbers with the processor's vectors, for `f32` and `f64`.
//!
//! The loops are plain and safe; they are shaped so that LLVM makes `minps`/`pmin` of them, natively and with `simd128`:
//! eight lanes that do not depend on each other, and `if a < b` as those instructions have it (a NaN never wins).

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
    ($kind:ident, $lanes:expr) => {
        impl Real for $kind {
            const NONE: [Self; 2] = [Self::INFINITY, Self::NEG_INFINITY];

            fn wide(self) -> f64 {
                f64::from(self)
            }

            fn min_max<'a>(slices: impl Iterator<Item = &'a [Self]>) -> [Self; 2] {
                const LANES: usize = $lanes;
                let mut all = Self::NONE;
                for slice in slices {
                    let (mut low, mut high) = ([all[0]; LANES], [all[1]; LANES]);
                    let (chunks, rest) = slice.as_chunks::<LANES>();
                    for chunk in chunks {
                        for lane in 0..LANES {
                            low[lane] = if chunk[lane] < low[lane] {
                                chunk[lane]
                            } else {
                                low[lane]
                            };
                        }
                        for lane in 0..LANES {
                            high[lane] = if chunk[lane] > high[lane] {
                                chunk[lane]
                            } else {
                                high[lane]
                            };
                        }
                    }
                    for lane in 0..LANES {
                        all = Self::join(all, [low[lane], high[lane]]);
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

real!(f32, 16);
real!(f64, 8);
