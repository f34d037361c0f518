//! Runs the tests that want real servers: kube-apiserver, etcd, kwok, Envoy, dex, oauth2-proxy, TensorBoard, Jupyter.

use crate::run::{gateway, in_root, step};
use crate::setup::{self, command, python};
use crate::{app, root};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// How long the watch machine is driven through faults. Meanwhile all else goes on.
const FAULTS_S: &str = "600";
/// The packages whose tests marked as ignored are run here.
const ON_REAL_SERVERS: &[&str] = &[
    "flowdeck-cluster",
    "flowdeck-contract",
    "flowdeck-deploy",
    "flowdeck-peers",
];
/// The programs that tests start.
const PROGRAMS: &[&str] = &["flowdeck-cluster", "flowdeck-faults", "flowdeck-fronts"];

/// Everything that `make test-cluster` promises.
///
/// # Errors
/// The first step that failed.
pub fn test() -> Result<(), String> {
    step("set-up", || setup::run(setup::For::Test))?;
    step("the real servers (8 to 13 min from nothing)", || {
        command::run(&mut in_root(
            "cargo",
            &["run", "-q", "--locked", "-p", "flowdeck-cluster", "--", "build"],
        ))
    })?;
    step("the page", || app::build(app::Kind::Release))?;
    gateway()?;
    step("the tests' programs", || {
        command::run(cargo("build", PROGRAMS).arg("-q"))?;
        command::run(cargo("test", ON_REAL_SERVERS).args(["-q", "--no-run"]))
    })?;
    let envoy = command::output(command::new(built("flowdeck-cluster")).args(["where", "wheels", "envoy"]))
        .ok_or("Envoy is not where `flowdeck-cluster build` puts it")?;
    let mut faults = Faults::start()?;
    step("the contract, the cluster and what is deployed", || {
        let mut tests = cargo("test", ON_REAL_SERVERS);
        tests.args(["--no-fail-fast", "--", "--ignored"]);
        command::run(tests.env("FLOWDECK_KUBECTL", python::kubectl()))
    })?;
    step("48 attacks, on the gateway alone and behind Envoy", || {
        command::run(
            command::new(built("flowdeck-fronts"))
                .arg("cases")
                .env("FLOWDECK_ENVOY", &envoy),
        )
    })?;
    // Not beside the attacks, though two of its tests only wait: on two cores its sign-ins then took too long.
    step("signing in through Envoy, dex and oauth2-proxy", || {
        playwright("tests/gateway", &envoy)
    })?;
    step("ten minutes of faults (since the contract)", || faults.finish())?;
    step("browser tests on a real cluster", || {
        playwright("tests/browser", &envoy)
    })
}

fn cargo(verb: &str, packages: &[&str]) -> Command {
    let mut cargo = in_root("cargo", &[verb, "--locked"]);
    for package in packages {
        cargo.args(["-p", package]);
    }
    cargo
}

/// Where cargo puts a program that is built for tests.
fn built(program: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug").join(program)
}

fn playwright(tests: &str, envoy: &str) -> Result<(), String> {
    let mut run = in_root("node_modules/.bin/playwright", &["test", "-c", tests]);
    command::run(
        run.env("FLOWDECK_ENVOY", envoy)
            .env("FLOWDECK_CLUSTER", built("flowdeck-cluster"))
            .env("FLOWDECK_FRONTS", built("flowdeck-fronts")),
    )
}

/// The faults' run, which goes on beside other steps and ends with them.
struct Faults {
    child: Child,
    log: PathBuf,
}

impl Faults {
    fn start() -> Result<Self, String> {
        let log = root().join("target/faults.log");
        let cannot = |why: std::io::Error| format!("{}: {why}", log.display());
        let (out, errors) = File::create(&log)
            .and_then(|file| Ok((file.try_clone()?, file)))
            .map_err(cannot)?;
        let child = command::new(built("flowdeck-faults"))
            .args(["real", "--seconds", FAULTS_S])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .map_err(|why| format!("flowdeck-faults: {why}"))?;
        Ok(Self { child, log })
    }

    fn finish(&mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|why| why.to_string())?;
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        eprintln!("{}", said.trim_end());
        if status.success() {
            return Ok(());
        }
        Err(format!("flowdeck-faults ended with {status}"))
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        // Only when a step failed: after `finish` there is nobody left to kill.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) && self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}
