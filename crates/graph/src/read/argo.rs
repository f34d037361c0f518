//! Reads Argo Workflows: what their templates say, what their status says, and both together.
//!
//! KFP v1 pipelines are such Workflows with annotations of KFP's. Rule: `workflow_types.go`
//! (reference/pipelines-and-workflows.md §3.2-§3.4; training-tuning-serving.md §11).

mod component;
mod expression;
mod ports;
mod spec;
mod status;
mod template;
mod unpack;

use super::document::{Document, Shape, Value};
use super::form;
use crate::model::{Builder, FaultKind, Form, Kind, Phase, Pipeline, Record};

/// The kinds that hold a workflow spec.
const KINDS: &[&str] = &[
    "Workflow",
    "WorkflowTemplate",
    "ClusterWorkflowTemplate",
    "CronWorkflow",
];

/// Whether a document is one of Argo's, or the bare status of one.
pub(super) fn is_argo(root: Value<'_>) -> bool {
    let ours = root.get("apiVersion").text().starts_with("argoproj.io/") && KINDS.contains(&root.get("kind").text());
    ours || spec_of(root).get("templates").shape() == Shape::List || is_status(status_of(root))
}

fn spec_of(root: Value<'_>) -> Value<'_> {
    let spec = root.get("spec");
    let scheduled = spec.get("workflowSpec");
    // What a workflowTemplateRef stands for is kept in the status once it has run.
    let stored = root.get("status").get("storedWorkflowTemplateSpec");
    match (scheduled.is_some(), spec.get("templates").is_some()) {
        (true, _) => scheduled,
        (false, false) if stored.is_some() => stored,
        _ => spec,
    }
}

fn status_of(root: Value<'_>) -> Value<'_> {
    let status = root.get("status");
    match status.shape() {
        Shape::Map => status,
        _ => root,
    }
}

fn is_status(status: Value<'_>) -> bool {
    let of_nodes = |(_, node): (&str, Value<'_>)| node.get("type").is_some() && node.get("id").is_some();
    status.get("nodes").entries().any(of_nodes)
        || !status.get("compressedNodes").text().is_empty()
        || !status.get("offloadNodeStatusVersion").text().is_empty()
}

/// Reads a Workflow: the spec, the status, or the status on the spec.
pub(super) fn read(document: &Document<'_>, root: Value<'_>) -> Pipeline {
    let spec = spec_of(root);
    let status = status_of(root);
    let planned = spec
        .get("templates")
        .is_some()
        .then(|| spec::read(document, root, spec));
    let ran = has_status(status).then(|| status::read(document, root, status));
    match (planned, ran) {
        (Some(planned), Some(ran)) if !planned.is_empty() => planned.attach(&ran),
        (_, Some(ran)) => ran,
        (Some(planned), None) => planned,
        (None, None) => nothing(document, root, spec),
    }
}

fn has_status(status: Value<'_>) -> bool {
    is_status(status) || status.get("nodes").shape() == Shape::Map
}

/// A Workflow whose templates are elsewhere and that has not run.
fn nothing(document: &Document<'_>, root: Value<'_>, spec: Value<'_>) -> Pipeline {
    let mut builder = Builder::new(Form::ArgoSpec);
    form::repeated_keys(document, &mut builder);
    builder.node(0).name = builder.names.add(spec::name_of(root));
    builder.node(0).phase = Phase::from_argo(root.get("status").get("phase").text());
    let reference = spec.get("workflowTemplateRef");
    let message = match reference.get("name").text() {
        "" => "a workflow without templates".to_owned(),
        name => {
            let known = builder.name(name);
            let gap = Record {
                kind: Kind::Gap,
                key: known,
                name: known,
                template: known,
                offset: reference.offset(),
                ..Record::default()
            };
            builder.add(0, gap);
            format!("the templates are in the WorkflowTemplate {name:?}, which is not in this text")
        }
    };
    builder.fault(FaultKind::Missing, root.offset(), message);
    builder.finish(document.source())
}

#[cfg(test)]
mod tests;
