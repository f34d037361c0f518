//! Reads a run of KFP's v2beta1 API: what its tasks say, one by one.
//!
//! KFP has two shapes of `task_details` (reference/pipelines-and-workflows.md §2.1). Releases up to 2.17 copy Argo's nodes:
//! drivers and executors with `child_tasks`, in no group; put onto their pipeline they are told apart (`model/nest.rs`).
//! The tasks API that takes MLMD's place has each task once, with its parent and, in a loop, its round.

use std::collections::HashMap;

use flowdeck_objects::Timestamp;

use super::document::{Document, Shape, Value};
use super::form;
use crate::model::{
    Builder, DEPTH_LIMIT, EdgeRecord, FaultKind, Form, Kind, Name, Phase, Pipeline, PortKind, PortRecord, Record,
};

/// Whether a document is a run, or the tasks of one.
pub(super) fn is_run(root: Value<'_>) -> bool {
    let run = run_of(root);
    run.get("run_details").shape() == Shape::Map
        || run.get("task_details").shape() == Shape::List
        || (run.get("run_id").is_some() && run.get("state").is_some())
        || root.get("tasks").items().any(|task| task.get("task_id").is_some())
}

/// The run itself, which the v1 API wraps once more.
pub(super) fn run_of(root: Value<'_>) -> Value<'_> {
    let run = root.get("run");
    if run.shape() == Shape::Map { run } else { root }
}

/// Reads the tasks.
pub(super) fn read(document: &Document<'_>, root: Value<'_>) -> Pipeline {
    let mut builder = Builder::new(Form::KfpRun);
    form::repeated_keys(document, &mut builder);
    let run = run_of(root);
    whole(&mut builder, run);
    let lists = [
        run.get("run_details").get("task_details"),
        run.get("task_details"),
        root.get("tasks"),
    ];
    let tasks: Vec<Value<'_>> = lists
        .into_iter()
        .find(|list| list.is_some())
        .map(|list| list.items().filter(|task| task.shape() == Shape::Map).collect())
        .unwrap_or_default();
    if tasks.iter().any(|task| !task.get("parent_task_id").text().is_empty()) {
        in_groups(&mut builder, &tasks);
    } else {
        side_by_side(&mut builder, &tasks);
    }
    builder.finish(document.source())
}

fn whole(builder: &mut Builder, run: Value<'_>) {
    let name = builder.name(run.get("display_name").text());
    let id = builder.name(run.get("run_id").text());
    let message = builder.name(run.get("error").get("message").text());
    builder.description = builder.names.add(run.get("description").text());
    let record = builder.node(0);
    record.name = name;
    record.id = id;
    record.message = message;
    record.phase = Phase::from_kfp(run.get("state").text());
    record.started = time(run.get("created_at"));
    record.finished = time(run.get("finished_at"));
}

/// A time; KFP writes 1970 for one that has not come.
fn time(value: Value<'_>) -> Option<Timestamp> {
    Timestamp::parse(value.text()).filter(|time| time.0 > 0)
}

fn record(builder: &mut Builder, task: Value<'_>) -> Record {
    let name = match task.get("name").text() {
        "" => task.get("display_name").text(),
        name => name,
    };
    let shown = match task.get("display_name").text() {
        "" => name,
        shown => shown,
    };
    let state = match task.get("state").text() {
        "" => task.get("status").text(),
        state => state,
    };
    let message = match task.get("error").get("message").text() {
        "" => task.get("status_metadata").get("message").text(),
        message => message,
    };
    let phase = match Phase::from_kfp(state) {
        Phase::Unknown => Phase::from_argo(state),
        phase => phase,
    };
    Record {
        key: builder.name(name),
        name: builder.name(shown),
        id: builder.name(task.get("task_id").text()),
        message: builder.name(message),
        started: time(task.get("start_time")).or_else(|| time(task.get("create_time"))),
        finished: time(task.get("end_time")),
        offset: task.offset(),
        kind: kind(task.get("type").text()),
        phase,
        ..Record::default()
    }
}

/// The types of the tasks API.
fn kind(word: &str) -> Kind {
    match word {
        "ROOT" | "DAG" => Kind::Dag,
        "LOOP" => Kind::Loop,
        "CONDITION" => Kind::Condition,
        "CONDITION_BRANCH" => Kind::Branches,
        "EXIT_HANDLER" => Kind::ExitHandler,
        "IMPORTER" => Kind::Importer,
        _ => Kind::Task,
    }
}

fn ports(builder: &mut Builder, node: u32, task: Value<'_>) {
    for (output, part) in [(false, "inputs"), (true, "outputs")] {
        for (name, list) in task.get(part).entries() {
            let ids: Vec<&str> = list.get("artifact_ids").items().map(Value::text).collect();
            let port = PortRecord {
                node,
                output,
                kind: PortKind::Artifact,
                list: ids.len() > 1,
                name: builder.name(name),
                value: builder.name(&ids.join(", ")),
                ..PortRecord::default()
            };
            builder.ports.push(port);
        }
    }
}

/// Argo's nodes as they are: rounds and attempts by their names, children as order.
fn side_by_side(builder: &mut Builder, tasks: &[Value<'_>]) {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let whole = whole_of_argo(tasks);
    for (at, &task) in tasks.iter().enumerate() {
        let mut record = record(builder, task);
        let name = builder.names.text(record.key).to_owned();
        if let Some((key, number, kind)) = numbered(&name) {
            record.key = builder.name(key);
            record.iteration = Some(number);
            record.kind = kind;
        }
        let node = if whole == Some(at) {
            0
        } else {
            let Some(node) = builder.add(0, record) else { break };
            ports(builder, node, task);
            node
        };
        for id in [task.get("task_id").text(), task.get("pod_name").text()] {
            if !id.is_empty() {
                known.entry(id).or_insert(node);
            }
        }
    }
    for &task in tasks {
        let Some(&from) = known.get(task.get("task_id").text()) else {
            continue;
        };
        for child in task.get("child_tasks").items() {
            let ids = [child.get("task_id").text(), child.get("pod_name").text()];
            match ids.iter().find_map(|id| known.get(id)) {
                Some(&to) => builder.edges.push(EdgeRecord {
                    from,
                    to,
                    ..EdgeRecord::default()
                }),
                None => {
                    let message = format!("no task {:?} to go on with", ids[0].to_owned() + ids[1]);
                    builder.fault(FaultKind::Dangling, child.offset(), message);
                }
            }
        }
    }
}

/// Argo's node for the whole Workflow: nobody's child, and the driver of the whole is its own.
fn whole_of_argo(tasks: &[Value<'_>]) -> Option<usize> {
    let id = |task: &Value<'_>| task.get("task_id").text().to_owned();
    let driver = tasks
        .iter()
        .find(|task| task.get("display_name").text() == "root-driver")?;
    let (driver, pod) = (id(driver), driver.get("pod_name").text());
    let is_it = |child: Value<'_>| {
        let (task, named) = (child.get("task_id").text(), child.get("pod_name").text());
        task == driver || named == driver || (!named.is_empty() && named == pod)
    };
    tasks.iter().position(|task| task.get("child_tasks").items().any(is_it))
}

/// `a(0:0)` is round 0 of `a`, `a(1)` its second attempt.
fn numbered(name: &str) -> Option<(&str, u32, Kind)> {
    let (key, rest) = name.strip_suffix(')')?.split_once('(')?;
    match rest.split_once(':') {
        Some((number, _)) => Some((key, number.parse().ok()?, Kind::Iteration)),
        None => Some((key, rest.parse().ok()?, Kind::Attempt)),
    }
}

/// Tasks that name their parents; the rounds of a loop become nodes of their own.
fn in_groups(builder: &mut Builder, tasks: &[Value<'_>]) {
    let places: HashMap<&str, usize> = tasks
        .iter()
        .enumerate()
        .map(|(at, task)| (task.get("task_id").text(), at))
        .collect();
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); tasks.len() + 1];
    for (at, task) in tasks.iter().enumerate() {
        let parent = task.get("parent_task_id");
        let known = places.get(parent.text()).copied().filter(|&parent| parent != at);
        if known.is_none() && !parent.text().is_empty() {
            let message = format!("no task {:?} to be inside of", parent.text());
            builder.fault(FaultKind::Dangling, parent.offset(), message);
        }
        inside[known.unwrap_or(tasks.len())].push(at);
    }
    let mut rounds: HashMap<(u32, u32), u32> = HashMap::new();
    let mut done = vec![false; tasks.len()];
    let mut todo: Vec<(usize, u32)> = inside[tasks.len()].iter().rev().map(|&at| (at, 0)).collect();
    while let Some((at, parent)) = todo.pop() {
        done[at] = true;
        let task = tasks[at];
        let Some(node) = grouped(builder, &mut rounds, task, parent) else {
            return;
        };
        // Deeper than anybody can look into it goes on beside the task that it is in.
        let around = if builder.depth(node) >= DEPTH_LIMIT {
            parent
        } else {
            node
        };
        todo.extend(inside[at].iter().rev().map(|&child| (child, around)));
    }
    if let Some(at) = done.iter().position(|done| !done) {
        let message = "tasks that are inside each other are not shown".to_owned();
        builder.fault(FaultKind::Cycle, tasks[at].offset(), message);
    }
}

fn grouped(builder: &mut Builder, rounds: &mut HashMap<(u32, u32), u32>, task: Value<'_>, parent: u32) -> Option<u32> {
    let mut record = record(builder, task);
    if parent == 0 && task.get("type").text() == "ROOT" {
        let whole = builder.node(0);
        if whole.phase == Phase::Unknown {
            whole.phase = record.phase;
        }
        return Some(0);
    }
    let round = task.get("type_attributes").get("iteration_index").number();
    let around = builder.nodes[parent as usize];
    let mut parent = parent;
    if let Some(number) = round.filter(|_| around.kind == Kind::Loop) {
        if record.key == around.key {
            (record.kind, record.iteration) = (Kind::Iteration, Some(number));
        } else {
            let round = Record {
                kind: Kind::Iteration,
                key: around.key,
                name: around.name,
                iteration: Some(number),
                phase: record.phase,
                ..Record::default()
            };
            parent = match rounds.get(&(parent, number)) {
                Some(&known) => known,
                None => builder.add(parent, round)?,
            };
            rounds.insert((builder.nodes[parent as usize].parent, number), parent);
        }
    }
    let node = builder.add(
        parent,
        Record {
            condition: Name::EMPTY,
            ..record
        },
    )?;
    ports(builder, node, task);
    Some(node)
}

#[cfg(test)]
mod tests;
