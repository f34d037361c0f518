//! Writes objects, lists, tables and metadata as the client wants them.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::server::respond::{self, Answer, Shape};
use crate::store::{Entry, Page};
use crate::table;
use crate::verbs::Context;

const META_HEAD: &[u8] = b"\"apiVersion\":\"meta.k8s.io/v1\",\"kind\":\"PartialObjectMetadata\",";

/// One object.
pub(crate) fn one(context: &Context, code: u16, entry: &Entry) -> Result<Answer, Refusal> {
    let (shape, yaml) = respond::wanted(&context.headers)?;
    match shape {
        Shape::Table => table::check_options(context)?,
        Shape::MetadataList => return Err(unfit(context, "PartialObjectMetadataList", "not a list", "")),
        _ => {}
    }
    let mut out = Vec::with_capacity(entry.json.len() + 64);
    write(context, shape, entry, true, &mut out);
    Ok(respond::rendered(code, out, yaml))
}

/// A page of a list.
pub(crate) fn list(context: &Context, page: &Page, token: Option<String>) -> Result<Answer, Refusal> {
    let (shape, yaml) = respond::wanted(&context.headers)?;
    let mut meta = json!({"resourceVersion": page.version.to_string()});
    if let Some(token) = token {
        meta["continue"] = token.into();
        if let Some(left) = page.remaining {
            meta["remainingItemCount"] = left.into();
        }
    }
    if shape == Shape::Table {
        table::check_options(context)?;
        let table = table::of(context, &page.entries, meta);
        return Ok(respond::rendered(200, table.to_string().into_bytes(), yaml));
    }
    if shape == Shape::Metadata {
        return Err(unfit(context, "PartialObjectMetadata", "a list", "List"));
    }
    let (api_version, kind) = if shape == Shape::MetadataList {
        ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList")
    } else {
        (
            context.kind.api_version(&context.target.version),
            context.kind.list_kind.as_str(),
        )
    };
    let size: usize = page.entries.iter().map(|entry| entry.json.len() + 64).sum();
    let mut out = Vec::with_capacity(size + 256);
    out.extend_from_slice(
        format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":{meta},\"items\":[").as_bytes(),
    );
    // The items of a typed list say no kind, those of a list of custom resources do: as the API server has it.
    let named = context.kind.custom;
    for (at, entry) in page.entries.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(context, shape, entry, named, &mut out);
    }
    out.extend_from_slice(b"]}");
    Ok(respond::rendered(200, out, yaml))
}

/// What is asked for is not to be had in the form that is asked for; the API server names its own type.
fn unfit(context: &Context, asked: &str, is: &str, list: &str) -> Refusal {
    let kind = &context.kind;
    let package = match kind.group.split('.').next() {
        _ if kind.custom => "unstructured",
        None | Some("") => "core",
        Some("rbac") => "rbac",
        Some(first) => first,
    };
    let name = if kind.custom { "Unstructured" } else { &kind.kind };
    Refusal::not_acceptable(format!(
        "you requested {asked}, but the requested object is {is} (*{package}.{name}{list})"
    ))
}

/// Appends one object in a shape; `named` says whether apiVersion and kind are written.
pub(crate) fn write(context: &Context, shape: Shape, entry: &Entry, named: bool, out: &mut Vec<u8>) {
    match shape {
        Shape::Whole if named => entry.write(context.kind.head(&context.target.version).as_bytes(), out),
        Shape::Whole => out.extend_from_slice(&entry.json),
        Shape::Metadata | Shape::MetadataList => {
            let value = entry.value();
            out.push(b'{');
            out.extend_from_slice(META_HEAD);
            out.extend_from_slice(format!("\"metadata\":{}}}", value["metadata"]).as_bytes());
        }
        Shape::Table | Shape::Rows => {
            let meta: Value = json!({"resourceVersion": entry.version.to_string()});
            let table = table::of_entries(context, &[entry], meta, shape == Shape::Table);
            out.extend_from_slice(table.to_string().as_bytes());
        }
    }
}
