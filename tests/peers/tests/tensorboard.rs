//! Lets the real TensorBoard serve event files, and holds our reader and our writer to what it answers.
//!
//! Its data server and its Python loader read some files differently from each other; where we differ from one of them
//! is listed, with how many points it has there. What they gave once is recorded too: crates/scalars/tests/real_files.rs.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flowdeck_peers::{Server, eventually, program};
use flowdeck_scalars::{EventReader, EventWriter, Store};
use serde_json::value::RawValue;

/// It answers while it still reads.
const LOAD_LIMIT: Duration = Duration::from_secs(60);
/// More than any series here has: nothing is left out.
const ALL: &[&str] = &["--samples_per_plugin", "scalars=1000000"];
/// How many points of a series TensorBoard keeps where it is not told otherwise.
const SAMPLE: usize = 1000;

/// How TensorBoard reads files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loader {
    DataServer,
    Python,
}

use Loader::{DataServer, Python};

/// Runs of tests/fixtures/scalars that a loader reads otherwise, and how many points it has (the reasons: README there).
const OTHERWISE: &[(&str, Loader, usize)] = &[
    ("bad-data", DataServer, 12),
    ("bad-data", Python, 5),
    ("double", DataServer, 0),
    ("repeated", Python, 20),
    ("restart", Python, 17),
];

/// A point's step, wall time and value; times and values as bits, so that NaN equals itself and 0 is not -0.
type Bits = (i64, u64, u64);

/// Points by run and tag.
type Curves = BTreeMap<(String, String), Vec<Bits>>;

/// Starts TensorBoard on a folder of logs.
fn tensorboard(logs: &Path, home: &Path, loader: Loader, options: &[&str]) -> Server {
    let mut command = program("tensorboard", home).expect("the peers");
    command
        .args(["--host", "127.0.0.1", "--port", "0", "--logdir"])
        .arg(logs);
    command.args([match loader {
        DataServer => "--load_fast=true",
        Python => "--load_fast=false",
    }]);
    command.args(options);
    Server::start(command, home).expect("TensorBoard")
}

/// `text` as part of a query.
fn escaped(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    bytes.collect()
}

/// A value as TensorBoard spells it in JSON: what is not finite is a text.
fn value(raw: &RawValue) -> f64 {
    match raw.get() {
        "\"NaN\"" => f64::NAN,
        "\"Infinity\"" => f64::INFINITY,
        "\"-Infinity\"" => f64::NEG_INFINITY,
        number => number.parse().unwrap_or_else(|why| panic!("{number}: {why}")),
    }
}

/// All that TensorBoard has.
fn theirs(server: &Server) -> Result<Curves, String> {
    let tags = server.get("/data/plugin/scalars/tags")?.json()?;
    let mut curves = Curves::new();
    for (run, tags) in tags.as_object().ok_or("no runs")? {
        for tag in tags.as_object().ok_or("no tags")?.keys() {
            let query = format!("run={}&tag={}", escaped(run), escaped(tag));
            let answer = server.get(&format!("/data/plugin/scalars/scalars?{query}"))?;
            // Numbers as their texts: serde_json's quick reading may miss the last digit.
            let points: Vec<(&RawValue, i64, &RawValue)> =
                serde_json::from_str(&answer.text).map_err(|why| format!("{query}: {why}: {}", answer.text))?;
            let points = points.into_iter();
            let bits = points.map(|(wall, step, of)| (step, value(wall).to_bits(), value(of).to_bits()));
            curves.insert((run.clone(), tag.clone()), bits.collect());
        }
    }
    Ok(curves)
}

/// All that our reader has.
fn ours(store: &Store) -> Curves {
    let series = store.runs().iter().flat_map(|run| {
        run.all_series().iter().map(|series| {
            let points = series.points();
            let bits = points.map(|point| (point.step, point.wall.to_bits(), point.value.to_bits()));
            ((run.name().to_owned(), series.tag().to_owned()), bits.collect())
        })
    });
    series.collect()
}

