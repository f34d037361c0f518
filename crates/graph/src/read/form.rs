//! Tells what form a document is of, and has the right reader read it.

use super::argo;
use super::document::{Document, Shape, Value};
use super::error::ReadError;
use super::ir;
use super::{Hint, run};
use crate::model::{Builder, FaultKind, Pipeline};

/// Reads the first pipeline of a text.
pub(super) fn read(document: &Document<'_>) -> Result<Pipeline, ReadError> {
    let roots: Vec<Value<'_>> = document.roots().collect();
    for root in &roots {
        let spec = pipeline_spec(run::run_of(*root)).or_else(|| pipeline_spec(*root));
        if let Some(spec) = spec {
            let pipeline = ir::read(document, spec);
            return Ok(match run::is_run(*root) {
                true => pipeline.attach(&run::read(document, *root)),
                false => pipeline,
            });
        }
        if argo::is_argo(*root) {
            return Ok(argo::read(document, *root));
        }
        if let Some(pipeline) = manifest(*root) {
            return Ok(pipeline);
        }
        if run::is_run(*root) {
            return Ok(run::read(document, *root));
        }
    }
    let (message, offset) = match roots.first() {
        None => ("the text is empty".to_owned(), None),
        Some(root) => (what_else(*root), root.offset()),
    };
    Err(ReadError::NoPipeline {
        message,
        place: offset.map(|at| crate::model::Place::in_text(document.source(), at)),
    })
}

/// KFP's IR: plain, in the wrapper that the API and old compilers write, or in a PipelineVersion object.
///
/// Where there is a platform spec, the API keeps the wrapper of both in its own field `pipeline_spec`.
fn pipeline_spec<'d>(root: Value<'d>) -> Option<Value<'d>> {
    let inside = |of: Value<'d>| [of, of.get("pipeline_spec"), of.get("pipelineSpec")];
    let object = root.get("spec").get("pipelineSpec");
    [root, root.get("pipeline_spec"), root.get("pipelineSpec"), object]
        .into_iter()
        .flat_map(inside)
        .find(|spec| spec.get("root").shape() == Shape::Map && has_any(*spec, &["deploymentSpec", "pipelineInfo"]))
}

/// The Workflow that KFP's v1beta1 API gives as a JSON text inside of a run.
fn manifest(root: Value<'_>) -> Option<Pipeline> {
    let text = root.get("pipeline_runtime").get("workflow_manifest").text();
    let document = Document::parse(text.as_bytes(), Hint::Json).ok()?;
    let workflow = document.roots().find(|inside| argo::is_argo(*inside))?;
    // Its offsets are not those of the text around it.
    Some(argo::read(&document, workflow).without_offsets())
}

fn has_any(value: Value<'_>, keys: &[&str]) -> bool {
    keys.iter().any(|key| value.get(key).is_some())
}

/// What a document is that holds no pipeline.
fn what_else(root: Value<'_>) -> String {
    let kind = root.get("kind").text();
    match root.shape() {
        Shape::Map if !kind.is_empty() => format!("this is a {kind}"),
        Shape::Map => "neither a KFP pipeline or run nor an Argo Workflow".to_owned(),
        Shape::List => "a list".to_owned(),
        Shape::Text | Shape::Nothing => "a single value".to_owned(),
    }
}

/// Lists the keys that a text has twice.
pub(super) fn repeated_keys(document: &Document<'_>, builder: &mut Builder) {
    for (at, key) in document.repeated() {
        builder.fault(
            FaultKind::Duplicate,
            Some(at),
            format!("the key {key:?} is there twice: the first one counts"),
        );
    }
}
