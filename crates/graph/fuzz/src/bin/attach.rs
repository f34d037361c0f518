//! Reads two texts, a line of tildes between them, and attaches the second to the first.
#![no_main]

use flowdeck_graph::{Hint, read};
use flowdeck_graph_fuzz::hold;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(at) = bytes.windows(5).position(|line| line == b"\n~~~\n") else {
        return;
    };
    let (spec, run) = (&bytes[..at + 1], &bytes[at + 5..]);
    if let (Ok(spec_read), Ok(run_read)) = (read(spec, Hint::None), read(run, Hint::None)) {
        hold(&spec_read.attach(&run_read), &[spec, run]);
    }
});
