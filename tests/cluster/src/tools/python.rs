//! Installs wheels into a virtual environment of their own, held to `requirements.txt` by their hashes.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{How, Recipe, package, run};
use crate::error::Result;

pub(super) const WHEELS: Recipe = Recipe {
    name: "wheels",
    usually: "20 s",
    how: How::Python,
};

pub(super) fn requirements() -> PathBuf {
    package().join("requirements.txt")
}

pub(super) fn install(target: &Path) -> Result<()> {
    run(Command::new("python3").args(["-m", "venv"]).arg(target))?;
    let mut pip = Command::new(target.join("bin/python"));
    pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check"]);
    pip.args(["--require-hashes", "--only-binary", ":all:", "-r"]);
    run(pip.arg(requirements()))
}
