//! Tells whether anything that a build is made of changed since the last one.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// All files below `places` (files or folders), sorted; `target`-like folders are never walked into.
pub fn files(places: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for place in places {
        walk(place, &mut found);
    }
    found.sort();
    found
}

fn walk(place: &Path, found: &mut Vec<PathBuf>) {
    if place.is_file() {
        found.push(place.to_path_buf());
        return;
    }
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        if !hidden && !["target", "node_modules", "dist"].iter().any(|skip| name == *skip) {
            walk(&entry.path(), found);
        }
    }
}

/// Whether a file's name ends in that extension.
pub fn is_kind(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|its| its == extension)
}

/// A number that changes when a name or a byte of `files` does.
pub fn fingerprint(files: &[PathBuf]) -> String {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        std::fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}
