//! Keeps rooms small, and each with a name on its door.

use super::Source;

/// Files over their ceiling, each with the reason that excuses it.
const EXCUSED: &[(&str, &str)] = &[];

/// The most lines that a file may have, by where it is (models-of-style.md §3). Tests are not counted.
fn ceiling(path: &str) -> usize {
    match path {
        _ if path.starts_with("src/widgets/") => 250,
        _ if path.starts_with("src/") => 400,
        _ => 800,
    }
}

/// Files with more lines than their ceiling, and excuses that nothing needs any more.
pub fn too_big(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| !is_test(&source.path)) {
        let lines = lines_without_tests(&source.text);
        let excused = EXCUSED.iter().any(|(path, _)| *path == source.path);
        if lines > ceiling(&source.path) && !excused {
            broken.push(format!(
                "{}: {lines} lines, ceiling {}",
                source.path,
                ceiling(&source.path)
            ));
        }
        if lines <= ceiling(&source.path) && excused {
            broken.push(format!("{}: needs its excuse no longer", source.path));
        }
    }
    broken
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn lines_without_tests(text: &str) -> usize {
    text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

/// Modules that don't say in their first line what they are.
pub fn nameless(sources: &[Source]) -> Vec<String> {
    let named = |source: &&Source| !source.text.starts_with("//! ") && !source.path.ends_with("/tests.rs");
    sources
        .iter()
        .filter(named)
        .map(|source| format!("{}: has no `//!` first line", source.path))
        .collect()
}

/// Marks of unfinished work that name no issue.
pub fn unfinished(sources: &[Source]) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut broken = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) && !line.contains("(issue ") {
                broken.push(format!(
                    "{}:{}: unfinished work names no issue",
                    source.path,
                    number + 1
                ));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: String) -> [Source; 1] {
        [Source {
            path: path.to_owned(),
            text,
        }]
    }

    #[test]
    fn long_widget_is_found_and_its_tests_are_not_counted() {
        assert_eq!(too_big(&source("src/widgets/a.rs", "x\n".repeat(251))).len(), 1);
        let text = format!("{}#[cfg(test)]\n{}", "x\n".repeat(250), "y\n".repeat(300));
        assert_eq!(too_big(&source("src/widgets/a.rs", text)).len(), 0);
    }

    #[test]
    fn nameless_module_is_found() {
        assert_eq!(nameless(&source("src/a.rs", "use std;\n".to_owned())).len(), 1);
        assert_eq!(nameless(&source("src/a.rs", "//! Adds.\n".to_owned())).len(), 0);
    }
}
