//! Runs outside programs and turns their failures into words.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A command that does not see what cargo told us, whom it started: build scripts that ask for it (ring's) would run
/// anew each time `cargo build` is called once by us and once by hand.
pub fn new(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(told) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` to its end, showing what it prints.
///
/// # Errors
/// That it could not start, or how it ended.
pub fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|why| format!("{name} could not be started: {why}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name} ended with {status}"))
    }
}

/// Runs `command` and gives what it printed, or `None` if it failed.
pub fn output(command: &mut Command) -> Option<String> {
    let out = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// The first executable of that name on PATH.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// Checks the programs that set-up itself builds on.
///
/// # Errors
/// Names everything that is missing at once, so that one look is enough.
pub fn needs(names: &[&str]) -> Result<(), String> {
    let missing: Vec<&str> = names.iter().copied().filter(|name| which(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "set-up needs {} on PATH. README.md lists what Flowdeck expects of a machine: Linux, git, make, cargo 1.95 or newer, Node 20 or newer and a C compiler.",
        missing.join(", ")
    ))
}

/// PATH with `first` in front of it.
pub fn path_with(first: &[PathBuf]) -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = first.iter().cloned().chain(std::env::split_paths(&old));
    std::env::join_paths(all).unwrap_or(old)
}

/// A command that runs as root: directly, or through sudo.
///
/// # Errors
/// That neither is possible.
pub fn as_root(program: impl AsRef<OsStr>) -> Result<Command, String> {
    if output(Command::new("id").arg("-u")).as_deref() == Some("0") {
        return Ok(Command::new(program));
    }
    if which("sudo").is_none() {
        return Err("installing distribution packages needs root or sudo".to_owned());
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    Ok(command)
}
