//! Holds the readers to their promises on what nobody would write: any bytes, and every damage to a valid file.

mod promises;

use std::path::{Path, PathBuf};

use flowdeck_graph::{Hint, read};
use proptest::prelude::*;

/// Reads bytes under each hint; a pipeline keeps its promises, an error points inside the text.
fn check(bytes: &[u8]) {
    for hint in [Hint::None, Hint::Yaml, Hint::Json] {
        match read(bytes, hint) {
            Ok(pipeline) => promises::hold(&pipeline, &[bytes]),
            Err(error) => promises::hold_error(&error, bytes),
        }
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| {
        file.extension()
            .is_none_or(|ending| ending != "expect" && ending != "md")
    });
    files.sort();
    files
}

fn contents(folder: &str) -> Vec<Vec<u8>> {
    let read = |file: PathBuf| std::fs::read(file).expect("the file is there");
    files(folder).into_iter().map(read).collect()
}

/// Small valid files of each form.
fn valid() -> Vec<Vec<u8>> {
    let mut valid = contents("../../tests/fixtures/pipelines/argo-status");
    for folder in ["argo", "hera", "kfp1", "kfp2"] {
        let all = contents(&format!("../../tests/fixtures/pipelines/{folder}"));
        valid.extend(all.into_iter().filter(|file| file.len() < 6000));
    }
    valid.push(std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/read/run.yaml")).expect("a run"));
    assert!(valid.len() > 30, "there are valid files of every form");
    valid
}

#[test]
fn corpus_of_the_fuzzer_is_read() {
    let corpus = contents("fuzz/corpus/read");
    assert!(corpus.len() >= 10);
    corpus.iter().for_each(|bytes| check(bytes));
}

#[test]
fn corpus_of_attaching_is_attached() {
    let corpus = contents("fuzz/corpus/attach");
    assert!(corpus.len() >= 7);
    for both in corpus {
        let tildes = both.windows(5).position(|line| line == b"\n~~~\n").expect("two texts");
        let texts = [&both[..=tildes], &both[tildes + 5..]];
        let [spec, run] = texts.map(|text| read(text, Hint::None).expect("a pipeline"));
        promises::hold(&spec.attach(&run), &texts);
    }
}

#[test]
fn file_that_breaks_off_anywhere_is_an_error_or_a_graph() {
    for name in ["dag", "steps-loop", "odd"] {
        let file = format!("../../tests/fixtures/pipelines/argo-status/{name}.yaml");
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the file is there");
        for end in 0..bytes.len() {
            check(&bytes[..end]);
        }
    }
}

#[test]
fn every_line_may_be_missing_or_there_twice() {
    for file in valid() {
        let lines: Vec<&[u8]> = file.split(|&byte| byte == b'\n').collect();
        let step = lines.len() / 12 + 1;
        for at in (0..lines.len()).step_by(step) {
            let without: Vec<&[u8]> = [&lines[..at], &lines[at + 1..]].concat();
            check(&without.join(&b'\n'));
            let twice: Vec<&[u8]> = [&lines[..=at], &lines[at..]].concat();
            check(&twice.join(&b'\n'));
        }
    }
}

/// Bytes that mean something in YAML or JSON.
fn telling() -> impl Strategy<Value = u8> {
    prop::sample::select(b"{}[]:,-&*!|>'\"%@`#?~<=.\\/ \t\n\r0ax\xff\x00".to_vec())
}

#[derive(Clone, Debug)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Copy(usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0..usize::MAX;
    prop_oneof![
        (at.clone(), telling()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (at.clone(), telling()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        (at.clone(), 1_usize..40).prop_map(|(at, len)| Damage::Remove(at, len)),
        (at.clone(), 1_usize..80, at).prop_map(|(at, len, to)| Damage::Copy(at, len, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    match *damage {
        Damage::Replace(at, byte) => bytes[at % length] = byte,
        Damage::Insert(at, byte) => bytes.insert(at % length, byte),
        Damage::Remove(at, len) => {
            let at = at % length;
            bytes.drain(at..(at + len).min(length));
        }
        Damage::Copy(at, len, to) => {
            let at = at % length;
            let part = bytes[at..(at + len).min(length)].to_vec();
            let to = to % length;
            bytes.splice(to..to, part);
        }
    }
}

/// Words that the readers look for, so that nonsense has a chance to be almost a pipeline.
fn almost() -> impl Strategy<Value = String> {
    let word = prop::sample::select(
        "root dag tasks components deploymentSpec executors pipelineInfo name componentRef inputs parameters artifacts \
         taskOutputParameter producerTask dependentTasks a b c apiVersion kind Workflow argoproj.io/v1alpha1 spec \
         entrypoint templates steps template withItems status nodes id type Pod DAG StepGroup TaskGroup Retry boundaryID \
         children phase displayName a(0:x) a(0) run_details task_details task_id child_tasks pod_name : : : : - - { } [ ] \
         , &a *a << | > ' \""
            .split(' ')
            .collect::<Vec<_>>(),
    );
    let blank = prop::sample::select(vec![" ", " ", "\n", "\n  ", "\n    ", "\n- ", ": "]);
    prop::collection::vec((word, blank), 0..60)
        .prop_map(|words| words.into_iter().flat_map(|(word, blank)| [word, blank]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn telling_bytes_are_read(bytes in prop::collection::vec(telling(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn almost_pipelines_are_read(text in almost()) {
        check(text.as_bytes());
    }

    #[test]
    fn damaged_files_are_read(at in 0..usize::MAX, damages in prop::collection::vec(damage(), 1..6)) {
        thread_local!(static VALID: Vec<Vec<u8>> = valid());
        let mut bytes = VALID.with(|valid| valid[at % valid.len()].clone());
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        check(&bytes);
    }
}
