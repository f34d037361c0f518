//! Reads KFP's intermediate representation (v2), every sub-DAG expanded.
//!
//! Rule: `pipeline_spec.proto` (reference/pipelines-and-workflows.md §3.1), with the words of schema 2.0.0 where they
//! differ. Tests: `tests.rs` beside it.

mod ports;

use std::collections::HashMap;

use super::document::{Document, Shape, Value};
use super::form;
use crate::model::{
    Builder, Cache, DEPTH_LIMIT, EdgeKind, EdgeRecord, FaultKind, Form, Kind, Loop, Name, Pipeline, Record,
    TEXT_LIMIT_BYTES, Trigger,
};

/// Reads a pipeline spec. What a platform spec adds (mounts, secrets, tolerations) changes no graph and is not read.
pub(super) fn read(document: &Document<'_>, spec: Value<'_>) -> Pipeline {
    let mut ir = Ir {
        components: spec.get("components").entries().collect(),
        executors: spec.get("deploymentSpec").get("executors").entries().collect(),
        builder: Builder::new(Form::KfpIr),
    };
    form::repeated_keys(document, &mut ir.builder);
    ir.pipeline(spec);
    ir.builder.finish(document.source())
}

struct Ir<'d> {
    components: HashMap<&'d str, Value<'d>>,
    executors: HashMap<&'d str, Value<'d>>,
    builder: Builder,
}

/// A DAG that is still to be gone into.
struct Inside<'d> {
    node: u32,
    depth: u32,
    component: Value<'d>,
}

impl<'d> Ir<'d> {
    fn pipeline(&mut self, spec: Value<'d>) {
        let info = spec.get("pipelineInfo");
        let title = match info.get("displayName").text() {
            "" => info.get("name").text(),
            title => title,
        };
        let component = spec.get("root");
        self.builder.node(0).name = self.builder.names.add(title);
        self.builder.node(0).offset = component.offset();
        self.builder.description = self.builder.names.add(info.get("description").text());
        self.component_ports(0, component, Value::nothing(spec));
        let mut todo = vec![Inside {
            node: 0,
            depth: 0,
            component,
        }];
        // Depth first, so that a bomb is cut off at its first branch and not in the middle of every one.
        while let Some(inside) = todo.pop().filter(|_| !self.builder.is_full()) {
            self.dag(&inside, &mut todo);
        }
    }

    fn dag(&mut self, inside: &Inside<'d>, todo: &mut Vec<Inside<'d>>) {
        let tasks = inside.component.get("dag").get("tasks");
        if tasks.is_some() && tasks.shape() != Shape::Map {
            let message = "tasks that are no map".to_owned();
            self.builder.fault(FaultKind::Shape, tasks.offset(), message);
        }
        let mut siblings: HashMap<&'d str, u32> = HashMap::new();
        let mut added = Vec::new();
        for (key, task) in tasks.entries() {
            let Some((node, component)) = self.task(inside, key, task) else {
                break;
            };
            siblings.insert(key, node);
            added.push((node, task));
            if let Some(component) = component {
                todo.push(Inside {
                    node,
                    depth: inside.depth + 1,
                    component,
                });
            }
        }
        for (node, task) in added {
            self.edges(node, task, &siblings);
        }
        self.dag_outputs(inside.node, inside.component.get("dag").get("outputs"), &siblings);
        self.builder.worked(tasks.steps());
    }

    /// Adds a task; gives its component too if that is a DAG to go into.
    fn task(&mut self, inside: &Inside<'d>, key: &'d str, task: Value<'d>) -> Option<(u32, Option<Value<'d>>)> {
        let reference = task.get("componentRef").get("name").text();
        let component = self.components.get(reference).copied();
        let shown = match task.get("taskInfo").get("name").text() {
            "" => key,
            shown => shown,
        };
        let mut record = Record {
            key: self.builder.name(key),
            name: self.builder.name(shown),
            template: self.builder.name(reference),
            offset: task.offset(),
            ..Record::default()
        };
        self.policies(&mut record, task);
        let mut open = None;
        match component {
            None => {
                record.kind = Kind::Gap;
                let message = match reference {
                    "" => format!("task {key:?} names no component"),
                    _ => format!("task {key:?} names the component {reference:?}, which is not there"),
                };
                self.builder.fault(FaultKind::Dangling, task.offset(), message);
            }
            Some(component) if component.get("dag").is_some() => {
                record.kind = group_kind(key, &record, task);
                open = Some(component);
                let fault = if self.is_within(inside, record.template) {
                    Some((FaultKind::Cycle, format!("component {reference:?} holds itself")))
                } else if inside.depth >= DEPTH_LIMIT {
                    let message = format!("component {reference:?} is nested too deep to be shown");
                    Some((FaultKind::TooMany, message))
                } else {
                    None
                };
                if let Some((kind, message)) = fault {
                    record.kind = Kind::Recursion;
                    open = None;
                    self.builder.fault(kind, task.offset(), message);
                }
            }
            Some(component) => self.executor(&mut record, component, key, task),
        }
        if is_exit_task(&record, task) {
            record.kind = Kind::ExitTask;
        } else if record.over != Loop::None && record.kind != Kind::Recursion {
            record.kind = Kind::Loop;
        }
        let node = self.builder.add(inside.node, record)?;
        self.component_ports(node, component.unwrap_or(Value::nothing(task)), task.get("inputs"));
        self.builder.worked(task.steps());
        Some((node, open))
    }

