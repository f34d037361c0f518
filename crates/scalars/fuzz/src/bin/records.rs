//! Records of any bytes whose checksums hold: what the readers of messages meet. 0xfe parts them.
#![no_main]

use flowdeck_scalars::EventWriter;
use flowdeck_scalars_fuzz::{bits, check, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = EventWriter::default();
    bytes.split(|byte| *byte == 0xfe).for_each(|record| file.record(record));
    let (store, reader) = read(file.bytes(), &[]);
    assert_eq!(reader.pending(), 0);
    if let Some(run) = store.run("run") {
        check(run);
        assert_eq!(
            bits(run),
            bits(read(file.bytes(), &[3, 200, 0]).0.run("run").expect("it was read"))
        );
    }
});
