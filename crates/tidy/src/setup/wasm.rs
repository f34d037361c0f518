//! Gives cargo what it needs to build for wasm32: the source of std, by rustup where its server can be reached, else
//! from the distribution.
//!
//! The page brings its own std, compiled like the rest of it to be small (5 % of the Wasm). Cargo and rustc call that
//! unstable; `RUSTC_BOOTSTRAP` lets the stable ones do it (reference: wasm-toolchain.md).

use super::{command, packages};
use crate::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DEBIAN: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_LINKER: &str = "/usr/lib/llvm-22/bin/wasm-ld";
/// - Leptos compiles each component once behind a box instead of once in every view: a third less Wasm here.
/// - The relocations are what `split` cuts along.
/// - No code that prints values for programmers: nothing of it is shown to anyone.
const FLAGS: &str = "--cfg erase_components -Clink-arg=--emit-relocs -Zfmt-debug=none";

/// Whose compiler builds for wasm32 on this machine.
#[derive(PartialEq, Eq)]
enum Toolchain {
    /// The one that builds everything else.
    Everyday,
    /// The distribution's own.
    Distribution,
}

/// Finds a toolchain with the source of std and a linker for Wasm, if there is one.
fn toolchain() -> Option<Toolchain> {
    let sysroot = |rustc: &str| command::output(Command::new(rustc).args(["--print", "sysroot"])).map(PathBuf::from);
    let everyday = sysroot("rustc")?;
    if has_source(&everyday) && has_linker(&everyday) {
        return Some(Toolchain::Everyday);
    }
    (has_source(&sysroot("/usr/bin/rustc")?) && Path::new(DEBIAN_LINKER).is_file()).then_some(Toolchain::Distribution)
}

fn has_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").is_file()
}

fn has_linker(sysroot: &Path) -> bool {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib"));
    hosts.is_ok_and(|hosts| hosts.flatten().any(|host| host.path().join("bin/rust-lld").is_file()))
}

/// Sets a command up to build for wasm32. Its program, too, is looked up on the PATH that it gets here.
///
/// # Errors
/// That the toolchain is missing: `make setup` brings it.
pub fn prepare(command: &mut Command, mut path: Vec<PathBuf>) -> Result<(), String> {
    let mut flags = FLAGS.to_owned();
    let toolchain = toolchain().ok_or("the toolchain for wasm32 is missing: run `make setup`")?;
    if toolchain == Toolchain::Distribution {
        path.insert(0, PathBuf::from("/usr/bin"));
        flags.push_str(&format!(" -Clinker={DEBIAN_LINKER}"));
        // cargo hands its children the proxy that started it: the distribution's compiler must win.
        command
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO")
            .env("RUSTC", "/usr/bin/rustc");
    }
    command
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("PATH", command::path_with(&path));
    Ok(())
}

/// Whether every crate is there that the page and its std are made of: Trunk builds without asking a registry.
pub fn crates_are_there() -> bool {
    let mut look = fetch();
    look.arg("--offline")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    prepare(&mut look, Vec::new()).is_ok() && look.status().is_ok_and(|status| status.success())
}

/// Downloads them.
///
/// # Errors
/// What cargo said.
pub fn fetch_crates() -> Result<(), String> {
    let mut fetch = fetch();
    prepare(&mut fetch, Vec::new())?;
    command::run(&mut fetch)
}

/// With `-Zbuild-std`, cargo also fetches what std depends on.
fn fetch() -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["fetch", "-q", "--locked", "--target", "wasm32-unknown-unknown"])
        .current_dir(root());
    cargo
}

/// Whether programs for wasm32 can be built.
pub fn is_there() -> bool {
    toolchain().is_some()
}

/// Tries rustup, then the distribution.
///
/// # Errors
/// What failed in the second way.
pub fn install() -> Result<(), String> {
    let mut rustup = Command::new("rustup");
    rustup
        .args(["component", "add", "rust-src"])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    if rustup.status().is_ok_and(|status| status.success()) && is_there() {
        return Ok(());
    }
    eprintln!(
        "set-up: rustup could not add it (no rustup, or its server is not reachable); using the distribution's toolchain"
    );
    packages::install(DEBIAN)
}

/// Whether clippy can check the app. With rustup it comes with the toolchain.
pub fn clippy_is_there() -> bool {
    match toolchain() {
        Some(Toolchain::Distribution) => Path::new("/usr/bin/cargo-clippy").is_file(),
        _ => command::which("cargo-clippy").is_some(),
    }
}

/// Installs the distribution's clippy, or rustup's.
///
/// # Errors
/// What the installer said.
pub fn install_clippy() -> Result<(), String> {
    match toolchain() {
        Some(Toolchain::Distribution) => packages::install(&["rust-web-clippy"]),
        _ => command::run(Command::new("rustup").args(["component", "add", "clippy"])),
    }
}
