//! Replays the recorded life of three Notebooks and holds the phase after each line to a table written by hand.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use flowdeck_objects::{
    ChangeKind, Event, Notebook, NotebookPhase, Object, Pod, StatefulSet, Timestamp, WatchEvent, events,
    notebook_phase, notebook_phase_without_pods,
};
use serde::Deserialize;

/// The streams that a Notebook's phase comes from.
const STREAMS: [&str; 4] = ["notebooks", "pods", "statefulsets", "events"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/notebook-life")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// One recorded line.
struct Line {
    version: u64,
    place: String,
    stream: &'static str,
    text: String,
    at: Option<Timestamp>,
}

/// When a line was written: the newest time in its managedFields (recorded times never lie in the future there).
#[derive(Deserialize)]
struct Frame {
    object: Managed,
}

#[derive(Deserialize)]
struct Managed {
    metadata: ManagedMeta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManagedMeta {
    resource_version: String,
    #[serde(default)]
    managed_fields: Vec<ManagedField>,
}

#[derive(Deserialize)]
struct ManagedField {
    time: Option<String>,
}

fn lines() -> Vec<Line> {
    let mut out = Vec::new();
    for stream in STREAMS {
        for (index, text) in read(&format!("{stream}.jsonl")).lines().enumerate() {
            if text.contains(r#""type":"BOOKMARK""#) {
                continue;
            }
            let meta = serde_json::from_str::<Frame>(text).unwrap().object.metadata;
            let at = meta
                .managed_fields
                .iter()
                .filter_map(|f| Timestamp::parse(f.time.as_ref()?))
                .max();
            let version = meta.resource_version.parse().unwrap();
            out.push(Line {
                version,
                place: format!("{stream}:{}", index + 1),
                stream,
                text: text.to_owned(),
                at,
            });
        }
    }
    out.sort_by_key(|line| line.version);
    out
}

#[derive(Default)]
struct World {
    notebooks: BTreeMap<String, Notebook>,
    pods: BTreeMap<String, Pod>,
    stateful_sets: BTreeMap<String, StatefulSet>,
    events: BTreeMap<String, Event>,
}

fn apply<T: Object + Clone>(
    rows: &mut BTreeMap<String, T>,
    text: &str,
    name: fn(&T) -> String,
    notebook: fn(&T) -> String,
) -> String {
    match WatchEvent::<T>::parse(text.as_bytes()).unwrap() {
        WatchEvent::Change(ChangeKind::Deleted, object) => {
            rows.remove(&name(&object));
            notebook(&object)
        }
        WatchEvent::Change(_, object) => {
            let out = notebook(&object);
            rows.insert(name(&object), object);
            out
        }
        _ => panic!("no change: {text}"),
    }
}

impl World {
    /// Applies a line and says which Notebook it belongs to.
    fn apply(&mut self, line: &Line) -> String {
        match line.stream {
            "notebooks" => apply(
                &mut self.notebooks,
                &line.text,
                |n| n.metadata.name.clone(),
                |n| n.metadata.name.clone(),
            ),
            "pods" => apply(
                &mut self.pods,
                &line.text,
                |p| p.notebook_name().unwrap().to_owned(),
                |p| p.notebook_name().unwrap().to_owned(),
            ),
            "statefulsets" => apply(
                &mut self.stateful_sets,
                &line.text,
                |s| s.metadata.name.clone(),
                |s| s.metadata.name.clone(),
            ),
            _ => apply(
                &mut self.events,
                &line.text,
                |e| e.metadata.name.clone(),
                |e| events::notebook_name(e).unwrap().to_owned(),
            ),
        }
    }

    fn events(&self, name: &str) -> Vec<&Event> {
        self.events
            .values()
            .filter(|e| events::notebook_name(e) == Some(name))
            .collect()
    }

    fn phase(&self, name: &str, now: Timestamp) -> Option<NotebookPhase> {
        let notebook = self.notebooks.get(name)?;
        Some(notebook_phase(
            notebook,
            self.pods.get(name),
            self.stateful_sets.get(name),
            &self.events(name),
            now,
        ))
    }
}

/// Replays everything; `each` sees the world after each line.
fn replay(mut each: impl FnMut(&World, &Line, &str, Timestamp)) {
    let mut world = World::default();
    let mut now = Timestamp(0);
    for line in lines() {
        now = line.at.map_or(now, |at| at.max(now));
        let name = world.apply(&line);
        each(&world, &line, &name, now);
    }
}

#[test]
fn phase_after_each_recorded_line_is_what_a_user_ought_to_read() {
    let table = read("phases.txt");
    let mut expected = table.lines().filter(|l| !l.starts_with('#'));
    let mut wrong = Vec::new();
    replay(|world, line, name, now| {
        let (word, reason) = match world.phase(name, now) {
            Some(phase) => (phase.phase.word(), phase.reason.into_owned()),
            None => ("gone", String::new()),
        };
        let found = format!(
            "{} | {:<15} | {name:<6} | {word:<13} | {reason}",
            line.version, line.place
        );
        let expect = expected.next().unwrap_or("(no more lines in the table)");
        if found.trim_end() != expect.trim_end() {
            wrong.push(format!("expected {expect}\n   found {found}"));
        }
    });
    assert_eq!(expected.next(), None, "the table has more lines than the recording");
    assert!(wrong.is_empty(), "{} lines differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the recording says of one Notebook at one version.
fn at(version: u64) -> NotebookPhase {
    let mut out = None;
    replay(|world, line, name, now| {
        if line.version == version {
            out = world.phase(name, now);
        }
    });
    out.unwrap()
}

#[test]
fn trouble_comes_with_advice_and_the_clusters_words() {
    let memory = at(719);
    assert_eq!(memory.restarts, 3);
    assert!(memory.advice.unwrap().contains("limit of 1 Gi"));
    let image = at(724);
    assert_eq!(
        image.message.as_deref(),
        Some(r#"Back-off pulling image "img": ErrImagePull: not found"#)
    );
    assert!(image.advice.is_some());
    let quota = at(821);
    assert!(quota.advice.unwrap().contains("quota q"));
    assert!(quota.message.unwrap().starts_with("Create Pod over-0"));
    assert!(at(849).message.unwrap().contains("Insufficient cpu"));
}

#[test]
fn only_a_ready_pod_can_be_connected_to() {
    replay(|world, _, name, now| {
        if let Some(phase) = world.phase(name, now) {
            let ready = world
                .pods
                .get(name)
                .is_some_and(|p| p.is_ready() && !p.metadata.is_deleting());
            let stopped = world.notebooks[name].is_stopped();
            assert_eq!(phase.can_connect, ready && !stopped);
        }
    });
}

#[test]
fn replaced_pod_is_said_to_be_of_an_older_revision() {
    assert!(!at(765).outdated, "the StatefulSet has not spoken yet");
    assert!(at(768).outdated);
    assert!(!at(780).outdated);
}

#[test]
fn mirrored_status_gives_the_same_phase_once_it_has_caught_up() {
    let mut compared = 0;
    replay(|world, line, name, now| {
        // Versions at which the controller has just mirrored the pod as it is.
        if ![717, 723, 725, 727, 741, 757, 759, 787, 803, 836, 851].contains(&line.version) {
            return;
        }
        let set = world.stateful_sets.get(name);
        let blind = notebook_phase_without_pods(&world.notebooks[name], set, &world.events(name), now);
        assert_eq!(
            Some(blind.phase),
            world.phase(name, now).map(|p| p.phase),
            "at {}",
            line.version
        );
        compared += 1;
    });
    assert_eq!(compared, 11);
}

#[test]
fn events_tab_shows_each_thing_once() {
    let mut world = World::default();
    for line in lines() {
        world.apply(&line);
    }
    let over = world.events("over");
    let rows = events::rows(over.iter().copied());
    let shown: Vec<_> = rows
        .iter()
        .map(|r| (r.kind, r.event.reason.as_str(), r.times))
        .collect();
    assert_eq!(
        shown,
        [
            ("Pod", "Scheduled", 1),
            ("StatefulSet", "SuccessfulCreate", 1),
            ("StatefulSet", "FailedCreate", 10)
        ]
    );
    let toobig = world.events("toobig");
    let rows = events::rows(toobig.iter().copied());
    let failed = rows.iter().find(|r| r.event.reason == "FailedScheduling").unwrap();
    // One event of one, then one whose series counts two.
    assert_eq!((failed.kind, failed.name, failed.times), ("Pod", "toobig-0", 3));
    assert_eq!(failed.last, Timestamp::parse("2026-11-24T02:06:57.536Z"));
    assert_eq!(failed.first, Timestamp::parse("2026-11-24T02:06:47.406Z"));
    assert!(rows.windows(2).all(|pair| pair[0].last >= pair[1].last), "newest first");
}
