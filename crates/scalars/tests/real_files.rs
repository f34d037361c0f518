//! Reads files of real writers and compares each point with what TensorBoard's two loaders read in them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use flowdeck_scalars::{Damage, EventReader, Param, Run, Status, Store};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Runs that a loader of TensorBoard reads otherwise, and why (tests/fixtures/scalars/README.md).
const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "bad-data",
        "python",
        "stops at the damaged record, we only leave it out",
    ),
    (
        "bad-data",
        "data_server",
        "takes the damaged record as it is, we leave it out",
    ),
    ("double", "data_server", "drops DT_DOUBLE, we read it"),
    (
        "repeated",
        "python",
        "keeps a step's earlier points, we keep the last as the data server does",
    ),
    ("restart", "python", "keeps the points of the abandoned training"),
];

type Points = BTreeMap<String, BTreeMap<String, Vec<[f64; 3]>>>;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/scalars")
}

/// The event files below a folder with their runs, in the order in which they are to be read.
fn event_files(folder: &Path, run: &str, found: &mut Vec<(String, PathBuf)>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            event_files(&path, &format!("{run}/{name}"), found);
        } else if name.contains("tfevents") {
            found.push((run.trim_start_matches('/').to_owned(), path));
        }
    }
}

fn read(piece: usize) -> (Store, BTreeMap<String, EventReader>) {
    let (mut store, mut readers, mut files) = (Store::default(), BTreeMap::new(), Vec::new());
    event_files(&fixtures().join("logs"), "", &mut files);
    for (run, path) in files {
        let mut reader = EventReader::default();
        for bytes in std::fs::read(path).unwrap().chunks(piece) {
            reader.push(bytes, store.run_mut(&run));
        }
        readers.insert(run, reader);
    }
    (store, readers)
}

fn ours(run: &Run) -> BTreeMap<String, Vec<[f64; 3]>> {
    let points = run.all_series().iter().map(|series| {
        let points = series
            .points()
            .map(|point| [point.step as f64, point.wall, point.value])
            .collect();
        (series.tag().to_owned(), points)
    });
    points.collect()
}

/// What `points.json` holds; numbers as their texts, because serde_json's quick reading may miss the last digit.
#[derive(serde::Deserialize)]
struct Judged {
    python: BTreeMap<String, BTreeMap<String, Vec<[Box<RawValue>; 3]>>>,
    data_server: BTreeMap<String, BTreeMap<String, Vec<[Box<RawValue>; 3]>>>,
}

/// NaN and infinities stand as Python's texts in the file.
fn theirs(judge: &str) -> Points {
    let text = std::fs::read_to_string(fixtures().join("points.json")).unwrap();
    let all: Judged = serde_json::from_str(&text).unwrap();
    let runs = if judge == "python" { all.python } else { all.data_server };
    let number = |value: Box<RawValue>| value.get().trim_matches('"').parse::<f64>().unwrap();
    let tags = |tags: BTreeMap<String, Vec<[Box<RawValue>; 3]>>| {
        let series = tags.into_iter();
        series
            .map(|(tag, points)| (tag, points.into_iter().map(|point| point.map(number)).collect()))
            .collect()
    };
    runs.into_iter().map(|(run, of)| (run, tags(of))).collect()
}

/// As bits, so that NaN equals itself and 0 is not -0.
fn bits(tags: &BTreeMap<String, Vec<[f64; 3]>>) -> Vec<(&str, Vec<[u64; 3]>)> {
    let series = tags.iter().filter(|(_, points)| !points.is_empty());
    series
        .map(|(tag, points)| {
            (
                tag.as_str(),
                points.iter().map(|point| point.map(f64::to_bits)).collect(),
            )
        })
        .collect()
}

#[test]
fn points_are_those_of_tensorboard_or_differ_as_listed() {
    for piece in [usize::MAX, 13] {
        let (store, _) = read(piece);
        for judge in ["python", "data_server"] {
            let theirs = theirs(judge);
            assert!(theirs.len() >= 13);
            for (run, points) in &theirs {
                let same = bits(&ours(store.run(run).unwrap())) == bits(points);
                let listed = DIFFERENT.iter().any(|(name, whose, _)| name == run && *whose == judge);
                assert_eq!(same, !listed, "{run} by {judge}");
            }
            assert_eq!(store.runs().len(), theirs.len());
        }
    }
}

#[test]
fn damage_is_reported_with_its_offset() {
    let (store, readers) = read(usize::MAX);
    let steps = |run: &str| {
        store
            .run(run)
            .unwrap()
            .series("loss")
            .unwrap()
            .steps()
            .collect::<Vec<_>>()
    };
    let (data, length, cut) = (&readers["bad-data"], &readers["bad-length"], &readers["cut"]);
    assert_eq!(
        (data.problems().count(), &data.problems().first()[0].damage),
        (1, &Damage::DataChecksum)
    );
    assert_eq!(steps("bad-data"), [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]);
    assert_eq!(
        (length.is_dead(), &length.problems().first()[0].damage),
        (true, &Damage::LengthChecksum)
    );
    assert_eq!(data.problems().first()[0].offset, length.problems().first()[0].offset);
    assert_eq!(
        (cut.problems().count(), cut.pending(), cut.offset()),
        (0, 20, length.problems().first()[0].offset)
    );
    for (run, reader) in readers.iter().filter(|(run, _)| !run.starts_with("bad")) {
        assert_eq!(reader.problems().count(), 0, "{run}");
    }
}

#[test]
fn names_plugins_and_session_are_read() {
    let (store, _) = read(usize::MAX);
    let run = store.run("tensorboardx").unwrap();
    assert_eq!(
        run.plugins().into_iter().collect::<Vec<_>>(),
        [("histograms", 1), ("scalars", 2), ("text", 1)]
    );
    let tag = run.tag("Loss/test").unwrap();
    assert_eq!(
        (tag.display_name.as_str(), tag.description.as_str()),
        ("Test loss", "on held-out data")
    );
    assert_eq!(
        store.run("v2").unwrap().tag("loss").unwrap().description,
        "how far **off** it is"
    );
    let session = store.run("hparams").unwrap().session().unwrap();
    let params: Vec<String> = session
        .params
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(params, ["deep=true", "layers=4", "lr=0.05", "opt=adam"]);
    assert_eq!(session.params[1].1, Param::Number(4.0));
    assert_eq!(
        (session.status, session.start_secs, session.end_secs),
        (Status::Success, 1.7e9, 1.7e9 + 60.0)
    );
    assert!(!session.group.is_empty());
}
