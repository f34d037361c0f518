//! What holds of a store whatever was read into it.

use flowdeck_scalars::{EventReader, Run, Store};

/// Reads one file in pieces of the lengths that `cuts` says, over and over.
pub fn read(bytes: &[u8], cuts: &[u8]) -> (Store, EventReader) {
    let (mut store, mut reader) = (Store::default(), EventReader::default());
    let mut rest = bytes;
    for cut in cuts.iter().cycle().map(|cut| usize::from(*cut) + 1) {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at(cut.min(rest.len()));
        reader.push(now, store.run_mut("run"));
        rest = later;
    }
    if cuts.is_empty() {
        reader.push(rest, store.run_mut("run"));
    }
    (store, reader)
}

/// All numbers of a run, as bits.
pub fn bits(run: &Run) -> Vec<(String, Vec<(i64, u64, u64)>)> {
    let series = run.all_series().iter().map(|series| {
        let points = series
            .points()
            .map(|point| (point.step, point.wall.to_bits(), point.value.to_bits()));
        (series.tag().to_owned(), points.collect())
    });
    series.collect()
}

/// Checks what is true of any run: steps ascend, times are numbers, the extent is that of the values.
pub fn check(run: &Run) {
    for series in run.all_series() {
        assert!(series.steps().zip(series.steps().skip(1)).all(|(one, next)| one < next));
        assert!(series.walls().all(|wall| !wall.is_nan()));
        let finite = series.values().filter(|value| value.is_finite());
        let plain = finite.fold(None, |extent: Option<(f64, f64)>, value| {
            Some(extent.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        assert_eq!(series.extent(), plain);
        if let (Some(first), Some(last)) = (series.first(), series.last()) {
            let range = first.step as f64..last.step as f64;
            assert_eq!(series.window(range.clone(), 7), series.window_scanned(range, 7));
        }
    }
    let _ = (run.plugins(), run.session(), run.tags().count());
}
