//! Builds what a cluster is made of, once a machine: a tool is a small Go module, or wheels in a virtual environment.
//!
//! All of it lands in `${XDG_CACHE_HOME:-~/.cache}/flowdeck/cluster/`, in a folder named by the tool and by a hash of
//! the recipe and of its locks, so that another version is another folder and a half-built one is never taken.

mod go;
mod python;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// In a tool's folder when it is complete.
const MARK: &str = "complete";

/// One thing to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// kube-apiserver, kube-controller-manager and kube-scheduler.
    Kubernetes,
    /// etcd.
    Etcd,
    /// kwok, with its definitions and stages.
    Kwok,
    /// The training operator of Kubeflow, with its definitions.
    TrainingOperator,
    /// Definitions of Trainer.
    Trainer,
    /// Definitions of JobSet.
    JobSet,
    /// oauth2-proxy.
    OAuth2Proxy,
    /// dex, an OpenID Connect provider.
    Dex,
    /// Envoy and kubectl.
    Wheels,
    /// TensorBoard, the KFP SDK, jupyter-server and a kernel.
    Peers,
}

/// How a tool is named and made.
struct Recipe {
    name: &'static str,
    /// How long it takes on two idle cores from an empty Go cache.
    usually: &'static str,
    how: How,
}

enum How {
    Go(go::Module),
    Python(python::Environment),
}

impl Tool {
    /// Everything, in the order in which it is wanted.
    pub const ALL: [Self; 10] = [
        Self::Kubernetes,
        Self::Etcd,
        Self::Kwok,
        Self::Wheels,
        Self::Peers,
        Self::TrainingOperator,
        Self::Trainer,
        Self::JobSet,
        Self::OAuth2Proxy,
        Self::Dex,
    ];

    /// What a cluster does not start without.
    pub const CLUSTER: [Self; 3] = [Self::Kubernetes, Self::Etcd, Self::Kwok];

    /// What a cluster with Kubeflow's kinds needs.
    pub const KUBEFLOW: [Self; 6] = [
        Self::Kubernetes,
        Self::Etcd,
        Self::Kwok,
        Self::TrainingOperator,
        Self::Trainer,
        Self::JobSet,
    ];

    fn recipe(self) -> Recipe {
        match self {
            Self::Kubernetes => go::KUBERNETES,
            Self::Etcd => go::ETCD,
            Self::Kwok => go::KWOK,
            Self::TrainingOperator => go::TRAINING_OPERATOR,
            Self::Trainer => go::TRAINER,
            Self::JobSet => go::JOBSET,
            Self::OAuth2Proxy => go::OAUTH2_PROXY,
            Self::Dex => go::DEX,
            Self::Wheels => python::WHEELS,
            Self::Peers => python::PEERS,
        }
    }

    /// Its name, as on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.recipe().name
    }

    /// The tools of these names; all of them where none is named.
    ///
    /// # Errors
    /// When a name is no tool's.
    pub fn named(names: &[&str]) -> Result<Vec<Self>> {
        let known = Self::ALL.map(Self::name);
        if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
            return Err(Error::new(format!(
                "there is no tool {unknown}; there are {}",
                known.join(", ")
            )));
        }
        let wanted = |tool: &Self| names.is_empty() || names.contains(&tool.name());
        Ok(Self::ALL.into_iter().filter(wanted).collect())
    }

    /// The folder in which it is kept.
    ///
    /// # Errors
    /// When its lock files cannot be read.
    pub fn home(self) -> Result<PathBuf> {
        let recipe = self.recipe();
        let mut hash = Sha256::new();
        match &recipe.how {
            How::Go(module) => {
                hash.update(module.fingerprint());
                for file in ["go.mod", "go.sum"] {
                    hash.update(read(&source(recipe.name).join(file))?);
                }
            }
            How::Python(environment) => {
                for file in environment.lock_files() {
                    hash.update(read(&file)?);
                }
            }
        }
        let mut text = String::new();
        for byte in &hash.finalize()[..6] {
            write!(text, "{byte:02x}").map_err(|why| Error::new(why.to_string()))?;
        }
        Ok(cache().join(format!("{}-{text}", recipe.name)))
    }

    /// Whether it was built.
    ///
    /// # Errors
    /// As [`Tool::home`].
    pub fn is_there(self) -> Result<bool> {
        Ok(self.home()?.join(MARK).is_file())
    }

    /// A program of it.
    ///
    /// # Errors
    /// When it was not built: says how to.
    pub fn program(self, name: &str) -> Result<PathBuf> {
        self.file(&format!("bin/{name}"))
    }

    /// A file or folder of it.
    ///
    /// # Errors
    /// As [`Tool::program`].
    pub fn file(self, path: &str) -> Result<PathBuf> {
        let file = self.home()?.join(path);
        if self.is_there()? && file.exists() {
            return Ok(file);
        }
        Err(Error::new(format!(
            "{} is not built: run `cargo run -p flowdeck-cluster -- build {}`",
            self.name(),
            self.name()
        )))
    }

    /// Builds it where it stays (a virtual environment cannot be moved); the mark comes last.
    fn build(self) -> Result<()> {
        let home = self.home()?;
        let cannot = |why: std::io::Error| Error::of(format!("making {}", home.display()), why);
        std::fs::create_dir_all(cache()).map_err(cannot)?;
        let lock = std::fs::File::create(home.with_extension("lock")).map_err(cannot)?;
        lock.lock().map_err(cannot)?;
        if self.is_there()? {
            return Ok(());
        }
        if home.exists() {
            std::fs::remove_dir_all(&home).map_err(cannot)?;
        }
        match self.recipe().how {
            How::Go(module) => module.build(&source(self.name()), &home)?,
            How::Python(environment) => environment.install(&home)?,
        }
        std::fs::write(home.join(MARK), "").map_err(cannot)
    }
}

