//! Builds Go modules with the Go client as the machine has it configured.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{How, Recipe, run};
use crate::error::{Error, Result};

/// What is made of one module.
pub(super) struct Module {
    /// A package, and what its program is called.
    programs: &'static [(&'static str, &'static str)],
    tags: &'static str,
    linker: &'static str,
    /// The module from which files are copied, and its folders or files.
    files: Option<(&'static str, &'static [&'static str])>,
}

const STRIPPED: &str = "-s -w";

pub(super) const KUBERNETES: Recipe = Recipe {
    name: "k8s",
    usually: "4 to 8 min",
    how: How::Go(Module {
        programs: &[
            ("k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"),
            (
                "k8s.io/kubernetes/cmd/kube-controller-manager",
                "kube-controller-manager",
            ),
            ("k8s.io/kubernetes/cmd/kube-scheduler", "kube-scheduler"),
        ],
        tags: "selinux,notest,grpcnotrace",
        // Without these `/version` says nonsense.
        linker: "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
            -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36 \
            -X k8s.io/component-base/version.gitTreeState=clean",
        files: None,
    }),
};

pub(super) const ETCD: Recipe = Recipe {
    name: "etcd",
    usually: "30 s",
    how: How::Go(Module {
        programs: &[("go.etcd.io/etcd/server/v3", "etcd")],
        tags: "",
        linker: STRIPPED,
        files: None,
    }),
};

pub(super) const KWOK: Recipe = Recipe {
    name: "kwok",
    usually: "1 to 2 min",
    how: How::Go(Module {
        programs: &[("sigs.k8s.io/kwok/cmd/kwok", "kwok")],
        tags: "",
        linker: STRIPPED,
        files: Some(("sigs.k8s.io/kwok", &["kustomize/crd/bases", "kustomize/stage"])),
    }),
};

pub(super) const TRAINING_OPERATOR: Recipe = Recipe {
    name: "training-operator",
    usually: "1 to 2 min",
    how: How::Go(Module {
        programs: &[(
            "github.com/kubeflow/training-operator/cmd/training-operator.v1",
            "training-operator",
        )],
        tags: "",
        linker: STRIPPED,
        files: Some((
            "github.com/kubeflow/training-operator",
            &["manifests/base/crds", "manifests/base/webhook"],
        )),
    }),
};

pub(super) const TRAINER: Recipe = Recipe {
    name: "trainer",
    usually: "5 s",
    how: How::Go(Module {
        programs: &[],
        tags: "",
        linker: "",
        files: Some(("github.com/kubeflow/trainer/v2", &["manifests/base/crds"])),
    }),
};

pub(super) const JOBSET: Recipe = Recipe {
    name: "jobset",
    usually: "5 s",
    how: How::Go(Module {
        programs: &[],
        tags: "",
        linker: "",
        files: Some(("sigs.k8s.io/jobset", &["config/components/crd/bases"])),
    }),
};

pub(super) const OAUTH2_PROXY: Recipe = Recipe {
    name: "oauth2-proxy",
    usually: "30 s",
    how: How::Go(Module {
        programs: &[("github.com/oauth2-proxy/oauth2-proxy/v7", "oauth2-proxy")],
        tags: "",
        linker: STRIPPED,
        files: None,
    }),
};

pub(super) const DEX: Recipe = Recipe {
    name: "dex",
    usually: "1 min",
    how: How::Go(Module {
        programs: &[("github.com/dexidp/dex/cmd/dex", "dex")],
        tags: "",
        linker: STRIPPED,
        files: None,
    }),
};

/// Checks that there is a Go client.
pub(super) fn is_there() -> Result<()> {
    let found = Command::new("go")
        .arg("version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Error::new(
        "Go is missing: the real Kubernetes is built from Go modules and needs `go` 1.26 or newer on PATH. \
         Everything but the tests on real servers works without it.",
    ))
}

fn go(source: &Path) -> Command {
    let mut command = Command::new("go");
    command.arg("-C").arg(source);
    // The toolchain and the versions are those that are here and in the lock: nothing else is fetched.
    command.env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
    command
}

impl Module {
    /// All that decides what comes out, besides the locks.
    pub(super) fn fingerprint(&self) -> String {
        format!("{:?} {} {} {:?}", self.programs, self.tags, self.linker, self.files)
    }

    pub(super) fn build(&self, source: &Path, target: &Path) -> Result<()> {
        std::fs::create_dir_all(target).map_err(|why| Error::of(format!("making {}", target.display()), why))?;
        for (package, program) in self.programs {
            let mut command = go(source);
            command.args(["build", "-mod=readonly", "-trimpath", "-ldflags", self.linker]);
            command.arg(format!("-tags={}", self.tags)).arg("-o");
            command.arg(target.join("bin").join(program)).arg(package);
            run(&mut command)?;
        }
        if let Some((module, paths)) = self.files {
            let folder = folder(source, module)?;
            for path in paths {
                copy(&folder.join(path), &target.join(path))?;
            }
        }
        Ok(())
    }
}

/// Where the Go client keeps the module, downloaded and held to go.sum.
fn folder(source: &Path, module: &str) -> Result<std::path::PathBuf> {
    let out = go(source)
        .args(["mod", "download", "-json", module])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| Error::of("go could not be started", why))?;
    let said: serde_json::Value =
        serde_json::from_slice(&out.stdout).map_err(|why| Error::of("what `go mod download` said", why))?;
    match said["Dir"].as_str() {
        Some(folder) if out.status.success() => Ok(folder.into()),
        _ => Err(Error::new(format!("{module} could not be downloaded: {said}"))),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let cannot = |why: std::io::Error| Error::of(format!("copying {}", from.display()), why);
    if from.is_dir() {
        std::fs::create_dir_all(to).map_err(cannot)?;
        for entry in std::fs::read_dir(from).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    // Not `fs::copy`: the module cache is read-only, and so would be the copies.
    std::fs::read(from)
        .and_then(|bytes| std::fs::write(to, bytes))
        .map_err(cannot)
}
