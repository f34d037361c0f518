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

#[cfg(test)]
mod tests {
    use super::*;

    /// All pipelines that the readers are tested with.
    fn fixtures() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pipelines");
        let folders = ["kfp2", "kfp1", "hera", "argo", "argo-status", "runs"];
        let files = folders
            .iter()
            .filter_map(|folder| std::fs::read_dir(root.join(folder)).ok())
            .flatten();
        let files = files.filter_map(|file| Some(file.ok()?.path().to_string_lossy().into_owned()));
        files
            .filter(|file| file.ends_with(".yaml") || file.ends_with(".json"))
            .collect()
    }

    #[test]
    fn every_fixture_is_drawn_in_both_directions() {
        let files = fixtures();
        assert!(files.len() > 100, "{}", files.len());
        for file in files {
            let pipeline = pipeline(&file, None).unwrap();
            for left_right in [false, true] {
                let args = Args {
                    at: "root".to_owned(),
                    left_right,
                    ..Args::default()
                };
                let pipelines = [(file.clone(), pipeline.clone())];
                let svg = picture::draw(&pipelines, &args).unwrap();
                assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count(), "{file}");
                let endless = ["NaN", "=\"inf", "Minf", "Linf", "Cinf", "=\"-inf"]
                    .iter()
                    .any(|mark| svg.contains(mark));
                assert!(!endless, "{file}");
                // Whatever is drawn says in full what it is; only what is inside a folded node is not drawn.
                for node in pipeline.root().children() {
                    let said = svg.contains(&format!("<title>{}", node.path().replace('&', "&amp;")));
                    assert!(said, "{file}: {}", node.path());
                }
            }
        }
    }
}
