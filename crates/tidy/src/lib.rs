//! Does the chores of the house: set-up, the page's build, its size, and the rules that tests hold.

pub mod app;
pub mod cluster;
pub mod dist;
pub mod inputs;
pub mod rules;
pub mod run;
pub mod setup;
pub mod shrink;
pub mod size;
pub mod split;

use std::path::{Path, PathBuf};

/// The folder that holds the workspace, whatever folder the command was called in.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
