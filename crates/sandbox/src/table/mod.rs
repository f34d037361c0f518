//! Makes the tables that `kubectl get` shows.
//!
//! Source: pkg/printers/internalversion/printers.go in Kubernetes 1.36, and a definition's `additionalPrinterColumns`.

mod builtin;
mod path;
mod words;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::store::Entry;
use crate::verbs::Context;

/// The annotation of the bookmark that ends the initial events of a watch.
pub(crate) const INITIAL_END: &str = "k8s.io/initial-events-end";

/// A table of entries.
pub(crate) fn of(context: &Context, entries: &[Arc<Entry>], meta: Value) -> Value {
    let entries: Vec<&Entry> = entries.iter().map(|entry| &**entry).collect();
    of_entries(context, &entries, meta, true)
}

/// Refuses what `includeObject` may not say.
pub(crate) fn check_options(context: &Context) -> Result<(), Refusal> {
    match context.query.get("includeObject") {
        None | Some("None" | "Metadata" | "Object") => Ok(()),
        Some(other) => Err(Refusal::bad_request(format!(
            "Unable to convert to Table as requested: includeObject: Invalid value: \"{other}\": must be 'Metadata', 'Object', 'None', or empty"
        ))),
    }
}

/// A table of borrowed entries, with or without the definitions of its columns.
pub(crate) fn of_entries(context: &Context, entries: &[&Entry], meta: Value, headed: bool) -> Value {
    let object = |value: &Value| match context.query.get("includeObject") {
        // The end of the initial events can only be told from the object's annotation.
        Some("None") if value["metadata"]["annotations"][INITIAL_END].is_null() => Value::Null,
        Some("Object") => {
            let mut whole = value.clone();
            whole["kind"] = context.kind.kind.as_str().into();
            whole["apiVersion"] = context.kind.api_version(&context.target.version).into();
            whole
        }
        _ => {
            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]})
        }
    };
    let row = |entry: &&Entry| {
        let value = entry.value();
        let mut cells = cells(context, &value);
        // A bookmark's object has no name.
        if let Some(name @ Value::Null) = cells.first_mut() {
            *name = "".into();
        }
        json!({"cells": cells, "object": object(&value)})
    };
    let columns = if headed {
        definitions(context).into()
    } else {
        Value::Null
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": columns,
        "rows": entries.iter().map(row).collect::<Vec<_>>(),
    })
}

fn definitions(context: &Context) -> Vec<Value> {
    let mut columns =
        vec![json!({"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0})];
    if !context.kind.custom {
        let of_kind = builtin::columns(context.kind.shelf());
        let named = of_kind.iter().map(|(name, kind, priority)| {
            json!({"name": name, "type": kind, "format": "", "description": "", "priority": priority})
        });
        if context.kind.shelf() == "events" {
            return named.collect();
        }
        columns.extend(named);
        return columns;
    }
    let version = context.version().ok();
    let custom = version.map(|version| version.columns.as_slice()).unwrap_or_default();
    if custom.is_empty() {
        columns.push(json!({"name": "Age", "type": "date", "format": "", "description": "", "priority": 0}));
    }
    columns.extend(custom.iter().map(|column| {
        json!({"name": column.name, "type": column.kind, "format": column.format, "description": column.description, "priority": column.priority})
    }));
    columns
}

fn cells(context: &Context, value: &Value) -> Vec<Value> {
    if !context.kind.custom {
        return builtin::cells(context.kind.shelf(), value);
    }
    let mut cells = vec![value["metadata"]["name"].clone()];
    let version = context.version().ok();
    let custom = version.map(|version| version.columns.as_slice()).unwrap_or_default();
    if custom.is_empty() {
        cells.push(words::age(&value["metadata"]["creationTimestamp"]).into());
    }
    cells.extend(custom.iter().map(|column| {
        let found = path::find(value, &column.path);
        match (column.kind.as_str(), found) {
            (_, None) => Value::Null,
            ("date", Some(time)) => words::age(&time).into(),
            ("string", Some(Value::String(text))) => text.into(),
            ("string", Some(other)) => other.to_string().into(),
            (_, Some(other)) => other,
        }
    }));
    cells
}
