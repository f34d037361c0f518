//! Builds the page: Trunk, then what Trunk leaves to do (`dist`).

use crate::setup::{command, tools, wasm};
use crate::{dist, inputs, root, split};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// How the page is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Small and fast: what is served.
    Release,
    /// Quick to build, with debug assertions.
    Debug,
}

/// What the page is made of.
const PARTS: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "index.html",
    "src",
    "style",
    "public",
    "crates/objects",
    "crates/watch",
    "crates/view",
    "crates/tidy/src/dist",
    "crates/tidy/src/dist.rs",
    "crates/tidy/src/setup",
    "crates/tidy/src/shrink",
    "crates/tidy/src/shrink.rs",
    "crates/tidy/src/split.rs",
];

/// Builds `dist/`, unless it was built from the very same files.
///
/// # Errors
/// What Trunk or the later steps said.
pub fn build(kind: Kind) -> Result<(), String> {
    let parts: Vec<PathBuf> = PARTS.iter().map(|part| root().join(part)).collect();
    let print = format!(
        "{} {}",
        if kind == Kind::Release { "release" } else { "debug" },
        inputs::fingerprint(&inputs::files(&parts))
    );
    let stamp = root().join("dist/.built-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|had| had == print) {
        return Ok(());
    }
    eprintln!("building the page (usually 30 s; 2 min the first time)");
    let began = Instant::now();
    let mut trunk = Command::new("trunk");
    trunk.arg("build").current_dir(root()).env("NO_COLOR", "true");
    match kind {
        Kind::Release => trunk
            .args(["--release", "--cargo-profile", "web"])
            .env(split::SHRINK, "1"),
        Kind::Debug => trunk.args(["--cargo-profile", "dev"]),
    };
    let mut folders = tools::folders();
    folders.insert(0, split::shim()?);
    wasm::prepare(&mut trunk, folders)?;
    command::run(&mut trunk)?;
    split::into_dist(&root().join("dist"))?;
    dist::finish(&root().join("dist"), kind == Kind::Release)?;
    std::fs::write(&stamp, print).map_err(|why| format!("{}: {why}", stamp.display()))?;
    eprintln!("the page is built ({} s)", began.elapsed().as_secs());
    Ok(())
}
