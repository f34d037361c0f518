//! Holds the readers to pipelines made by the real compilers: each file in `tests/fixtures/pipelines/` has beside it an
//! `.expect` with what it must show, one fact a line, that no reader of ours had a hand in.

mod facts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use facts::{Scope, facts};
use flowdeck_graph::{Hint, Pipeline, ReadError, read};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pipelines")
}

/// Everything in one folder, in order.
fn all_files(folder_name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder().join(folder_name)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
}

/// The pipeline files of one folder.
fn files(folder_name: &str) -> Vec<PathBuf> {
    let mut files = all_files(folder_name);
    let of_another = |file: &Path| file.to_string_lossy().contains(".status.");
    files.retain(|file| file.extension().is_some_and(|had| had != "expect") && !of_another(file));
    files
}

/// What a file must show, and how much of what it shows is compared.
fn expected(file: &Path) -> (BTreeSet<String>, Scope) {
    let path = file.with_extension("expect");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (scope, facts): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("without  "));
    let scope = Scope {
        ports: !scope.contains(&"without  ports"),
    };
    (facts.into_iter().map(str::to_owned).collect(), scope)
}

/// Reads a file, with the status of a run on it if there is one beside it.
fn pipeline(file: &Path) -> Result<Pipeline, ReadError> {
    let open = |file: &Path| {
        let bytes = std::fs::read(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        read(&bytes, Hint::from_file_name(&file.to_string_lossy()))
    };
    let status = file.with_extension("status.json");
    let pipeline = open(file)?;
    match status.exists() {
        true => Ok(pipeline.attach(&open(&status)?)),
        false => Ok(pipeline),
    }
}

/// The facts that are missing and those that are there too much, marked as in a diff.
fn differences(file: &Path) -> Vec<String> {
    let (expected, scope) = expected(file);
    let found = match pipeline(file) {
        Ok(pipeline) => facts(&pipeline, scope),
        Err(why) => BTreeSet::from([format!("error  {why}")]),
    };
    let missing = expected.difference(&found).map(|fact| format!("- {fact}"));
    let surplus = found.difference(&expected).map(|fact| format!("+ {fact}"));
    missing.chain(surplus).collect()
}

/// Reads a folder's files; says of all of them together what differs.
fn check(folder_name: &str, least: usize) {
    let files = files(folder_name);
    assert!(files.len() >= least, "only {} files in {folder_name}", files.len());
    let mut report = String::new();
    for file in files {
        let differences = differences(&file);
        if !differences.is_empty() {
            report.push_str(&format!("{}\n  {}\n", file.display(), differences.join("\n  ")));
        }
    }
    assert!(
        report.is_empty(),
        "what is read is not what is there (- missing, + surplus):\n{report}"
    );
}

#[test]
fn kfp_2_files_show_what_kfp_says() {
    check("kfp2", 57);
}

#[test]
fn kfp_1_files_show_what_is_expected() {
    check("kfp1", 13);
}

#[test]
fn hera_files_show_what_is_expected() {
    check("hera", 10);
}

#[test]
fn argo_files_show_what_is_expected() {
    check("argo", 22);
}

#[test]
fn runs_show_what_is_expected() {
    check("runs", 2);
}

#[test]
fn every_expectation_has_its_file() {
    for name in ["kfp2", "kfp1", "hera", "argo", "runs"] {
        let entries = std::fs::read_dir(folder().join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let stems: BTreeSet<PathBuf> = files(name).iter().map(|file| file.with_extension("")).collect();
        for expect in entries.filter(|file| file.extension().is_some_and(|had| had == "expect")) {
            assert!(stems.contains(&expect.with_extension("")), "{}", expect.display());
        }
    }
}
