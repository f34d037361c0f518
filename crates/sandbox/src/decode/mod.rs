//! Turns what a client sent into an object of the kind in the path, or says why it is none.

mod structural;
mod typed;

use serde_json::Value;

use crate::refusal::{Cause, Refusal};
use crate::registry::Kind;
use crate::request::{body, duplicates};
use crate::schema;
use crate::verbs::{Context, meta};

pub(crate) use crate::decode::structural::validate;

/// A decoded object without `apiVersion` and `kind`, and what to warn of.
pub(crate) struct Decoded {
    pub(crate) value: Value,
    pub(crate) warnings: Vec<String>,
}

/// Decodes a body.
pub(crate) fn object(context: &Context, bytes: &[u8]) -> Result<Decoded, Refusal> {
    let tree = body::object(&context.headers, bytes, &context.kind.kind)?;
    let twice = if body::media_type(&context.headers) == "application/json" {
        duplicates::find(bytes)
    } else {
        Vec::new()
    };
    decoded(context, tree, &twice)
}

/// Decodes a tree.
pub(crate) fn value(context: &Context, tree: Value) -> Result<Decoded, Refusal> {
    decoded(context, tree, &[])
}

/// Holds something that is no object of the API, like options, to the schema of this name.
pub(crate) fn part(name: &str, value: &mut Value) -> Result<(), String> {
    schema::named(name).map_or(Ok(()), |(name, schema)| {
        typed::normalise(name, schema, value, "", &mut Vec::new())
    })
}

/// Decodes a tree: unknown fields go, defaults of custom kinds come. `twice` are fields that its text names again.
fn decoded(context: &Context, mut value: Value, twice: &[String]) -> Result<Decoded, Refusal> {
    check_kind(context, &value)?;
    // An empty list asks for the managers to be forgotten, as one empty entry does; empty lists would go.
    if value["metadata"]["managedFields"].as_array().is_some_and(Vec::is_empty) {
        value["metadata"]["managedFields"] = serde_json::json!([{}]);
    }
    meta::take(&mut value, "kind");
    meta::take(&mut value, "apiVersion");
    let kind = &context.kind;
    let mut unknown = Vec::new();
    let outcome = if kind.custom {
        let found = schema::named(schema::OBJECT_META);
        let metadata = value.get_mut("metadata").filter(|metadata| !metadata.is_null());
        let checked = match (found, metadata) {
            (Some((name, schema)), Some(metadata)) => {
                typed::normalise(name, schema, metadata, "metadata", &mut unknown)
            }
            _ => Ok(()),
        };
        if let Some(schema) = context.version()?.schema.as_deref() {
            structural::prune_and_default(schema, &mut value, &mut unknown);
        }
        checked
    } else {
        match schema::of(kind) {
            Some((name, schema)) => typed::normalise(name, schema, &mut value, "", &mut unknown),
            None => Ok(()),
        }
    };
    let what = format!(
        "{} in version \"{}\" cannot be handled as a {}",
        kind.kind, context.target.version, kind.kind
    );
    outcome.map_err(|why| Refusal::bad_request(format!("{what}: {why}")))?;
    let twice = twice.iter().map(|field| format!("duplicate field \"{field}\""));
    let unknown = unknown.iter().map(|field| format!("unknown field \"{field}\""));
    let fields: Vec<String> = twice.chain(unknown).collect();
    match context.query.get("fieldValidation") {
        Some("Strict") if !fields.is_empty() => Err(Refusal::bad_request(format!(
            "{what}: strict decoding error: {}",
            fields.join(", ")
        ))),
        Some("Ignore") => Ok(Decoded {
            value,
            warnings: Vec::new(),
        }),
        _ => Ok(Decoded {
            value,
            warnings: fields,
        }),
    }
}

fn check_kind(context: &Context, value: &Value) -> Result<(), Refusal> {
    let kind = &context.kind;
    let given = value["kind"].as_str().unwrap_or_default();
    let version = value["apiVersion"].as_str().unwrap_or_default();
    if kind.custom && (given.is_empty() || version.is_empty()) {
        let missing = if given.is_empty() {
            "Object 'Kind' is missing"
        } else {
            "Object 'apiVersion' is missing"
        };
        return Err(Refusal::bad_request(format!("{missing} in '{value}'")));
    }
    let other_kind = !given.is_empty() && given != kind.kind;
    if kind.custom && other_kind {
        let why = format!("must be {}", kind.kind);
        let other = Kind::new(&kind.group, "", given, false);
        let cause = Cause::invalid("kind", &given.into(), &why);
        return Err(Refusal::invalid(&other, meta::text(value, "name"), &[cause]));
    }
    let wanted = kind.api_version(&context.target.version);
    if !other_kind && (version.is_empty() || version == wanted) {
        return Ok(());
    }
    if !other_kind && version.split('/').next() == wanted.split('/').next() {
        return Err(Refusal::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({wanted})"
        )));
    }
    let short = version.rsplit('/').next().unwrap_or_default();
    Err(Refusal::bad_request(format!(
        "{given} in version \"{short}\" cannot be handled as a {}: converting ({short}.{given}) to ({}.{}): unknown conversion",
        kind.kind,
        if kind.group.is_empty() { "core" } else { &kind.group },
        kind.kind
    )))
}
