//! Holds the table of who may import whom (design.md §2), on `use` lines and on Cargo.toml.

use super::Source;

/// The app's floors: a module, and the other modules of the app that it may name.
const MODULES: &[(&str, &[&str])] = &[
    ("pages", &["shell", "widgets", "live", "client"]),
    ("shell", &["widgets", "live", "client"]),
    ("live", &["client"]),
    ("client", &[]),
    ("widgets", &[]),
];

/// The crates' floors: a crate, and those of ours that it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("objects", &[]),
    ("watch", &["objects"]),
    ("graph", &["objects"]),
    ("scalars", &["objects"]),
    ("view", &["objects", "graph", "scalars"]),
    ("sandbox", &["objects", "graph", "scalars"]),
    ("gateway", &["fronts", "objects", "sandbox"]),
    ("tidy", &[]),
    ("cluster", &["sandbox"]),
    ("contract", &["cluster", "gateway", "objects", "sandbox", "watch"]),
    ("deploy", &["cluster", "gateway"]),
    ("faults", &["cluster", "objects", "sandbox", "watch"]),
    ("peers", &["cluster", "graph", "objects", "sandbox", "scalars"]),
];

/// Names of other floors that a module of the app may not see.
pub fn modules(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let Some((module, allowed)) = MODULES
            .iter()
            .find(|(module, _)| source.path.starts_with(&format!("src/{module}")))
        else {
            continue;
        };
        let area = source
            .path
            .split('/')
            .nth(2)
            .unwrap_or_default()
            .trim_end_matches(".rs");
        for (number, line) in source.text.lines().enumerate() {
            for named in names_after(line, "crate::") {
                let ours = named.split("::").next().unwrap_or_default();
                let known = MODULES.iter().any(|(module, _)| *module == ours);
                if known && ours != *module && !allowed.contains(&ours) {
                    broken.push(format!("{}:{}: {module} may not use {ours}", source.path, number + 1));
                }
                let other_area = named.split("::").nth(1).unwrap_or_default();
                if *module == "pages" && ours == "pages" && !other_area.is_empty() && other_area != area {
                    broken.push(format!(
                        "{}:{}: pages may not use another area's pages",
                        source.path,
                        number + 1
                    ));
                }
            }
        }
    }
    broken
}

/// The paths that follow `prefix` in a line of code, comments left out.
fn names_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let code = line.split("//").next().unwrap_or_default();
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(rest.len());
        names.push(&rest[..end]);
    }
    names
}

/// Dependencies among our crates that the table doesn't allow, and crates that don't inherit the lints.
pub fn crates(manifests: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for manifest in manifests {
        let name = manifest.path.split('/').nth(1).unwrap_or_default();
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
            broken.push(format!(
                "{}: {name} is not in the table of crates (design.md §2)",
                manifest.path
            ));
            continue;
        };
        for line in manifest.text.lines().filter(|line| line.starts_with("flowdeck-")) {
            let used = line
                .trim_start_matches("flowdeck-")
                .split(['.', ' ', '='])
                .next()
                .unwrap_or_default();
            if !allowed.contains(&used) {
                broken.push(format!("{}: {name} may not use {used}", manifest.path));
            }
        }
        if !manifest.text.contains("[lints]\nworkspace = true") {
            broken.push(format!("{}: does not inherit the workspace's lints", manifest.path));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        modules(&[Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
        .len()
    }

    #[test]
    fn upward_use_is_found() {
        assert_eq!(check("src/widgets/table.rs", "use crate::live::Lease;"), 1);
        assert_eq!(check("src/client/error.rs", "let x = crate::shell::toast();"), 1);
        assert_eq!(check("src/pages/notebooks/list.rs", "use crate::pages::runs::Row;"), 1);
    }

    #[test]
    fn downward_use_passes() {
        assert_eq!(
            check(
                "src/pages/notebooks/list.rs",
                "use crate::live::Lease; use crate::pages::notebooks::form;"
            ),
            0
        );
        assert_eq!(
            check(
                "src/widgets/table.rs",
                "// crate::live is above us\nuse crate::widgets::icon;"
            ),
            0
        );
    }

    #[test]
    fn upward_dependency_is_found() {
        let text = "[lints]\nworkspace = true\n[dependencies]\nflowdeck-view.workspace = true\n".to_owned();
        assert_eq!(
            crates(&[Source {
                path: "crates/objects/Cargo.toml".to_owned(),
                text
            }])
            .len(),
            1
        );
    }
}
