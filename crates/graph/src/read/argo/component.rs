//! Reads what KFP v1 keeps as JSON in annotations: a component's name, and the types of its inputs and outputs.
//!
//! Argo's ports have other names than the component's. Rule: KFP 1.8's `_op_to_template.py` and `_components.py`: an output
//! is called after its template, an input is told by the argument that is handed over or by the file that it lies in.

use std::collections::HashMap;

use super::expression::{Reference, references};
use crate::model::{Builder, Name, PortKind, PortRecord, TEXT_LIMIT_BYTES};
use crate::read::Hint;
use crate::read::document::{Document, Value};

/// What a template's annotations say about the component that it was made of.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// Its name, or the empty text.
    pub(super) name: Name,
    types: Types,
}

/// Types of ports, by whether they are outputs, what they carry, and their names in Argo.
#[derive(Debug, Default)]
struct Types(HashMap<(bool, PortKind, Name), Name>);

impl Component {
    /// Reads a template's annotations.
    pub(super) fn of(builder: &mut Builder, template: Value<'_>) -> Self {
        let annotations = template.get("metadata").get("annotations");
        let spec = annotations.get("pipelines.kubeflow.org/component_spec");
        let Some(document) = json(spec.text()) else {
            return Self::default();
        };
        let Some(root) = document.roots().next() else {
            return Self::default();
        };
        let mut types = Types::default();
        let inputs: HashMap<&str, String> = typed(root.get("inputs")).collect();
        if let Some(given) = json(annotations.get("pipelines.kubeflow.org/arguments.parameters").text()) {
            for (input, value) in given.roots().flat_map(Value::entries) {
                if let (Some(kind), [Reference::Input(port)]) = (inputs.get(input), &references(value.text())[..]) {
                    types.add(builder, (false, PortKind::Parameter, port), kind);
                }
            }
        }
        let files: HashMap<String, &String> = inputs.iter().map(|(name, kind)| (file(name), kind)).collect();
        for artifact in template.get("inputs").get("artifacts").items() {
            if let Some(kind) = files.get(artifact.get("path").text()) {
                types.add(builder, (false, PortKind::Artifact, artifact.get("name").text()), kind);
            }
        }
        for (output, kind) in typed(root.get("outputs")) {
            let port = sanitized(&format!("{}-{output}", template.get("name").text()));
            for carried in [PortKind::Parameter, PortKind::Artifact] {
                types.add(builder, (true, carried, &port), &kind);
            }
        }
        let name = builder.name(root.get("name").text());
        Self { name, types }
    }

    /// Gives a node's ports their types.
    pub(super) fn type_ports(&self, ports: &mut [PortRecord]) {
        for port in ports {
            if let Some(kind) = self.types.0.get(&(port.output, port.kind, port.name)) {
                port.type_name = *kind;
            }
        }
    }
}

impl Types {
    fn add(&mut self, builder: &mut Builder, (output, carried, port): (bool, PortKind, &str), kind: &str) {
        let (port, kind) = (builder.name(port), builder.name(kind));
        self.0.insert((output, carried, port), kind);
    }
}

/// An annotation's JSON.
pub(super) fn json(text: &str) -> Option<Document<'_>> {
    Document::parse(text.as_bytes(), Hint::Json).ok()
}

/// The ports of a component or pipeline that have a type; one that is no single word is JSON.
pub(super) fn typed(list: Value<'_>) -> impl Iterator<Item = (&str, String)> {
    let ports = list.items().filter(|port| port.get("type").is_some());
    ports.map(|port| (port.get("name").text(), port.get("type").to_text(TEXT_LIMIT_BYTES)))
}

/// The file that an input lies in.
fn file(input: &str) -> String {
    let known = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    format!("/tmp/inputs/{}/data", replaced(input, known, '_'))
}

/// A name as KFP writes it for Kubernetes.
fn sanitized(name: &str) -> String {
    let known = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    replaced(name, known, '-').trim_matches('-').to_owned()
}

/// A text with one filler in place of each stretch of other letters.
fn replaced(text: &str, known: impl Fn(char) -> bool, filler: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut filled = false;
    for letter in text.chars() {
        let fill = !known(letter);
        match fill {
            true if filled => {}
            true => out.push(filler),
            false => out.push(letter),
        }
        filled = fill;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_kfp_does() {
        assert_eq!(sanitized("train-Model (best) é"), "train-Model-best");
        assert_eq!(sanitized("a--b_c"), "a-b_c");
        assert_eq!(file("Training data.v1"), "/tmp/inputs/Training_data.v1/data");
    }
}
