//! An expression of any text: an error with its place, or a value. The same text as tags, put in order.
#![no_main]

use flowdeck_scalars::{EventReader, EventWriter, Expression, Store, compare_tags, groups};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (one, other) = text.split_at(text.floor_char_boundary(text.len() / 2));
    assert_eq!(compare_tags(one, other), compare_tags(other, one).reverse());
    let shown = groups(text.split(' '))
        .iter()
        .map(|group| group.tags.len())
        .sum::<usize>();
    assert_eq!(shown, text.split(' ').count());
    match Expression::parse(text) {
        Err(error) => assert!(error.at <= text.len()),
        Ok(expression) => {
            let (mut file, mut store) = (EventWriter::default(), Store::default());
            file.scalar(0.0, 0, "t", 0.5);
            EventReader::default().push(file.bytes(), store.run_mut("run"));
            let series = store.run("run").and_then(|run| run.series("t"));
            let line = expression.evaluate(|_| series).expect("each tag is found");
            assert_eq!(line.len(), usize::from(!expression.tags().is_empty()));
        }
    }
});
