//! Turns values and refusals into HTTP answers, in JSON or YAML as asked for.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WARNING};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde_json::Value;

use crate::refusal::Refusal;

/// The body of every answer; an error cuts the connection.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;
/// Every answer.
pub type Answer = Response<Body>;

/// How the client wants objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As they are.
    Whole,
    /// `as=Table`.
    Table,
    /// A table without its columns, which an earlier event of the watch has told.
    Rows,
    /// `as=PartialObjectMetadata`, of one object.
    Metadata,
    /// `as=PartialObjectMetadataList`, of a list.
    MetadataList,
}

/// The shape, and whether YAML is wanted: the first of the accepted forms that we can give.
pub(crate) fn wanted(headers: &HeaderMap) -> Result<(Shape, bool), Refusal> {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("*/*");
    for form in accept.split(',') {
        let mut parts = form.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let yaml = match media.as_str() {
            "application/json" | "*/*" | "application/*" | "" => false,
            "application/yaml" | "text/yaml" => true,
            _ => continue,
        };
        let params: Vec<&str> = parts.collect();
        let of_meta = |param: &&str| param.strip_prefix("g=").is_none_or(|group| group == "meta.k8s.io");
        let of_v1 = |param: &&str| param.strip_prefix("v=").is_none_or(|version| version == "v1");
        let shaped = params.iter().find_map(|param| param.strip_prefix("as="));
        if shaped.is_some() && !(params.iter().all(|param| of_meta(param) && of_v1(param))) {
            continue;
        }
        match shaped {
            None => return Ok((Shape::Whole, yaml)),
            Some("Table") => return Ok((Shape::Table, yaml)),
            Some("PartialObjectMetadata") => return Ok((Shape::Metadata, yaml)),
            Some("PartialObjectMetadataList") => return Ok((Shape::MetadataList, yaml)),
            Some(_) => {}
        }
    }
    Err(Refusal::not_acceptable(
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/json;stream=watch",
    ))
}

/// A whole body.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// An answer in JSON, from bytes.
pub(crate) fn json_bytes(code: u16, bytes: impl Into<Bytes>) -> Answer {
    with_type(code, "application/json", bytes.into())
}

/// An answer in JSON, from a tree.
pub(crate) fn json(code: u16, value: &Value) -> Answer {
    json_bytes(code, value.to_string())
}

/// An answer in JSON or YAML, from JSON bytes.
pub(crate) fn rendered(code: u16, bytes: Vec<u8>, yaml: bool) -> Answer {
    if !yaml {
        return json_bytes(code, bytes);
    }
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match serde_saphyr::to_string(&value) {
        Ok(text) => with_type(code, "application/yaml", Bytes::from(text)),
        Err(why) => refusal(&Refusal::internal(why)),
    }
}

/// Plain text.
pub(crate) fn text(code: u16, text: impl Into<Bytes>) -> Answer {
    with_type(code, "text/plain; charset=utf-8", text.into())
}

/// An answer of any type.
pub(crate) fn with_type(code: u16, media: &'static str, bytes: Bytes) -> Answer {
    let mut answer = Response::new(full(bytes));
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    answer.headers_mut().insert(
        HeaderName::from_static("cache-control"),
        HeaderValue::from_static("no-cache, private"),
    );
    answer
}

/// A refusal as its `Status`.
pub(crate) fn refusal(refusal: &Refusal) -> Answer {
    let mut answer = json(refusal.code, &refusal.status());
    if let Some(seconds) = refusal.retry_after {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// Adds a warning that kubectl shows.
pub(crate) fn warn(answer: &mut Answer, message: &str) {
    let quoted = message.replace('\\', "\\\\").replace('"', "\\\"");
    if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
        answer.headers_mut().append(WARNING, value);
    }
}