/// The event files below a folder, read in the order of their names.
fn read(logs: &Path) -> Store {
    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let (mut store, mut found) = (Store::default(), Vec::new());
    files(logs, &mut found);
    found.sort();
    for path in found {
        let run = path.parent().unwrap().strip_prefix(logs).unwrap();
        let run = store.run_mut(run.to_str().unwrap());
        EventReader::default().push(&std::fs::read(&path).unwrap(), run);
    }
    store
}

/// Curves that are not the same, but for those of which `listed` says how many points there are to be.
fn differences(ours: &Curves, theirs: &Curves, listed: impl Fn(&str) -> Option<usize>) -> Vec<String> {
    let keys: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let (mine, other) = (ours.get(key), theirs.get(key));
        match listed(&key.0) {
            Some(count) if other.map_or(0, Vec::len) == count && mine != other => {}
            None if mine == other => {}
            listed => found.push(format!(
                "{key:?} (listed: {listed:?}): {}",
                first_difference(mine, other)
            )),
        }
    }
    found
}

/// How many points there are, and the first that differs as step, wall time and value: ours, then theirs.
fn first_difference(mine: Option<&Vec<Bits>>, other: Option<&Vec<Bits>>) -> String {
    let points = |all: Option<&Vec<Bits>>| all.cloned().unwrap_or_default();
    let (mine, other) = (points(mine), points(other));
    let at = (0..mine.len().max(other.len())).find(|&at| mine.get(at) != other.get(at));
    let shown = |all: &[Bits]| {
        let (step, wall, value) = *all.get(at?)?;
        Some((step, f64::from_bits(wall), f64::from_bits(value)))
    };
    format!(
        "{} and {} points, {:?} and {:?}",
        mine.len(),
        other.len(),
        shown(&mine),
        shown(&other)
    )
}

fn no_difference(found: &[String]) -> Result<(), String> {
    if found.is_empty() {
        Ok(())
    } else {
        Err(found.join("\n"))
    }
}

/// The runs in TensorBoard's order.
fn runs(server: &Server) -> Vec<String> {
    serde_json::from_str(&server.get("/data/runs").unwrap().text).unwrap()
}

fn by_start(store: &Store) -> Vec<&str> {
    store.by_start().iter().map(|run| run.name()).collect()
}

fn fixtures_are_read_as_by(loader: Loader) {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scalars/logs");
    let home = tempfile::tempdir().unwrap();
    let server = tensorboard(&logs, home.path(), loader, ALL);
    let store = read(&logs);
    let wanted = ours(&store);
    assert!(wanted.len() >= 15, "{:?}", wanted.keys());
    let listed = |run: &str| {
        let mut all = OTHERWISE.iter();
        all.find(|(name, whose, _)| *name == run && *whose == loader)
            .map(|(.., count)| *count)
    };
    eventually(LOAD_LIMIT, || {
        no_difference(&differences(&wanted, &theirs(&server)?, listed))
    })
    .unwrap();
    assert_eq!(runs(&server), by_start(&store));
    if loader == Python {
        names_are_those_of(&server, &store);
    }
}

