//! Gives rustc the wasm32 target: by rustup where its server can be reached, else from the distribution.
//!
//! The second way builds the standard library once from the distribution's source into a sysroot of our own,
//! with bitcode embedded, because fat LTO needs that (reference: wasm-toolchain.md).

use super::{cache, command, packages};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
/// Leptos compiles each component once behind a box instead of once in every view: a third less Wasm here.
/// The relocations are what `split` cuts along.
const FLAGS: &str = "--cfg erase_components -Clink-arg=--emit-relocs";
const LLD: &str = "/usr/lib/llvm-22/bin/lld";

/// Where the wasm32 target comes from on this machine.
pub enum Source {
    /// The everyday toolchain has it.
    Everyday,
    /// The distribution's rustc with a sysroot of ours.
    Distribution {
        /// The sysroot that holds std for wasm32.
        sysroot: PathBuf,
    },
}

/// Finds the wasm32 target, if it is there.
pub fn source() -> Option<Source> {
    let sysroot = command::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if has_std(Path::new(&sysroot)) {
        return Some(Source::Everyday);
    }
    let sysroot = our_sysroot()?;
    has_std(&sysroot).then_some(Source::Distribution { sysroot })
}

fn has_std(sysroot: &Path) -> bool {
    let lib = sysroot.join(format!("lib/rustlib/{TARGET}/lib"));
    std::fs::read_dir(lib).is_ok_and(|files| {
        files
            .flatten()
            .any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// The sysroot is keyed by the compiler's version: std of another one is refused by rustc.
fn our_sysroot() -> Option<PathBuf> {
    let version = command::output(Command::new("/usr/bin/rustc").arg("--version"))?;
    let number = version.split_whitespace().nth(1)?.to_owned();
    Some(cache().join(format!("wasm-std-{number}")))
}

/// Sets a command up to build for wasm32. Its program, too, is looked up on the PATH that it gets here.
///
/// # Errors
/// That the target is missing: `make setup` brings it.
pub fn prepare(command: &mut Command, mut path: Vec<PathBuf>) -> Result<(), String> {
    let mut flags = FLAGS.to_owned();
    match source().ok_or("the wasm32 target is missing: run `make setup`")? {
        Source::Everyday => {}
        Source::Distribution { sysroot } => {
            path.insert(0, PathBuf::from("/usr/bin"));
            flags.push_str(&format!(" --sysroot={}", sysroot.display()));
            // cargo hands its children the proxy that started it: the distribution's compiler must win.
            command
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("CARGO")
                .env("RUSTC", "/usr/bin/rustc");
        }
    }
    command
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .env("PATH", command::path_with(&path));
    Ok(())
}

/// Whether programs for wasm32 can be built.
pub fn is_there() -> bool {
    source().is_some()
}

/// Tries rustup, then the distribution.
///
/// # Errors
/// What failed in the second way, and that the first had failed too.
pub fn install() -> Result<(), String> {
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    if rustup.status().is_ok_and(|status| status.success()) && is_there() {
        return Ok(());
    }
    eprintln!(
        "set-up: rustup could not add it (no rustup, or its server is not reachable); using the distribution's toolchain"
    );
    if !DEBIAN.iter().all(|name| packages::is_installed(name)) {
        packages::install(DEBIAN)?;
    }
    build_std()
}

fn build_std() -> Result<(), String> {
    let sysroot = our_sysroot().ok_or("/usr/bin/rustc does not answer")?;
    let work = std::env::temp_dir().join(format!("flowdeck-std-{}", std::process::id()));
    let words = |what: &str, why: std::io::Error| format!("{what}: {why}");
    std::fs::create_dir_all(work.join("src")).map_err(|why| words("temporary folder", why))?;
    let manifest = "[package]\nname = \"std-for-wasm\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(work.join("Cargo.toml"), manifest).map_err(|why| words("temporary crate", why))?;
    std::fs::write(work.join("src/lib.rs"), "").map_err(|why| words("temporary crate", why))?;
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo.args([
        "build",
        "--quiet",
        "-Zbuild-std=std,panic_abort",
        "--release",
        "--target",
        TARGET,
    ]);
    cargo
        .current_dir(&work)
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1");
    cargo
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", work.join("target"));
    command::run(cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO"))?;
    copy_std(&work.join(format!("target/{TARGET}/release/deps")), &sysroot).map_err(|why| words("sysroot", why))?;
    std::fs::remove_dir_all(&work).map_err(|why| words("temporary folder", why))
}

/// The linker goes in before std, because std is what [`is_there`] looks for.
fn copy_std(from: &Path, sysroot: &Path) -> std::io::Result<()> {
    let bin = sysroot.join("lib/rustlib/x86_64-unknown-linux-gnu/bin");
    std::fs::create_dir_all(&bin)?;
    if !bin.join("rust-lld").exists() {
        std::os::unix::fs::symlink(LLD, bin.join("rust-lld"))?;
    }
    let lib = sysroot.join(format!("lib/rustlib/{TARGET}/lib"));
    std::fs::create_dir_all(&lib)?;
    for file in std::fs::read_dir(from)?.flatten() {
        if file.path().extension().is_some_and(|extension| extension == "rlib") {
            std::fs::copy(file.path(), lib.join(file.file_name()))?;
        }
    }
    Ok(())
}

/// Whether clippy can check the app. With rustup it comes with the toolchain.
pub fn clippy_is_there() -> bool {
    match source() {
        Some(Source::Distribution { .. }) => Path::new("/usr/bin/cargo-clippy").is_file(),
        _ => command::which("cargo-clippy").is_some(),
    }
}

/// Installs the distribution's clippy, or rustup's.
///
/// # Errors
/// What the installer said.
pub fn install_clippy() -> Result<(), String> {
    match source() {
        Some(Source::Distribution { .. }) => packages::install(&["rust-web-clippy"]),
        _ => command::run(Command::new("rustup").args(["component", "add", "clippy"])),
    }
}
