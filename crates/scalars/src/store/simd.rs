//! The smallest and largest of a slice of numbers, with the processor's vectors.
//!
//! Natively LLVM makes `minps` and `maxps` of plain loops over lanes that do not depend on each other. For Wasm it does
//! not where the page is made small (`opt-level = "z"` with fat LTO), so there the instructions of `simd128` are named;
//! `pmin(a, b)` is `b < a ? b : a`, so that a NaN never wins.

/// Numbers at a time: four vectors, because one comparison does not wait for the one before.
const BYTES: usize = 64;

#[cfg(not(target_arch = "wasm32"))]
macro_rules! lanes {
    ($name:ident, $kind:ident) => {
        /// The smallest and largest; infinity and its negative if there is none. NaN does not count.
        pub(super) fn $name(chunks: &[[$kind; BYTES / size_of::<$kind>()]]) -> [$kind; 2] {
            const LANES: usize = BYTES / size_of::<$kind>();
            let (mut low, mut high) = ([$kind::INFINITY; LANES], [$kind::NEG_INFINITY; LANES]);
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
            let least = low
                .into_iter()
                .fold($kind::INFINITY, |all, one| if one < all { one } else { all });
            let most = high
                .into_iter()
                .fold($kind::NEG_INFINITY, |all, one| if one > all { one } else { all });
            [least, most]
        }
    };
}

#[cfg(not(target_arch = "wasm32"))]
lanes!(min_max_f32, f32);
#[cfg(not(target_arch = "wasm32"))]
lanes!(min_max_f64, f64);

#[cfg(target_arch = "wasm32")]
pub(super) use wasm::{min_max_f32, min_max_f64};

#[cfg(target_arch = "wasm32")]
#[expect(
    unsafe_code,
    reason = "loading a vector from memory is unsafe in core::arch; each load is of an array of that size"
)]
mod wasm {
    use super::BYTES;
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
            pub(in crate::store) fn $name(chunks: &[[$kind; BYTES / size_of::<$kind>()]]) -> [$kind; 2] {
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