/// Tags are called as TensorBoard calls them, and described where it describes them.
fn names_are_those_of(server: &Server, store: &Store) {
    let tags = server.get("/data/plugin/scalars/tags").unwrap().json().unwrap();
    let mut described = 0;
    for run in store.runs() {
        for series in run.all_series() {
            let (tag, about) = (run.tag(series.tag()).unwrap(), &tags[run.name()][series.tag()]);
            let name = [tag.display_name.as_str(), series.tag()]
                .into_iter()
                .find(|name| !name.is_empty());
            let shown = [about["displayName"].as_str().unwrap(), series.tag()];
            assert_eq!(name, shown.into_iter().find(|name| !name.is_empty()), "{}", run.name());
            let html = about["description"].as_str().unwrap();
            assert_eq!(tag.description.is_empty(), html.is_empty(), "{html}");
            described += usize::from(!html.is_empty());
        }
    }
    assert_eq!(described, 2);
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn files_of_real_writers_are_read_as_the_data_server_reads_them() {
    fixtures_are_read_as_by(DataServer);
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn files_of_real_writers_are_read_as_the_python_loader_reads_them() {
    fixtures_are_read_as_by(Python);
}

const WALL: f64 = 1_700_000_000.0;
/// Values that are easily lost.
const ODD: [f32; 7] = [1.0, f32::NAN, f32::INFINITY, -0.0, f32::NEG_INFINITY, 1e-40, f32::MAX];

/// Writes one file of a run.
fn write(logs: &Path, run: &str, number: u32, writer: &EventWriter) {
    let folder = logs.join(run);
    std::fs::create_dir_all(&folder).unwrap();
    let name = format!("events.out.tfevents.170000000{number}.flowdeck.{number}");
    std::fs::write(folder.join(name), writer.bytes()).unwrap();
}

/// Runs of every kind that our writer knows; the last begins first.
fn write_all(logs: &Path) {
    let curve = |step: i64| (step as f32 * 0.37).sin() / (step as f32 + 1.0).sqrt();
    let mut long = EventWriter::new(WALL + 30.0);
    for step in 0..3 * SAMPLE as i64 {
        long.scalar(WALL + 30.0 + step as f64 * 0.125, step, "loss", curve(step));
    }
    write(logs, "a-long", 0, &long);
    let mut odd = EventWriter::new(WALL + 20.0);
    for (step, value) in (-3..).zip(ODD) {
        odd.scalar(WALL + 20.5, step, "v1/odd", value);
        odd.tensor_scalar(WALL + 21.0, step, "v2/odd", value);
        odd.other(WALL + 21.0, step, "words", "text");
    }
    write(logs, "b/odd", 0, &odd);
    // Trained until step 8, begun again from step 5.
    for (number, steps) in [(0, 0..9), (1, 5..12)] {
        let mut file = EventWriter::new(WALL + 10.0 + 50.0 * f64::from(number));
        for step in steps {
            let wall = WALL + 11.0 + 50.0 * f64::from(number) + step as f64;
            file.tensor_scalar(wall, step, "loss", number as f32 + curve(step));
        }
        write(logs, "c-again", number, &file);
    }
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn what_our_writer_writes_is_what_tensorboard_reads_and_samples() {
    let (logs, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_all(logs.path());
    let server = tensorboard(logs.path(), home.path(), DataServer, &[]);
    let store = read(logs.path());
    let wanted = ours(&store);
    let mut last = Curves::new();
    eventually(LOAD_LIMIT, || {
        last = theirs(&server)?;
        let listed = |run: &str| (run == "a-long").then_some(SAMPLE);
        no_difference(&differences(&wanted, &last, listed))
    })
    .unwrap();
    assert_eq!(last.len(), 4, "{:?}", last.keys());
    assert_eq!(runs(&server), ["c-again", "b/odd", "a-long"]);
    assert_eq!(by_start(&store), runs(&server));
    // A sample is some of the points as they are, in their order, and always the last.
    let long = ("a-long".to_owned(), "loss".to_owned());
    let (all, sample) = (&wanted[&long], &last[&long]);
    let mut rest = all.iter();
    assert!(sample.iter().all(|point| rest.any(|one| one == point)), "{sample:?}");
    assert_eq!(sample.last(), all.last());
    // What went in is what came out.
    for tag in ["v1/odd", "v2/odd"] {
        let values = last[&("b/odd".to_owned(), tag.to_owned())].iter().map(|point| point.2);
        let wanted = ODD.map(|value| f64::from(value).to_bits());
        assert!(values.eq(wanted), "{tag}");
    }
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn doubles_of_our_writer_keep_all_digits() {
    let (logs, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut writer = EventWriter::new(WALL);
    for step in 0..20 {
        writer.double_scalar(WALL + step as f64, step, "rate", 0.1 / (step + 1) as f64);
    }
    write(logs.path(), "run", 0, &writer);
    let server = tensorboard(logs.path(), home.path(), Python, ALL);
    let wanted = ours(&read(logs.path()));
    let curve = &wanted[&("run".to_owned(), "rate".to_owned())];
    assert_eq!(curve[2].2, (0.1f64 / 3.0).to_bits());
    eventually(LOAD_LIMIT, || {
        no_difference(&differences(&wanted, &theirs(&server)?, |_| None))
    })
    .unwrap();
}
