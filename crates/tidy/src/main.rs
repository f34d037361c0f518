//! Runs one chore of the house by its name: `tidy setup`, `tidy app`, `tidy size` …

use flowdeck_tidy::{app, cluster, run, setup, shrink, size, split};
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "tidy does what the Makefile cannot say in three lines.

  tidy setup [test]   install what is missing (with `test`: also what only the tests need)
  tidy app [--dev]    build the page into dist/, unless nothing changed
  tidy size           print the first download's bytes and fail over the ceiling
  tidy lint           fmt, clippy on native and wasm32, the browser tests' types and lints
  tidy test           everything that `make test` promises, each step with its time
  tidy test-cluster   everything that `make test-cluster` promises: the same on real servers
  tidy dev            rebuild on change and serve on the sandbox
  tidy bindgen …      what Trunk calls in place of wasm-bindgen: splits the Wasm first
  tidy shrink FILE    make a Wasm file small as the page's is
  tidy wasm PROGRAM … run a program with the toolchain that builds for wasm32
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => setup::run(setup::For::Run),
        ["setup", "test"] => setup::run(setup::For::Test),
        ["app"] => app::build(app::Kind::Release),
        ["app", "--dev"] => app::build(app::Kind::Debug),
        ["size"] => size::check(),
        ["lint"] => run::lint(),
        ["test"] => run::test(),
        ["test-cluster"] => cluster::test(),
        ["dev"] => run::dev(),
        ["bindgen", rest @ ..] => split::bindgen(rest),
        ["shrink", file] => shrink::wasm(Path::new(file)),
        ["wasm", program, rest @ ..] => run::for_wasm(program, rest),
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