/// Builds those of `tools` that are missing, saying what it does and how long it took.
///
/// # Errors
/// The first tool that could not be built.
pub fn build(tools: &[Tool]) -> Result<()> {
    let mut missing = Vec::new();
    for &tool in tools {
        if !tool.is_there()? {
            missing.push(tool);
        }
    }
    if missing.is_empty() {
        eprintln!("cluster: everything is built");
        return Ok(());
    }
    if missing.iter().any(|tool| matches!(tool.recipe().how, How::Go(_))) {
        go::is_there()?;
    }
    for tool in missing {
        eprintln!(
            "cluster: {} is missing; building it (usually {})",
            tool.name(),
            tool.recipe().usually
        );
        let began = Instant::now();
        tool.build()
            .map_err(|why| Error::of(format!("{} could not be built", tool.name()), why))?;
        eprintln!("cluster: {} built in {} s", tool.name(), began.elapsed().as_secs());
    }
    Ok(())
}

/// The package's own folder in the checkout.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(tool: &str) -> PathBuf {
    package().join("tools").join(tool)
}

fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into()));
    base.unwrap_or_else(|| home().join(".cache")).join("flowdeck/cluster")
}

/// The text of a file.
pub(crate) fn read_text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|why| Error::of(format!("reading {}", file.display()), why))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|why| Error::of(format!("reading {}", file.display()), why))
}

/// Runs `command` to its end; what it prints is shown.
fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|why| Error::of(format!("{name} could not be started"), why))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("{name} ended with {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_go_tool_is_locked_and_every_folder_is_a_tool() {
        let mut folders: Vec<String> = std::fs::read_dir(package().join("tools"))
            .expect("tools")
            .map(|entry| entry.expect("a folder").file_name().to_string_lossy().into_owned())
            .collect();
        folders.sort();
        let mut names: Vec<&str> = Tool::ALL
            .into_iter()
            .filter(|tool| matches!(tool.recipe().how, How::Go(_)))
            .map(Tool::name)
            .collect();
        names.sort_unstable();
        assert_eq!(folders, names);
        for name in names {
            let sums = std::fs::read_to_string(source(name).join("go.sum")).expect("go.sum");
            assert!(sums.lines().all(|line| line.contains(" h1:")), "{name}");
            assert!(!sums.is_empty(), "{name}");
        }
    }

    #[test]
    fn everything_in_a_virtual_environment_has_a_version_and_a_hash() {
        for (recipe, least) in [(python::WHEELS, 2), (python::PEERS, 100)] {
            let How::Python(environment) = recipe.how else {
                panic!("{}", recipe.name);
            };
            let mut count = 0;
            for file in environment.lock_files() {
                let joined = std::fs::read_to_string(file).expect("a lock file").replace("\\\n", " ");
                let lines = joined
                    .lines()
                    .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
                for line in lines {
                    assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
                    count += 1;
                }
            }
            assert!(count >= least, "{}: {count}", recipe.name);
        }
    }
}
