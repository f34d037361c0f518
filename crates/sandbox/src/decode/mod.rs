//! Turns what a client sent into an object of the kind in the path, or says why it is none.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::request::body;
use crate::verbs::{Context, meta};

/// A decoded object without `apiVersion` and `kind`, and what to warn of.
pub(crate) struct Decoded {
    pub(crate) value: Value,
    pub(crate) warnings: Vec<String>,
}

/// Decodes a body.
pub(crate) fn object(context: &Context, bytes: &[u8]) -> Result<Decoded, Refusal> {
    value(context, body::object(&context.headers, bytes, &context.kind.kind)?)
}

/// Decodes a tree.
pub(crate) fn value(context: &Context, mut value: Value) -> Result<Decoded, Refusal> {
    let kind = &context.kind;
    let version = &context.target.version;
    let given_kind = value["kind"].as_str().unwrap_or_default().to_owned();
    let given_version = value["apiVersion"].as_str().unwrap_or_default().to_owned();
    if (!given_kind.is_empty() && given_kind != kind.kind)
        || (!given_version.is_empty() && given_version != kind.api_version(version))
    {
        let short = given_version.rsplit('/').next().unwrap_or_default();
        return Err(Refusal::bad_request(format!(
            "{given_kind} in version \"{short}\" cannot be handled as a {}: converting ({given_version}.{given_kind}) to ({}.{}): unknown conversion",
            kind.kind, kind.group, kind.kind
        )));
    }
    meta::take(&mut value, "kind");
    meta::take(&mut value, "apiVersion");
    Ok(Decoded {
        value,
        warnings: Vec::new(),
    })
}
