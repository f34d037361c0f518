//! Reads any bytes as a pipeline: an error inside of the text, or a graph that keeps its promises.
#![no_main]

use flowdeck_graph::{Hint, read};
use flowdeck_graph_fuzz::{hold, hold_error};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for hint in [Hint::Yaml, Hint::Json] {
        match read(bytes, hint) {
            Ok(pipeline) => hold(&pipeline, &[bytes]),
            Err(error) => hold_error(&error, bytes),
        }
    }
});
