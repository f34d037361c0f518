//! Installs what a fresh machine lacks, a step at a time, each skipped when it is already there.

pub mod command;
pub mod packages;
pub mod python;
pub mod tools;
pub mod wasm;

use std::path::PathBuf;
use std::time::Instant;

/// What the machine is being prepared for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// `make run`: build and serve.
    Run,
    /// `make test`: also the browser, kubectl and the checkers.
    Test,
}

/// One thing that must be there: how to see that it is, and how to get it.
struct Step {
    name: &'static str,
    usually: &'static str,
    only_for_tests: bool,
    is_there: fn() -> bool,
    install: fn() -> Result<(), String>,
}

const STEPS: &[Step] = &[
    Step {
        name: "source of std, to build for wasm32",
        usually: "5 s with rustup; 15 s with the distribution's packages",
        only_for_tests: false,
        is_there: wasm::is_there,
        install: wasm::install,
    },
    Step {
        name: "source of the crates of the page and of std",
        usually: "15 s",
        only_for_tests: false,
        is_there: wasm::crates_are_there,
        install: wasm::fetch_crates,
    },
    Step {
        name: "clippy for wasm32",
        usually: "5 s",
        only_for_tests: true,
        is_there: wasm::clippy_is_there,
        install: wasm::install_clippy,
    },
    Step {
        name: "wasm-bindgen-cli",
        usually: "1 min",
        only_for_tests: false,
        is_there: tools::wasm_bindgen_is_there,
        install: tools::install_wasm_bindgen,
    },
    Step {
        name: "wasm-split-cli",
        usually: "45 s",
        only_for_tests: false,
        is_there: tools::wasm_split_is_there,
        install: tools::install_wasm_split,
    },
    Step {
        name: "trunk",
        usually: "3 min",
        only_for_tests: false,
        is_there: tools::trunk_is_there,
        install: tools::install_trunk,
    },
    Step {
        name: "npm packages (wasm-opt, Playwright, axe)",
        usually: "10 s",
        only_for_tests: false,
        is_there: tools::npm_packages_are_there,
        install: tools::install_npm_packages,
    },
    Step {
        name: "Chromium",
        usually: "20 s",
        only_for_tests: true,
        is_there: packages::chromium_is_there,
        install: packages::install_chromium,
    },
    Step {
        name: "kubectl, the sandbox's outside judge",
        usually: "10 s",
        only_for_tests: true,
        is_there: python::kubectl_is_there,
        install: python::install_kubectl,
    },
];

/// Brings the machine to what `purpose` needs, saying what it does and how long that took.
///
/// # Errors
/// The first step that failed, with what its command printed and what to do.
pub fn run(purpose: For) -> Result<(), String> {
    command::needs(&["git", "cc", "node", "npm"])?;
    let mut installed = 0;
    for step in STEPS.iter().filter(|step| purpose == For::Test || !step.only_for_tests) {
        if (step.is_there)() {
            continue;
        }
        eprintln!(
            "set-up: {} is missing; installing it (usually {})",
            step.name, step.usually
        );
        let began = Instant::now();
        (step.install)().map_err(|why| format!("set-up: {} could not be installed: {why}", step.name))?;
        if !(step.is_there)() {
            return Err(format!(
                "set-up: {} was installed without an error, but is still not found",
                step.name
            ));
        }
        eprintln!("set-up: {} installed in {} s", step.name, began.elapsed().as_secs());
        installed += 1;
    }
    if installed == 0 {
        eprintln!("set-up: everything is there");
    }
    Ok(())
}

/// Where tools are kept: `${XDG_CACHE_HOME:-~/.cache}/flowdeck`, outside the checkout so that every clone shares them.
pub fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into()));
    base.unwrap_or_else(|| home().join(".cache")).join("flowdeck")
}
