//! A file of any bytes: read in any pieces it gives the same, and never a panic.
#![no_main]

use flowdeck_scalars_fuzz::{bits, check, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // How many cuts, the cuts, the file.
    let Some((count, rest)) = input.split_first() else {
        return;
    };
    let (cuts, bytes) = rest.split_at(usize::from(count % 8).min(rest.len()));
    let (whole, reader) = read(bytes, &[]);
    let (pieces, other) = read(bytes, cuts);
    assert_eq!(reader.problems().first(), other.problems().first());
    assert_eq!(
        (reader.offset(), reader.pending(), reader.is_dead()),
        (other.offset(), other.pending(), other.is_dead())
    );
    if let (Some(one), Some(two)) = (whole.run("run"), pieces.run("run")) {
        check(one);
        assert_eq!(bits(one), bits(two));
    }
});
