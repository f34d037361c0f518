use super::*;
use crate::query::Column;
use flowdeck_objects::{Notebook, NotebookPhase, Phase, ServerType, Timestamp, notebook_phase};
use proptest::prelude::*;

const PHASES: [Phase; 5] = [
    Phase::Running,
    Phase::Failed,
    Phase::Waiting,
    Phase::Stopped,
    Phase::Deleting,
];

fn row(uid: &str, name: &str, phase: Phase, cpu: &str) -> NotebookRow {
    let plain = notebook_phase(&Notebook::default(), None, None, &[], Timestamp(0));
    NotebookRow {
        uid: uid.to_owned(),
        name: name.to_owned(),
        phase: NotebookPhase {
            phase,
            reason: "".into(),
            ..plain
        },
        server: ServerType::Jupyter,
        image: format!("ghcr.io/a/b/{name}:v1"),
        image_short: format!("{name}:v1"),
        cpu: flowdeck_objects::Quantity::parse(cpu).ok(),
        memory: None,
        gpus: 0,
        gpu_text: String::new(),
        created: None,
        activity: None,
    }
}

fn names(table: &NotebookTable) -> Vec<&str> {
    (0..table.len())
        .map(|place| table.get(place).unwrap().name.as_str())
        .collect()
}

fn query(q: &str, phase: Option<Group>, column: Column, descending: bool) -> NotebooksQuery {
    NotebooksQuery {
        ns: String::new(),
        q: q.to_owned(),
        phase,
        sort: Sort { column, descending },
    }
}

fn three() -> NotebookTable {
    let mut table = NotebookTable::default();
    table.replace_all(
        [
            row("1", "b", Phase::Running, "4"),
            row("2", "a", Phase::Failed, "x"),
            row("3", "c", Phase::Running, "500m"),
        ]
        .into_iter(),
    );
    table
}

#[test]
fn sorting_puts_missing_values_last_either_way() {
    let mut table = three();
    assert_eq!(names(&table), ["a", "b", "c"]);
    table.set_query(&query("", None, Column::Cpu, false));
    assert_eq!(names(&table), ["c", "b", "a"]);
    table.set_query(&query("", None, Column::Cpu, true));
    assert_eq!(names(&table), ["b", "c", "a"]);
    table.set_query(&query("", None, Column::Status, false));
    assert_eq!(names(&table), ["a", "b", "c"], "failures first");
}

#[test]
fn filter_counts_what_has_the_text() {
    let mut table = three();
    assert!(table.set_query(&query("FAIL", None, Column::Name, false)));
    assert_eq!(names(&table), ["a"]);
    assert_eq!(
        (
            table.with_text(),
            table.count_of(Group::Failing),
            table.count_of(Group::Running)
        ),
        (1, 1, 0)
    );
    table.set_query(&query("", Some(Group::Running), Column::Name, false));
    assert_eq!(names(&table), ["b", "c"]);
    assert_eq!(
        (table.with_text(), table.total(), table.count_of(Group::Failing)),
        (3, 3, 1)
    );
    assert_eq!(
        (table.place_of("3"), table.place_of("2"), table.place_of("9")),
        (Some(1), None, None)
    );
}

#[test]
fn unchanged_row_changes_nothing() {
    let mut table = three();
    assert!(!table.apply([Change::Put(Box::new(row("1", "b", Phase::Running, "4")))].into_iter()));
    assert!(table.apply([Change::Put(Box::new(row("1", "b", Phase::Stopped, "4")))].into_iter()));
}

#[test]
fn held_rows_keep_their_places_until_released() {
    let mut table = three();
    table.set_hold(true);
    table.apply(
        [
            Change::Put(Box::new(row("4", "aa", Phase::Running, "1"))),
            Change::Put(Box::new(row("1", "z", Phase::Stopped, "4"))),
            Change::Gone("3".to_owned()),
        ]
        .into_iter(),
    );
    assert_eq!((names(&table), table.waiting()), (vec!["a", "z"], 1));
    assert_eq!(table.place_of("1"), Some(1));
    table.set_hold(false);
    assert_eq!((names(&table), table.waiting()), (vec!["a", "aa", "z"], 0));
}

proptest! {
    #[test]
    fn changes_give_what_replacing_all_gives(
        steps in proptest::collection::vec(
            proptest::collection::vec((0..12_usize, 0..6_usize, 0..4_usize, any::<bool>()), 1..8), 1..8),
        column in 0..9_usize, descending: bool, group in proptest::option::of(0..5_usize), text in "[a-d]?",
    ) {
        let query = query(&text, group.map(|at| Group::ALL[at]), Column::ALL[column], descending);
        let mut table = NotebookTable::default();
        table.set_query(&query);
        let mut all: std::collections::BTreeMap<String, NotebookRow> = Default::default();
        for step in steps {
            let mut changes = Vec::new();
            for (uid, phase, name, gone) in step {
                let uid = uid.to_string();
                if gone || phase >= PHASES.len() {
                    all.remove(&uid);
                    changes.push(Change::Gone(uid));
                } else {
                    let new = row(&uid, ["a", "b", "c", "d"][name], PHASES[phase], ["1", "2", "x"][phase % 3]);
                    all.insert(uid, new.clone());
                    changes.push(Change::Put(Box::new(new)));
                }
            }
            table.apply(changes.into_iter());
            let mut anew = NotebookTable::default();
            anew.set_query(&query);
            anew.replace_all(all.values().cloned());
            let rows = |table: &NotebookTable| (0..table.len()).map(|at| table.get(at).unwrap().clone()).collect::<Vec<_>>();
            prop_assert_eq!(rows(&table), rows(&anew));
            prop_assert_eq!(table.counts, anew.counts);
            prop_assert_eq!((table.total(), table.with_text()), (all.len(), anew.with_text()));
            for at in 0..table.len() {
                prop_assert_eq!(table.place_of(&table.get(at).unwrap().uid), Some(at));
            }
        }
    }
}
