//! Draws pipeline files as SVG, in the look of the page:
//! `cargo run -p flowdeck-graph --example draw -- FILE… -o OUT [--fold PATH]… [--at PATH] [--left-right] [--status FILE]`.
//!
//! OUT is an SVG, in which several files are drawn one below the other, or a folder that gets an SVG for each.

mod args;
mod bundle;
mod edge;
mod glyph;
mod group;
mod node;
mod picture;
mod scene;
mod svg;
mod text;
mod theme;
mod words;

use std::path::Path;
use std::process::ExitCode;

use args::Args;
use flowdeck_graph::{Hint, Pipeline, read};

fn main() -> ExitCode {
    match Args::parse(std::env::args().skip(1)).and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let mut pipelines = Vec::new();
    for file in &args.files {
        pipelines.push((stem(file), pipeline(file, args.status.as_deref())?));
    }
    let out = Path::new(&args.out);
    if out.is_dir() {
        for named in &pipelines {
            write(&out.join(format!("{}.svg", named.0)), std::slice::from_ref(named), args)?;
        }
        return Ok(());
    }
    write(out, &pipelines, args)
}

fn write(out: &Path, pipelines: &[(String, Pipeline)], args: &Args) -> Result<(), String> {
    let drawn = picture::draw(pipelines, args)?;
    std::fs::write(out, drawn).map_err(|why| format!("{}: {why}", out.display()))
}

fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn pipeline(file: &str, status: Option<&str>) -> Result<Pipeline, String> {
    let read_file = |file: &str| {
        let bytes = std::fs::read(file).map_err(|why| format!("{file}: {why}"))?;
        read(&bytes, Hint::from_file_name(file)).map_err(|why| format!("{file}: {why}"))
    };
    let pipeline = read_file(file)?;
    for fault in pipeline.faults() {
        eprintln!("{file}: {fault:?}");
    }
    match status {
        Some(status) => Ok(pipeline.attach(&read_file(status)?)),
        None => Ok(pipeline),
    }
}
