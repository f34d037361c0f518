//! Makes a pipeline of an Argo Workflow's status: nodes by boundary, rounds in their loop, attempts in their task.
//!
//! Rule: `NodeStatus` in workflow_types.go (reference/pipelines-and-workflows.md §3.4). A node of an unknown type and a
//! child that is not there never lose the rest.

mod edges;
mod nodes;
mod places;

use super::unpack;
use crate::model::{Builder, FaultKind, Form, Kind, Phase, Pipeline};
use crate::read::document::{Document, Shape, Value};
use crate::read::{Hint, form};
use flowdeck_objects::Timestamp;

/// Reads a status; `root` is the Workflow around it, or the status itself.
pub(super) fn read(document: &Document<'_>, root: Value<'_>, status: Value<'_>) -> Pipeline {
    let mut builder = Builder::new(Form::ArgoStatus);
    form::repeated_keys(document, &mut builder);
    let name = root.get("metadata").get("name").text();
    builder.node(0).name = builder.names.add(name);
    let nodes = status.get("nodes");
    let packed = status.get("compressedNodes");
    let offloaded = status.get("offloadNodeStatusVersion");
    if nodes.entries().next().is_some() {
        nodes::read(&mut builder, nodes, name, true);
    } else if !packed.text().is_empty() {
        unpacked(&mut builder, packed, name);
    } else if !offloaded.text().is_empty() {
        let message = "the nodes are offloaded to a database: only argo-server can read them back".to_owned();
        builder.fault(FaultKind::Missing, offloaded.offset(), message);
    }
    whole(&mut builder, root, status);
    builder.finish(document.source())
}

fn unpacked(builder: &mut Builder, packed: Value<'_>, name: &str) {
    let text = match unpack::nodes(packed.text()) {
        Ok(text) => text,
        Err(message) => {
            builder.fault(FaultKind::Missing, packed.offset(), message);
            return;
        }
    };
    match Document::parse(&text, Hint::Json) {
        Ok(document) => {
            if let Some(nodes) = document.roots().find(|root| root.shape() == Shape::Map) {
                nodes::read(builder, nodes, name, false);
            }
        }
        Err(error) => {
            let message = format!("the compressed status: {error}");
            builder.fault(FaultKind::Missing, packed.offset(), message);
        }
    }
}

/// What the status says about the whole.
fn whole(builder: &mut Builder, root: Value<'_>, status: Value<'_>) {
    let message = builder.name(status.get("message").text());
    let progress = builder.name(status.get("progress").text());
    let record = builder.node(0);
    let phase = Phase::from_argo(status.get("phase").text());
    if phase != Phase::Unknown {
        record.phase = phase;
    }
    let suspended = root.get("spec").get("suspend").truth() == Some(true);
    if suspended && !record.phase.is_final() {
        record.phase = Phase::Suspended;
    }
    record.started = Timestamp::parse(status.get("startedAt").text()).or(record.started);
    record.finished = Timestamp::parse(status.get("finishedAt").text()).or(record.finished);
    if !message.is_empty() {
        record.message = message;
    }
    if !progress.is_empty() {
        record.progress = progress;
    }
}

/// What a node is by its type; `None` for one that is only there to hold others together.
fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "Pod" | "Retry" | "Skipped" => Kind::Task,
        "Container" => Kind::Container,
        "Steps" => Kind::Steps,
        "DAG" => Kind::Dag,
        "TaskGroup" => Kind::Loop,
        "Suspend" => Kind::Suspend,
        "HTTP" => Kind::Http,
        "Plugin" => Kind::Plugin,
        "StepGroup" => return None,
        _ => Kind::Unknown,
    })
}
