//! Says in words and numbers what a log directory has.

use flowdeck_scalars::{EventReader, Param, Store, step, value};
use std::io::{Result, Write};
use std::path::PathBuf;

/// Runs, tags, counts and ranges, and what could not be read.
pub(crate) fn summary(store: &Store, readers: &[(PathBuf, EventReader)], to: &mut impl Write) -> Result<()> {
    for run in store.by_start() {
        writeln!(to, "{}", run.name())?;
        if let Some(session) = run.session() {
            let param = |(name, value): &(String, Param)| format!("{name} = {value}");
            let params: Vec<String> = session.params.iter().map(param).collect();
            writeln!(to, "  {:?}: {}", session.status, params.join(", "))?;
        }
        for series in run.all_series() {
            let (Some(first), Some(last)) = (series.first(), series.last()) else {
                continue;
            };
            let (low, high) = series.extent().unwrap_or((f64::NAN, f64::NAN));
            let [points, pyramid] = series.bytes();
            writeln!(
                to,
                "  {}: {} points, steps {} to {}, values {} to {}, last {}; {} bytes",
                series.tag(),
                series.len(),
                step(first.step),
                step(last.step),
                value(low),
                value(high),
                value(last.value),
                points + pyramid,
            )?;
        }
        let others = run.plugins().into_iter().filter(|(plugin, _)| *plugin != "scalars");
        for (plugin, tags) in others {
            writeln!(to, "  not drawn: {tags} of {plugin}")?;
        }
    }
    for (path, reader) in readers {
        for problem in reader.problems().first() {
            writeln!(to, "{}: {problem}", path.display())?;
        }
        if reader.pending() > 0 {
            writeln!(to, "{}: ends {} bytes into a record", path.display(), reader.pending())?;
        }
    }
    Ok(())
}

/// All points as JSON: run, tag, list of step, time and value. NaN and infinities as Python writes them, quoted.
pub(crate) fn points(store: &Store, to: &mut impl Write) -> Result<()> {
    let number = |value: f64| match value {
        value if value.is_finite() => format!("{value:?}"),
        value if value.is_nan() => "\"nan\"".to_owned(),
        value => format!("\"{value}\""),
    };
    let runs = store.runs().iter().map(|run| {
        let tags = run.all_series().iter().map(|series| {
            let points = series.points();
            let points = points.map(|point| format!("[{},{:?},{}]", point.step, point.wall, number(point.value)));
            format!("{:?}:[{}]", series.tag(), points.collect::<Vec<_>>().join(","))
        });
        format!("{:?}:{{{}}}", run.name(), tags.collect::<Vec<_>>().join(","))
    });
    writeln!(to, "{{{}}}", runs.collect::<Vec<_>>().join(",\n"))
}
