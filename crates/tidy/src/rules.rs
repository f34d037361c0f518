//! Checks the rules of the house; each function gives the places that break its rule, in words.
//!
//! The tests in `tests/house.rs` want every list empty. The rules' source: design.md §2 and models-of-style.md §3.

pub mod floors;
pub mod map;
pub mod rooms;
pub mod style;

use crate::{inputs, root};
use std::path::{Path, PathBuf};

/// A source file: its path from the root of the workspace, and its text.
pub struct Source {
    /// With forward slashes, from the root.
    pub path: String,
    /// The whole content.
    pub text: String,
}

/// The files with that extension below `folders`.
pub fn sources(folders: &[&str], extension: &str) -> Vec<Source> {
    let places: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let files = inputs::files(&places);
    let wanted = files
        .iter()
        .filter(|file| file.extension().is_some_and(|had| had == extension));
    wanted
        .filter_map(|file| {
            Some(Source {
                path: name(file),
                text: std::fs::read_to_string(file).ok()?,
            })
        })
        .collect()
}

fn name(file: &Path) -> String {
    file.strip_prefix(root())
        .unwrap_or(file)
        .to_string_lossy()
        .replace('\\', "/")
}
