//! Inputs and outputs of KFP's components: what they are, and where a task takes them from.

use std::collections::HashMap;

use super::{Ir, Value, producers};
use crate::model::{FaultKind, Name, PortKind, PortRecord, SourceRecord, TEXT_LIMIT_BYTES};

impl<'d> Ir<'d> {
    /// The ports that a component defines, with what the task gives to its inputs.
    pub(super) fn component_ports(&mut self, node: u32, component: Value<'d>, inputs: Value<'d>) {
        for (output, definitions) in [
            (false, component.get("inputDefinitions")),
            (true, component.get("outputDefinitions")),
        ] {
            for (kind, part) in [(PortKind::Parameter, "parameters"), (PortKind::Artifact, "artifacts")] {
                let mut given: HashMap<&str, Value<'d>> = match output {
                    false => inputs.get(part).entries().collect(),
                    true => HashMap::new(),
                };
                for (name, definition) in definitions.get(part).entries() {
                    let value = given.remove(name);
                    let port = self.port((node, output, kind), name, definition, value);
                    self.builder.ports.push(port);
                }
                // What a task gives without its component asking.
                let unasked = |(name, _): &(&str, Value<'d>)| given.contains_key(name);
                for (name, value) in inputs.get(part).entries().filter(unasked) {
                    let port = self.port((node, output, kind), name, Value::nothing(inputs), Some(value));
                    self.builder.ports.push(port);
                }
            }
        }
    }

    fn port(
        &mut self,
        (node, output, kind): (u32, bool, PortKind),
        name: &str,
        definition: Value<'d>,
        given: Option<Value<'d>>,
    ) -> PortRecord {
        let (source, value) = match given {
            Some(given) => self.given(given),
            None => (SourceRecord::Unsaid, Name::EMPTY),
        };
        let default = definition.get("defaultValue");
        let value = match value {
            Name::EMPTY if given.is_none() => self.builder.name(&default.to_text(TEXT_LIMIT_BYTES)),
            value => value,
        };
        PortRecord {
            node,
            output,
            kind,
            list: definition.get("isArtifactList").truth() == Some(true),
            optional: definition.get("isOptional").truth() == Some(true) || default.is_some(),
            name: self.builder.name(name),
            type_name: self.builder.name(type_name(definition)),
            value,
            source,
        }
    }

    /// Where a task takes an input from, and its value if that is written down.
    fn given(&mut self, value: Value<'d>) -> (SourceRecord, Name) {
        if let Some((output, task)) = producers(value).next() {
            let (task, output) = (self.builder.name(task.text()), self.builder.name(output.text()));
            return (SourceRecord::Task(task, output), Name::EMPTY);
        }
        for key in ["componentInputParameter", "componentInputArtifact"] {
            let name = value.get(key).text();
            if !name.is_empty() {
                return (SourceRecord::Parent(self.builder.name(name)), Name::EMPTY);
            }
        }
        let status = value.get("taskFinalStatus").get("producerTask").text();
        if !status.is_empty() {
            return (SourceRecord::FinalStatus(self.builder.name(status)), Name::EMPTY);
        }
        let constant = value.get("runtimeValue");
        if !constant.is_some() {
            return (SourceRecord::Unsaid, Name::EMPTY);
        }
        // Schema 2.0.0 wraps once more: `constantValue: {stringValue: …}`.
        let old = constant.get("constantValue").entries().next().map(|(_, value)| value);
        let text = old.unwrap_or(constant.get("constant")).to_text(TEXT_LIMIT_BYTES);
        (SourceRecord::Constant, self.builder.name(&text))
    }

    /// Which tasks inside a DAG its outputs come from: an output with several selectors is there once for each.
    pub(super) fn dag_outputs(&mut self, node: u32, outputs: Value<'d>, inside: &HashMap<&'d str, u32>) {
        if !outputs.is_some() {
            return;
        }
        // A node's ports lie together, where its component was read.
        let first = self.builder.ports.partition_point(|port| port.node < node);
        let own = self.builder.ports.iter().enumerate().skip(first);
        let own: HashMap<(PortKind, Name), usize> = own
            .take_while(|(_, port)| port.node == node)
            .filter(|(_, port)| port.output)
            .map(|(at, port)| ((port.kind, port.name), at))
            .collect();
        for (kind, part, selectors, output_key) in [
            (
                PortKind::Parameter,
                "parameters",
                "parameterSelectors",
                "outputParameterKey",
            ),
            (
                PortKind::Artifact,
                "artifacts",
                "artifactSelectors",
                "outputArtifactKey",
            ),
        ] {
            for (name, output) in outputs.get(part).entries() {
                let one = output.get("valueFromParameter");
                let several = match kind {
                    PortKind::Parameter => output.get("valueFromOneof").get(selectors),
                    PortKind::Artifact => output.get(selectors),
                };
                let all = several.items().chain(one.is_some().then_some(one));
                for (at, selector) in all.enumerate() {
                    let task = selector.get("producerSubtask");
                    if !inside.contains_key(task.text()) {
                        let message = format!("no task {:?} for the output {name:?}", task.text());
                        self.builder.fault(FaultKind::Dangling, task.offset(), message);
                    }
                    let task = self.builder.name(task.text());
                    let key = self.builder.name(selector.get(output_key).text());
                    let source = SourceRecord::Task(task, key);
                    let name = self.builder.name(name);
                    match own.get(&(kind, name)).copied() {
                        Some(known) if at == 0 => self.builder.ports[known].source = source,
                        known => {
                            let port = known.map_or(
                                PortRecord {
                                    node,
                                    output: true,
                                    kind,
                                    name,
                                    ..PortRecord::default()
                                },
                                |known| self.builder.ports[known],
                            );
                            self.builder.late_ports.push(PortRecord { source, ..port });
                        }
                    }
                }
            }
        }
    }
}

/// A type in the words of schema 2.1.0.
fn type_name(definition: Value<'_>) -> &str {
    match definition.get("parameterType").text() {
        "" => {}
        name => return name,
    }
    match definition.get("type").text() {
        "INT" => return "NUMBER_INTEGER",
        "DOUBLE" => return "NUMBER_DOUBLE",
        "" => {}
        name => return name,
    }
    let artifact = definition.get("artifactType");
    match artifact.get("schemaTitle").text() {
        "" => artifact.get("instanceSchema").text(),
        title => title,
    }
}
