//! The smallest and largest of many numbers, with the processor's vectors.
//!
//! LLVM makes no vectors of such loops, neither natively nor for Wasm (measured: 0.9 and 1.5 ms a million), so the
//! instructions are named: SSE2, which each x86-64 has, and `simd128`. Elsewhere a plain loop does the same.
//! All of them keep what they have where a NaN comes: `min(a, b)` is `a < b ? a : b`.

/// Bytes at a time: four vectors, because one comparison does not wait for the one before.
const BYTES: usize = 64;

/// The numbers of [`BYTES`].
type Chunk<T, const N: usize> = [T; N];

/// A function that takes chunks to their smallest and largest number; infinity and its negative if there is none.
#[cfg(target_arch = "x86_64")]
macro_rules! vectors {
    ($name:ident, $kind:ident, $lanes:literal, $feature:literal, $load:expr, $splat:expr, $min:expr, $max:expr, $store:expr) => {
        pub(in crate::store) fn $name(chunks: &[Chunk<$kind, { BYTES / size_of::<$kind>() }>]) -> [$kind; 2] {
            #[target_feature(enable = $feature)]
            fn named(chunks: &[Chunk<$kind, { BYTES / size_of::<$kind>() }>]) -> [$kind; 2] {
                let mut low = [$splat($kind::INFINITY); 4];
                let mut high = [$splat($kind::NEG_INFINITY); 4];
                for chunk in chunks {
                    let first = chunk.as_ptr();
                    for at in 0..4 {
                        // SAFETY: a chunk is four vectors of $lanes numbers (asserted below); loads need no alignment.
                        let value = unsafe { $load(first.add(at * $lanes)) };
                        low[at] = $min(value, low[at]);
                        high[at] = $max(value, high[at]);
                    }
                }
                const { assert!(4 * $lanes * size_of::<$kind>() == BYTES) };
                let low = $min($min(low[0], low[1]), $min(low[2], low[3]));
                let high = $max($max(high[0], high[1]), $max(high[2], high[3]));
                let (mut lows, mut highs) = ([0.0; $lanes], [0.0; $lanes]);
                // SAFETY: each array is as long as a vector; stores need no alignment.
                unsafe {
                    $store(lows.as_mut_ptr(), low);
                    $store(highs.as_mut_ptr(), high);
                }
                let least = lows
                    .into_iter()
                    .fold($kind::INFINITY, |all, one| if one < all { one } else { all });
                let most = highs
                    .into_iter()
                    .fold($kind::NEG_INFINITY, |all, one| if one > all { one } else { all });
                [least, most]
            }
            // SAFETY: each x86-64 processor has SSE2.
            unsafe { named(chunks) }
        }
    };
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vectors go through pointers; each block says why that holds")]
mod named {
    use super::{BYTES, Chunk};
    use core::arch::x86_64::{
        _mm_loadu_pd, _mm_loadu_ps, _mm_max_pd, _mm_max_ps, _mm_min_pd, _mm_min_ps, _mm_set1_pd, _mm_set1_ps,
        _mm_storeu_pd, _mm_storeu_ps,
    };

    vectors!(
        min_max_f32,
        f32,
        4,
        "sse2",
        _mm_loadu_ps,
        _mm_set1_ps,
        _mm_min_ps,
        _mm_max_ps,
        _mm_storeu_ps
    );
    vectors!(
        min_max_f64,
        f64,
        2,
        "sse2",
        _mm_loadu_pd,
        _mm_set1_pd,
        _mm_min_pd,
        _mm_max_pd,
        _mm_storeu_pd
    );
}

#[cfg(target_arch = "wasm32")]
#[expect(
    unsafe_code,
    reason = "loading a vector from memory is unsafe in core::arch; each load is of an array of that size"
)]
mod named {
    use super::{BYTES, Chunk};
    use core::arch::wasm32::{
        f32x4_extract_lane, f32x4_pmax, f32x4_pmin, f32x4_splat, f64x2_extract_lane, f64x2_pmax, f64x2_pmin,
        f64x2_splat, v128, v128_load,
    };

