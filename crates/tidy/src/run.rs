//! Runs the longer chores: lint, test and dev, each step said and timed.

use crate::setup::{self, command, python, wasm};
use crate::{app, root, size};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) fn step(name: &str, mut work: impl FnMut() -> Result<(), String>) -> Result<(), String> {
    eprintln!("\n── {name}");
    let began = Instant::now();
    work().map_err(|why| format!("{name}: {why}"))?;
    eprintln!("── {name}: done in {} s", began.elapsed().as_secs());
    Ok(())
}

pub(crate) fn in_root(program: &str, arguments: &[&str]) -> Command {
    let mut command = command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Formatting, clippy on native and wasm32, and the browser tests' types and lints.
///
/// # Errors
/// The first check that failed.
pub fn lint() -> Result<(), String> {
    step("cargo fmt", || {
        command::run(&mut in_root("cargo", &["fmt", "--all", "--check"]))
    })?;
    step("clippy, native", || {
        let arguments = [
            "clippy",
            "-q",
            "--workspace",
            "--exclude",
            "flowdeck",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ];
        command::run(&mut in_root("cargo", &arguments))
    })?;
    step("clippy, wasm32", || {
        let arguments = [
            "clippy",
            "-q",
            "-p",
            "flowdeck",
            "--target",
            "wasm32-unknown-unknown",
            "--locked",
            "--",
            "-D",
            "warnings",
        ];
        let mut clippy = in_root("cargo", &arguments);
        wasm::prepare(&mut clippy, Vec::new())?;
        command::run(&mut clippy)
    })?;
    step("browser tests: types and lints", || {
        for tests in ["tests/browser", "tests/gateway"] {
            command::run(&mut in_root("node_modules/.bin/tsc", &["--noEmit", "-p", tests]))?;
        }
        command::run(&mut in_root(
            "node_modules/.bin/eslint",
            &["--max-warnings=0", "tests/browser", "tests/gateway"],
        ))
    })
}

/// Everything that `make test` promises.
///
/// # Errors
/// The first step that failed.
pub fn test() -> Result<(), String> {
    step("set-up", || setup::run(setup::For::Test))?;
    lint()?;
    step("native tests", || {
        let arguments = [
            "test",
            "--workspace",
            "--exclude",
            "flowdeck",
            "--locked",
            "--no-fail-fast",
        ];
        command::run(in_root("cargo", &arguments).env("FLOWDECK_KUBECTL", python::kubectl()))
    })?;
    step("the page", || app::build(app::Kind::Release))?;
    step("the page's weight", size::check)?;
    gateway()?;
    step("browser tests", || {
        command::run(&mut in_root(
            "node_modules/.bin/playwright",
            &["test", "-c", "tests/browser"],
        ))
    })
}

/// The gateway as it is shipped.
pub(crate) fn gateway() -> Result<(), String> {
    step("the gateway", || {
        command::run(&mut in_root(
            "cargo",
            &["build", "-q", "--release", "-p", "flowdeck-gateway", "--locked"],
        ))
    })
}

/// Serves on the sandbox and rebuilds the page whenever one of its files changes.
///
/// # Errors
/// That the first build failed; later ones are shown and waited out.
pub fn dev() -> Result<(), String> {
    setup::run(setup::For::Run)?;
    app::build(app::Kind::Debug)?;
    let arguments = [
        "run",
        "-q",
        "-p",
        "flowdeck-gateway",
        "--",
        "--sandbox",
        "--data",
        ".sandbox",
        "--app",
        "dist",
    ];
    let mut gateway = in_root("cargo", &arguments)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|why| format!("cargo: {why}"))?;
    eprintln!("watching src, style, public and the logic crates; reload the page after \"the page is built\"");
    while gateway.try_wait().map_err(|why| why.to_string())?.is_none() {
        std::thread::sleep(std::time::Duration::from_millis(700));
        if let Err(why) = app::build(app::Kind::Debug) {
            eprintln!("{why}");
            wait_for_change();
        }
    }
    Ok(())
}

/// Runs a program of the Wasm toolchain in the folder where we are: the benches build with what the page is built with.
///
/// # Errors
/// That the toolchain is missing, or what the program said.
pub fn for_wasm(program: &str, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments);
    wasm::prepare(&mut command, setup::tools::folders())?;
    command::run(&mut command)
}

/// A build that failed is not tried again before something changed.
fn wait_for_change() {
    let places: Vec<_> = ["src", "style", "public", "crates", "index.html"]
        .iter()
        .map(|place| root().join(place))
        .collect();
    let print = || crate::inputs::fingerprint(&crate::inputs::files(&places));
    let before = print();
    while print() == before {
        std::thread::sleep(std::time::Duration::from_millis(700));
    }
}
