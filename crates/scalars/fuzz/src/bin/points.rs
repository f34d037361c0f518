//! Points of any steps and values: windows, smoothing, domains and ticks keep what they promise.
#![no_main]

use flowdeck_scalars::{
    EventReader, EventWriter, Notation, Scale, Smoothing, Spread, Store, UTC, XAxis, axis, domain, nearest, nice,
    smooth, ticks, time_nice, time_ticks, value,
};
use flowdeck_scalars_fuzz::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<(i16, f32)>, [f64; 3], u8)| {
    let (points, [from, to, weight], pixels) = input;
    let mut file = EventWriter::default();
    for (at, (step, value)) in points.iter().enumerate() {
        file.scalar(at as f64, i64::from(*step), "t", *value);
    }
    let mut store = Store::default();
    EventReader::default().push(file.bytes(), store.run_mut("run"));
    let run = store.run("run").expect("it was named");
    check(run);
    let Some(series) = run.series("t") else { return };
    let pixels = usize::from(pixels);
    let columns = series.window(from..to, pixels);
    assert_eq!(columns, series.window_scanned(from..to, pixels));
    let line = series.line(XAxis::Relative);
    assert!(columns.min.iter().zip(&columns.max).all(|(low, high)| low <= high));
    assert!(
        columns
            .marks
            .iter()
            .all(|mark| mark.is_nan || mark.is_above || mark.is_below)
    );
    let _ = (
        line.window(from..to, pixels, Spread::Log),
        series.nearest(from),
        nearest(line.x(), to),
    );
    let values: Vec<f64> = series.values().collect();
    for kind in [
        Smoothing::Classic { weight },
        Smoothing::TimeWeighted { weight },
        Smoothing::RunningMean { reach: pixels },
    ] {
        let smoothed = smooth(kind, line.x(), &values);
        assert!(
            smoothed
                .iter()
                .zip(&values)
                .all(|(one, other)| other.is_finite() || one.to_bits() == other.to_bits())
        );
    }
    for scale in [Scale::Linear, Scale::Log10] {
        let _ = domain(line.points(), scale, scale, true);
        if from <= to && from.is_finite() && to.is_finite() {
            let (low, high) = nice(scale, from, to);
            let _ = (
                ticks(scale, low, high, pixels),
                axis(scale, Notation::Si, from, to, pixels),
            );
        }
    }
    let (low, high) = time_nice(&UTC, from, to);
    let _ = (time_ticks(&UTC, low, high, pixels), value(weight));
});
