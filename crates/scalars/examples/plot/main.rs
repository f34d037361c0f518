//! Draws the training curves of a log directory, or says what is in it.
//!
//! `cargo run -p flowdeck-scalars --example plot -- LOGDIR [--tag REGEX] [--smooth 0.6] [--log] -o out.svg`

mod draw;
mod files;
mod say;

use clap::Parser;
use flowdeck_scalars::{Store, groups};
use regex::Regex;
use std::io::Write;
use std::path::PathBuf;

/// Draws the training curves of a log directory with TensorBoard's rules.
#[derive(Parser)]
struct Options {
    /// The log directory: each folder with event files below it is a run.
    logdir: PathBuf,
    /// Only tags that this pattern finds.
    #[arg(long, default_value = "")]
    tag: Regex,
    /// Only runs that this pattern finds.
    #[arg(long, default_value = "")]
    run: Regex,
    /// How much the value before counts, 0 to 1.
    #[arg(long, default_value_t = 0.6)]
    smooth: f64,
    /// The logarithm of y.
    #[arg(long)]
    log: bool,
    /// Show outliers, too.
    #[arg(long)]
    outliers: bool,
    /// What x is: step, relative or wall.
    #[arg(long, default_value = "step", value_parser = ["step", "relative", "wall"])]
    x: String,
    /// One line with a band for all runs of which this pattern captures the same.
    #[arg(long)]
    group: Option<Regex>,
    /// Where the picture goes.
    #[arg(short, long, default_value = "out.svg")]
    out: PathBuf,
    /// Print runs, tags, counts and ranges instead.
    #[arg(long)]
    summary: bool,
    /// Print all points as JSON instead.
    #[arg(long)]
    points: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let mut store = Store::default();
    let readers = files::read(&options.logdir, &mut store)?;
    let mut out = std::io::stdout().lock();
    if options.points {
        return Ok(say::points(&store, &mut out)?);
    }
    if options.summary {
        return Ok(say::summary(&store, &readers, &mut out)?);
    }
    // In TensorBoard's order, which is also that of its colours.
    let runs: Vec<_> = store
        .by_start()
        .into_iter()
        .filter(|run| options.run.is_match(run.name()))
        .collect();
    let mut tags: Vec<&str> = runs
        .iter()
        .flat_map(|run| run.all_series())
        .map(|series| series.tag())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags.retain(|tag| options.tag.is_match(tag));
    let tags: Vec<&str> = groups(tags).into_iter().flat_map(|group| group.tags).collect();
    draw::charts(&runs, &tags, &options)?;
    writeln!(out, "{} charts in {}", tags.len(), options.out.display())?;
    Ok(())
}
