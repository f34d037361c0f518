//! Tests that the house keeps its rules.

use flowdeck_tidy::root;
use flowdeck_tidy::rules::{Source, floors, map, rooms, sources, style};

#[track_caller]
fn none(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn rust() -> Vec<Source> {
    sources(&["src", "crates", "bench", "tests"], "rs")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_default()
}

#[test]
fn modules_only_use_lower_floors() {
    none(floors::modules(&sources(&["src"], "rs")));
}

#[test]
fn crates_only_use_lower_floors_and_inherit_lints() {
    let manifests = sources(&["crates", "tests"], "toml")
        .into_iter()
        // A package below a crate, such as its fuzz targets, is outside the workspace.
        .filter(|file| file.path.ends_with("Cargo.toml") && file.path.matches('/').count() == 2);
    none(floors::crates(&manifests.collect::<Vec<_>>()));
}

#[test]
fn rooms_are_small() {
    none(rooms::too_big(&rust()));
}

#[test]
fn rooms_say_what_they_are() {
    none(rooms::nameless(&rust()));
}

#[test]
fn unfinished_work_names_an_issue() {
    none(rooms::unfinished(&rust()));
}

#[test]
fn literals_are_only_in_tokens() {
    none(style::literals(&sources(&["style"], "css")));
}

#[test]
fn views_have_no_raw_markup() {
    none(style::raw_markup(&sources(&["src"], "rs")));
}

#[test]
fn map_names_exactly_the_folders_that_exist() {
    none(map::differences(&read("ARCHITECTURE.md")));
}

#[test]
fn pinned_versions_agree() {
    none(map::pins(&read("Cargo.lock")));
}

#[test]
fn lock_files_name_no_registry_host() {
    assert!(!read("package-lock.json").contains("\"resolved\""));
}