    /// Whether a DAG's component is among those around it.
    fn is_within(&self, inside: &Inside<'d>, template: Name) -> bool {
        let mut at = inside.node;
        while at != 0 {
            let record = &self.builder.nodes[at as usize];
            if record.template == template {
                return true;
            }
            at = record.parent;
        }
        false
    }

    fn executor(&mut self, record: &mut Record, component: Value<'d>, key: &str, task: Value<'d>) {
        let label = component.get("executorLabel").text();
        let Some(executor) = self.executors.get(label).copied() else {
            let message = format!("task {key:?} has the executor {label:?}, which is not there");
            self.builder.fault(FaultKind::Dangling, task.offset(), message);
            return;
        };
        record.kind = match executor.entries().next().map(|(kind, _)| kind) {
            Some("importer") => Kind::Importer,
            Some("resolver") => Kind::Resolver,
            Some("customJob") => Kind::CustomJob,
            Some("container") => Kind::Task,
            _ => Kind::Unknown,
        };
        record.image = self.builder.name(executor.get("container").get("image").text());
    }

    /// Condition, strategy, cache, retries, and what a loop goes over.
    fn policies(&mut self, record: &mut Record, task: Value<'d>) {
        let trigger = task.get("triggerPolicy");
        record.condition = self.builder.name(trigger.get("condition").text());
        record.trigger = match trigger.get("strategy").text() {
            "ALL_UPSTREAM_TASKS_COMPLETED" => Trigger::AllCompleted,
            "ALL_UPSTREAM_TASKS_SUCCEEDED" => Trigger::AllSucceeded,
            _ => Trigger::Unsaid,
        };
        let caching = task.get("cachingOptions");
        record.cache = match caching.get("enableCache").truth() {
            Some(true) => Cache::On,
            // What is false is left out: `cachingOptions: {}`.
            _ if caching.is_some() => Cache::Off,
            _ => Cache::Unsaid,
        };
        let retry = task.get("retryPolicy");
        if retry.is_some() {
            record.retried = true;
            record.retry_limit = self.builder.name(retry.get("maxRetryCount").text());
            record.retry_backoff = self.builder.name(retry.get("backoffDuration").text());
        }
        for iterator in [task.get("parameterIterator"), task.get("artifactIterator")] {
            if !iterator.is_some() {
                continue;
            }
            let items = iterator.get("items");
            let input = match items.get("inputParameter").text() {
                "" => items.get("inputArtifact").text(),
                input => input,
            };
            record.over = match input {
                "" => Loop::Literal(self.builder.name(&items.get("raw").to_text(TEXT_LIMIT_BYTES))),
                input => Loop::Input(self.builder.name(input)),
            };
            record.item = self.builder.name(iterator.get("itemInput").text());
        }
        let policy = task.get("iteratorPolicy");
        record.parallelism = policy.get("parallelismLimit").number().filter(|limit| *limit > 0);
    }

    fn edges(&mut self, node: u32, task: Value<'d>, siblings: &HashMap<&'d str, u32>) {
        let inputs = task.get("inputs");
        for (input, value) in inputs
            .get("parameters")
            .entries()
            .chain(inputs.get("artifacts").entries())
        {
            for (output, key) in producers(value) {
                self.edge(node, (key, output.text()), input, siblings);
            }
            let status = value.get("taskFinalStatus").get("producerTask");
            if status.is_some() {
                self.edge(node, (status, ""), "", siblings);
            }
        }
        for key in task.get("dependentTasks").items() {
            self.edge(node, (key, ""), "", siblings);
        }
    }

    fn edge(&mut self, to: u32, from: (Value<'d>, &str), input: &str, siblings: &HashMap<&'d str, u32>) {
        let (key, output) = from;
        let Some(&from) = siblings.get(key.text()) else {
            let message = format!("no task {:?} to wait for", key.text());
            self.builder.fault(FaultKind::Dangling, key.offset(), message);
            return;
        };
        let edge = EdgeRecord {
            from,
            to,
            kind: if output.is_empty() {
                EdgeKind::Order
            } else {
                EdgeKind::Data
            },
            output: self.builder.name(output),
            input: self.builder.name(input),
            condition: Name::EMPTY,
        };
        self.builder.edges.push(edge);
    }
}

/// The tasks that an input comes from: the output's key and the task's.
fn producers<'d>(value: Value<'d>) -> impl Iterator<Item = (Value<'d>, Value<'d>)> {
    let parameter = value.get("taskOutputParameter");
    let artifact = value.get("taskOutputArtifact");
    [
        (parameter.get("outputParameterKey"), parameter.get("producerTask")),
        (artifact.get("outputArtifactKey"), artifact.get("producerTask")),
    ]
    .into_iter()
    .filter(|(_, task)| task.is_some())
}

/// What KFP's compiler says by a group's name (`condition-branches-1`, `exit-handler-1`).
fn group_kind(key: &str, record: &Record, task: Value<'_>) -> Kind {
    if key.starts_with("condition-branches-") {
        Kind::Branches
    } else if !record.condition.is_empty() || key.starts_with("condition-") {
        Kind::Condition
    } else if key.starts_with("exit-handler-") {
        Kind::ExitHandler
    } else if record.over != Loop::None || task.get("parameterIterator").is_some() {
        Kind::Loop
    } else {
        Kind::Dag
    }
}

/// A task that waits for the end of an exit handler, however that ends.
fn is_exit_task(record: &Record, task: Value<'_>) -> bool {
    let waits = |key: Value<'_>| key.text().starts_with("exit-handler-");
    record.trigger == Trigger::AllCompleted && task.get("dependentTasks").items().any(waits)
}

#[cfg(test)]
mod tests;
