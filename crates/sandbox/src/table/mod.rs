//! Makes the tables that `kubectl get` shows.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::store::Entry;
use crate::verbs::Context;

/// A table of entries.
pub(crate) fn of(context: &Context, entries: &[Arc<Entry>], meta: Value) -> Value {
    let entries: Vec<&Entry> = entries.iter().map(|entry| &**entry).collect();
    of_entries(context, &entries, meta)
}

/// A table of borrowed entries.
pub(crate) fn of_entries(_context: &Context, entries: &[&Entry], meta: Value) -> Value {
    let rows: Vec<Value> = entries
        .iter()
        .map(|entry| json!({"cells": [entry.name()], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": entry.value()["metadata"]}}))
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta,
        "columnDefinitions": [{"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}],
        "rows": rows,
    })
}
