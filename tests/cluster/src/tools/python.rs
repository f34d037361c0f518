//! Installs wheels into a virtual environment of their own, each held to its hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{How, Recipe, package, run};
use crate::error::Result;

/// The lock files of one environment.
pub(super) struct Environment {
    /// What is published as wheels, with all that it needs.
    wheels: &'static str,
    /// What is published as plain Python source only; it is built by the setuptools among the wheels.
    source: Option<&'static str>,
}

pub(super) const WHEELS: Recipe = Recipe {
    name: "wheels",
    usually: "20 s",
    how: How::Python(Environment {
        wheels: "requirements.txt",
        source: None,
    }),
};

pub(super) const PEERS: Recipe = Recipe {
    name: "peers",
    usually: "45 s",
    how: How::Python(Environment {
        wheels: "peers/requirements.txt",
        source: Some("peers/source.txt"),
    }),
};

impl Environment {
    pub(super) fn lock_files(&self) -> impl Iterator<Item = PathBuf> {
        [Some(self.wheels), self.source]
            .into_iter()
            .flatten()
            .map(|file| package().join(file))
    }

    pub(super) fn install(&self, target: &Path) -> Result<()> {
        run(Command::new("python3").args(["-m", "venv"]).arg(target))?;
        let pip = |arguments: &[&str], file: &str| {
            let mut pip = Command::new(target.join("bin/python"));
            pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check"]);
            // The locks are whole: what they do not name is not wanted.
            pip.args(["--require-hashes", "--no-deps"]).args(arguments);
            run(pip.arg("-r").arg(package().join(file)))
        };
        pip(&["--only-binary", ":all:"], self.wheels)?;
        match self.source {
            Some(file) => pip(&["--no-build-isolation"], file),
            None => Ok(()),
        }
    }
}
