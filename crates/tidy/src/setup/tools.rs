//! Builds the command-line tools that the page's build needs, at pinned versions, once a machine.

use super::{cache, command};
use crate::root;
use std::path::PathBuf;
use std::process::Command;

/// Trunk's release. 0.22 asks for a newer rustc than the one that README promises.
pub const TRUNK: &str = "0.21.14";
/// wasm-bindgen-cli's release: must be the very version of the `wasm-bindgen` crate in Cargo.lock (a test holds it).
pub const WASM_BINDGEN: &str = "0.2.130";
/// wasm-split-cli's release: must be the very version of the `wasm_split_helpers` crate in Cargo.lock (a test holds it).
pub const WASM_SPLIT: &str = "0.2.3";

fn home_of(tool: &str, version: &str) -> PathBuf {
    cache().join(format!("tools/{tool}-{version}"))
}

/// The folders that hold the tools, for PATH.
pub fn folders() -> Vec<PathBuf> {
    vec![
        home_of("trunk", TRUNK).join("bin"),
        home_of("wasm-bindgen", WASM_BINDGEN).join("bin"),
        root().join("node_modules/.bin"),
    ]
}

/// Whether the pinned Trunk is there.
pub fn trunk_is_there() -> bool {
    home_of("trunk", TRUNK).join("bin/trunk").is_file()
}

/// Builds Trunk.
///
/// # Errors
/// What cargo said.
pub fn install_trunk() -> Result<(), String> {
    cargo_install("trunk", "trunk", TRUNK, &["--locked"])
}

/// Whether the pinned wasm-bindgen is there.
pub fn wasm_bindgen_is_there() -> bool {
    wasm_bindgen().is_file()
}

/// Builds wasm-bindgen-cli. Not `--locked`: a dependency in its lock file was withdrawn.
///
/// # Errors
/// What cargo said.
pub fn install_wasm_bindgen() -> Result<(), String> {
    cargo_install("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN, &[])
}

/// The real `wasm-bindgen` (Trunk is shown one of ours: `split`).
pub fn wasm_bindgen() -> PathBuf {
    home_of("wasm-bindgen", WASM_BINDGEN).join("bin/wasm-bindgen")
}

/// The program that splits the app's Wasm into chunks.
pub fn wasm_split() -> PathBuf {
    home_of("wasm-split", WASM_SPLIT).join("bin/wasm-split-cli")
}

/// Whether the pinned wasm-split-cli is there.
pub fn wasm_split_is_there() -> bool {
    wasm_split().is_file()
}

/// Builds wasm-split-cli.
///
/// # Errors
/// What cargo said.
pub fn install_wasm_split() -> Result<(), String> {
    let options = ["--locked", "--features", "build-binary"];
    cargo_install("wasm_split_cli_support", "wasm-split", WASM_SPLIT, &options)
}

/// With the crates' own profiles (fat LTO) these tools take a quarter of an hour; nobody feels the difference.
fn cargo_install(package: &str, folder: &str, version: &str, options: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["install", "--quiet", package, "--version", version]);
    cargo
        .args(options)
        .arg("--root")
        .arg(home_of(folder, version))
        .current_dir(std::env::temp_dir());
    cargo
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    command::run(&mut cargo)
}

/// Whether node_modules is what package-lock.json says.
pub fn npm_packages_are_there() -> bool {
    let stamp = root().join("node_modules/.flowdeck-lock");
    let lock = std::fs::read(root().join("package-lock.json"));
    matches!((std::fs::read(stamp), lock), (Ok(had), Ok(wanted)) if had == wanted)
}

/// Installs what package-lock.json says, without the browsers that Playwright would fetch.
///
/// # Errors
/// What npm said.
pub fn install_npm_packages() -> Result<(), String> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(root());
    command::run(npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    let copied = std::fs::copy(
        root().join("package-lock.json"),
        root().join("node_modules/.flowdeck-lock"),
    );
    copied
        .map(|_| ())
        .map_err(|why| format!("node_modules could not be stamped: {why}"))
}
