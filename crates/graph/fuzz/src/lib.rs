//! Holds the promises that the fuzz targets check: those of the crate's own tests.
//!
//! `cd crates/graph/fuzz && cargo run --release --bin read -- -max_total_time=600 corpus/read`
//! (or `attach`) runs libFuzzer on the stable compiler; `.cargo/config.toml` has its flags.

#[path = "../../tests/promises/mod.rs"]
mod promises;

use flowdeck_graph::{Pipeline, ReadError};

/// Panics if a pipeline that was read from texts breaks a promise.
pub fn hold(pipeline: &Pipeline, texts: &[&[u8]]) {
    promises::hold(pipeline, texts);
}

/// Panics if an error points outside of its text.
pub fn hold_error(error: &ReadError, text: &[u8]) {
    promises::hold_error(error, text);
}
