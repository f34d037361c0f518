//! Tests that each kustomization renders to its committed file: a change of one is seen as a change of all it changes.
//!
//! After a change: `FLOWDECK_GOLDEN=write cargo test -p flowdeck-deploy --test golden`, then read the difference.

use std::collections::BTreeSet;

use flowdeck_deploy::{RENDERINGS, deploy, golden, kubectl, render};

#[test]
fn every_rendering_is_the_committed_one_and_all_are_in_the_table() {
    let Some(kubectl) = kubectl() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "FLOWDECK_KUBECTL names no kubectl: `make test` gives one"
        );
        eprintln!("SKIPPED: FLOWDECK_KUBECTL names no kubectl to render deploy/ with; `make test` gives one");
        return;
    };
    let write = std::env::var_os("FLOWDECK_GOLDEN").is_some_and(|how| how == "write");
    let mut differing = Vec::new();
    for (folder, name) in RENDERINGS {
        let rendered = render(&kubectl, folder).unwrap();
        if write {
            std::fs::write(golden(name), rendered).unwrap();
        } else if std::fs::read_to_string(golden(name)).unwrap_or_default() != rendered {
            differing.push(*folder);
        }
    }
    assert!(
        differing.is_empty(),
        "rendered differently than deploy/golden says: {differing:?}; if that is meant, run with FLOWDECK_GOLDEN=write"
    );

    let names = |folder: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(deploy().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.map(|name| name.trim_end_matches(".yaml").to_owned()).collect()
    };
    let overlays: BTreeSet<String> = RENDERINGS
        .iter()
        .filter_map(|(folder, _)| folder.strip_prefix("overlays/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(names("overlays"), overlays);
    let goldens: BTreeSet<String> = RENDERINGS.iter().map(|(_, name)| (*name).to_owned()).collect();
    assert_eq!(names("golden"), goldens);
}