    /// The four vectors of a chunk.
    #[target_feature(enable = "simd128")]
    fn vectors<T, const N: usize>(chunk: &[T; N]) -> [v128; 4] {
        const { assert!(size_of::<[T; N]>() == BYTES) };
        let first = std::ptr::from_ref(chunk).cast::<v128>();
        // SAFETY: the chunk is four vectors long (asserted above), and `v128_load` needs no alignment.
        unsafe {
            [
                v128_load(first),
                v128_load(first.add(1)),
                v128_load(first.add(2)),
                v128_load(first.add(3)),
            ]
        }
    }

    macro_rules! lanes {
        ($name:ident, $kind:ident, $splat:ident, $pmin:ident, $pmax:ident, [$($lane:literal),*], $extract:ident) => {
            #[target_feature(enable = "simd128")]
            pub(in crate::store) fn $name(chunks: &[Chunk<$kind, { BYTES / size_of::<$kind>() }>]) -> [$kind; 2] {
                let mut low = [$splat($kind::INFINITY); 4];
                let mut high = [$splat($kind::NEG_INFINITY); 4];
                for chunk in chunks {
                    let values = vectors(chunk);
                    for at in 0..4 {
                        low[at] = $pmin(low[at], values[at]);
                        high[at] = $pmax(high[at], values[at]);
                    }
                }
                let low = $pmin($pmin(low[0], low[1]), $pmin(low[2], low[3]));
                let high = $pmax($pmax(high[0], high[1]), $pmax(high[2], high[3]));
                let mut all = [$kind::INFINITY, $kind::NEG_INFINITY];
                $(
                    let (one, other) = ($extract::<$lane>(low), $extract::<$lane>(high));
                    all[0] = if one < all[0] { one } else { all[0] };
                    all[1] = if other > all[1] { other } else { all[1] };
                )*
                all
            }
        };
    }

    lanes!(
        min_max_f32,
        f32,
        f32x4_splat,
        f32x4_pmin,
        f32x4_pmax,
        [0, 1, 2, 3],
        f32x4_extract_lane
    );
    lanes!(
        min_max_f64,
        f64,
        f64x2_splat,
        f64x2_pmin,
        f64x2_pmax,
        [0, 1],
        f64x2_extract_lane
    );
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
mod named {
    use super::{BYTES, Chunk};

    macro_rules! plain {
        ($name:ident, $kind:ident) => {
            pub(in crate::store) fn $name(chunks: &[Chunk<$kind, { BYTES / size_of::<$kind>() }>]) -> [$kind; 2] {
                let start = [$kind::INFINITY, $kind::NEG_INFINITY];
                chunks.as_flattened().iter().fold(start, |[low, high], one| {
                    [
                        if *one < low { *one } else { low },
                        if *one > high { *one } else { high },
                    ]
                })
            }
        };
    }

    plain!(min_max_f32, f32);
    plain!(min_max_f64, f64);
}

pub(super) use named::{min_max_f32, min_max_f64};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nan_never_wins_wherever_it_is() {
        for at in 0..16 {
            let mut chunk = [1.0_f32; 16];
            chunk[(at + 5) % 16] = -2.0;
            chunk[(at + 6) % 16] = 3.0;
            chunk[at] = f32::NAN;
            assert_eq!(min_max_f32(&[chunk, [f32::NAN; 16]]), [-2.0, 3.0], "at {at}");
            let mut wide = [f64::NAN; 8];
            wide[at % 8] = 7.0;
            assert_eq!(min_max_f64(&[wide, [f64::NAN; 8]]), [7.0, 7.0], "at {at}");
        }
        assert_eq!(min_max_f64(&[]), [f64::INFINITY, f64::NEG_INFINITY]);
    }

    proptest! {
        #[test]
        fn vectors_find_what_a_loop_finds(single in prop::collection::vec(any::<[f32; 16]>(), 0..20), double in prop::collection::vec(any::<[f64; 8]>(), 0..20)) {
            let least = single.as_flattened().iter().copied().fold(f32::INFINITY, f32::min);
            let most = single.as_flattened().iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert_eq!(min_max_f32(&single), [least, most]);
            let least = double.as_flattened().iter().copied().fold(f64::INFINITY, f64::min);
            let most = double.as_flattened().iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(min_max_f64(&double), [least, most]);
        }
    }
}
