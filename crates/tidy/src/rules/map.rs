//! Holds ARCHITECTURE.md to the folders that exist, and pins to each other.

use crate::root;
use crate::setup::tools;
use std::collections::BTreeSet;

/// Folders whose children the map names one by one.
const MAPPED: &[&str] = &["", "crates", "src", "src/pages", "bench", "tests"];

/// Folders that exist but are not on the map, and the other way round.
///
/// A folder is on the map when the document has its path with a closing slash in backquotes: `src/live/`.
pub fn differences(document: &str) -> Vec<String> {
    let existing = existing();
    let named: BTreeSet<String> = document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.strip_suffix('/'))
        .filter(|path| MAPPED.contains(&parent(path)))
        .map(str::to_owned)
        .collect();
    let missing = existing
        .difference(&named)
        .map(|path| format!("ARCHITECTURE.md does not name `{path}/`"));
    let gone = named
        .difference(&existing)
        .map(|path| format!("ARCHITECTURE.md names `{path}/`, which is not there"));
    missing.chain(gone).collect()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The folders that git knows: what is ignored is not part of the house.
fn existing() -> BTreeSet<String> {
    let mut git = std::process::Command::new("git");
    let listed = crate::setup::command::output(
        git.args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()),
    );
    let mut folders = BTreeSet::new();
    for file in listed.unwrap_or_default().lines() {
        for (at, _) in file.match_indices('/') {
            let folder = &file[..at];
            if MAPPED.contains(&parent(folder)) {
                folders.insert(folder.to_owned());
            }
        }
    }
    folders
}

/// Versions that must be equal but are not: of a tool and of the crate that writes what the tool reads.
pub fn pins(lock: &str) -> Vec<String> {
    [
        ("wasm-bindgen", tools::WASM_BINDGEN),
        ("wasm_split_helpers", tools::WASM_SPLIT),
    ]
    .iter()
    .filter(|(name, version)| !lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")))
    .map(|(name, version)| format!("Cargo.lock has another {name} than crates/tidy/src/setup/tools.rs ({version})"))
    .collect()
}
