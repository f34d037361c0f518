//! Tests that the rights of the constrained gateway are those that the page uses.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flowdeck_deploy::{deploy, golden_objects, name};

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The kinds as `crates/watch/src/resource.rs` names them: constant, then `group/plural`.
fn kinds() -> Vec<(String, String)> {
    let file = deploy().join("../crates/watch/src/resource.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let constants = text.split("\npub const ").skip(1);
    let kinds = constants.filter_map(|constant| {
        let (name, rest) = constant.split_once(": Resource = resource(")?;
        let words: Vec<&str> = rest.split('"').collect();
        Some((name.to_owned(), format!("{}/{}", words[1], words[5])))
    });
    kinds.collect()
}

/// The kinds that the page's code names.
fn used() -> BTreeSet<String> {
    let mut files = Vec::new();
    rust_files(&deploy().join("../src"), &mut files);
    let mut code = String::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        code.extend(
            text.lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| [line, "\n"].concat()),
        );
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = code.split(|c| !is_word(c)).collect();
    let used = kinds()
        .into_iter()
        .filter(|(constant, _)| words.contains(constant.as_str()));
    used.map(|(_, kind)| kind).collect()
}

#[test]
fn the_constrained_gateway_may_use_the_kinds_of_the_page_and_no_others() {
    assert!(
        kinds().contains(&("PODS".to_owned(), "/pods".to_owned())),
        "{:?}",
        kinds()
    );
    let objects = golden_objects("constrained").unwrap();
    let roles: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "ClusterRole")
        .collect();
    assert_eq!(
        roles.iter().map(|role| name(role)).collect::<Vec<_>>(),
        ["ClusterRole/flowdeck-constrained-impersonator"]
    );
    let mut allowed = BTreeSet::new();
    for rule in roles[0]["rules"].as_array().unwrap() {
        let group = rule["apiGroups"][0].as_str().unwrap();
        for resource in rule["resources"].as_array().unwrap() {
            let plural = resource.as_str().unwrap().split('/').next().unwrap();
            allowed.insert(format!("{group}/{plural}"));
        }
    }
    for identity in ["authentication.k8s.io/users", "authentication.k8s.io/groups"] {
        assert!(allowed.remove(identity), "{identity}");
    }
    assert_eq!(
        allowed,
        used(),
        "deploy/components/constrained-impersonation against src/"
    );
}
