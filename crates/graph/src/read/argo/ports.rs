//! Inputs and outputs of Argo's templates, tasks and nodes.

use std::collections::HashMap;

use super::super::document::Value;
use super::expression::{Reference, references};
use crate::model::{Builder, Name, PortKind, PortRecord, SourceRecord, TEXT_LIMIT_BYTES};

/// Both kinds of ports, by the key that lists them.
const PARTS: [(PortKind, &str); 2] = [(PortKind::Parameter, "parameters"), (PortKind::Artifact, "artifacts")];

/// Adds what a template takes and gives, with what a task hands over.
pub(super) fn add(builder: &mut Builder, node: u32, template: Value<'_>, arguments: Value<'_>) {
    for (kind, part) in PARTS {
        let mut known: HashMap<Name, usize> = HashMap::new();
        for port in template.get("inputs").get(part).items() {
            let at = builder.ports.len();
            push(builder, (node, false, kind), port);
            known.entry(builder.ports[at].name).or_insert(at);
        }
        for port in arguments.get(part).items() {
            let at = builder.ports.len();
            push(builder, (node, false, kind), port);
            let here = *known.entry(builder.ports[at].name).or_insert(at);
            if here < at {
                let given = builder.ports.pop().unwrap_or_default();
                let port = &mut builder.ports[here];
                (port.value, port.source) = (given.value, given.source);
            }
        }
        for port in template.get("outputs").get(part).items() {
            push(builder, (node, true, kind), port);
        }
    }
}

/// Adds what a node of a status took and gave.
pub(super) fn add_of_node(builder: &mut Builder, node: u32, inputs: Value<'_>, outputs: Value<'_>) {
    for (kind, part) in PARTS {
        for port in inputs.get(part).items() {
            push(builder, (node, false, kind), port);
        }
        for port in outputs.get(part).items() {
            push(builder, (node, true, kind), port);
        }
    }
    let result = outputs.get("result");
    if result.is_some() {
        let port = PortRecord {
            node,
            output: true,
            name: builder.name("result"),
            value: builder.name(&result.to_text(TEXT_LIMIT_BYTES)),
            ..PortRecord::default()
        };
        builder.ports.push(port);
    }
}

fn push(builder: &mut Builder, (node, output, kind): (u32, bool, PortKind), port: Value<'_>) {
    let value = value(port);
    let source = match references(&value).as_slice() {
        [Reference::Task(task, name)] => SourceRecord::Task(builder.name(task), builder.name(name)),
        [Reference::Input(name)] => SourceRecord::Parent(builder.name(name)),
        [] if !value.is_empty() && !output => SourceRecord::Constant,
        _ => SourceRecord::Unsaid,
    };
    let optional = port.get("optional").truth() == Some(true) || port.get("default").is_some();
    let record = PortRecord {
        node,
        output,
        kind,
        optional,
        name: builder.name(port.get("name").text()),
        value: builder.name(&value),
        source,
        ..PortRecord::default()
    };
    builder.ports.push(record);
}

/// A value as written: of an artifact where it is kept or taken from.
fn value(port: Value<'_>) -> String {
    for key in ["value", "from", "fromExpression", "default"] {
        let value = port.get(key);
        if value.is_some() {
            let text = value.to_text(TEXT_LIMIT_BYTES);
            return match key {
                "fromExpression" => format!("{{{{={text}}}}}"),
                _ => text,
            };
        }
    }
    let from = port.get("valueFrom");
    for key in ["parameter", "expression", "path"] {
        let text = from.get(key).text();
        if !text.is_empty() && key != "path" {
            return match key {
                "expression" => format!("{{{{={text}}}}}"),
                _ => text.to_owned(),
            };
        }
    }
    for (store, scheme, bucket) in [
        ("s3", "s3", "bucket"),
        ("gcs", "gs", "bucket"),
        ("oss", "oss", "bucket"),
        ("azure", "azure", "container"),
    ] {
        let place = port.get(store);
        if place.is_some() {
            let key = match place.get("key").text() {
                "" => place.get("blob").text(),
                key => key,
            };
            return match place.get(bucket).text() {
                "" => key.to_owned(),
                bucket => format!("{scheme}://{bucket}/{key}"),
            };
        }
    }
    port.get("http").get("url").text().to_owned()
}
