//! Reads a request's body: JSON or YAML, up to the API server's limit.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use serde_saphyr::DuplicateKeyPolicy;

use crate::refusal::Refusal;
use crate::request::protobuf;

/// The API server's own limit on a request's body.
const LIMIT_BYTES: usize = 3 << 20;

/// All of the body.
pub(crate) async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, LIMIT_BYTES).collect().await {
        Ok(all) => Ok(all.to_bytes()),
        Err(why) if why.is::<http_body_util::LengthLimitError>() => Err(Refusal::too_large(LIMIT_BYTES)),
        Err(why) => Err(Refusal::bad_request(format!("the body could not be read: {why}"))),
    }
}

/// The media type without parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/json");
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// An object in JSON or YAML. `kind` is only for the message.
pub(crate) fn object(headers: &HeaderMap, body: &[u8], kind: &str) -> Result<Value, Refusal> {
    let media = media_type(headers);
    let value: Value = match media.as_str() {
        "application/json" | "" | "*/*" => serde_json::from_slice(body).map_err(|why| {
            if why.is_eof() {
                unreadable(kind, body, &"unexpected end of JSON input")
            } else {
                unreadable(kind, body, &why)
            }
        })?,
        "application/yaml" | "text/yaml" | "application/x-yaml" => {
            yaml(body).map_err(|why| unreadable(kind, body, &why))?
        }
        "application/vnd.kubernetes.protobuf" => protobuf::object(body).ok_or_else(|| {
            Refusal::unsupported_media(format!(
                "the sandbox reads a {kind} in JSON or YAML only, not in protobuf"
            ))
        })?,
        other => {
            return Err(Refusal::unsupported_media(format!(
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf (not {other})"
            )));
        }
    };
    if value.is_object() {
        Ok(value)
    } else {
        Err(unreadable(kind, body, &"json: not an object"))
    }
}

/// Parses YAML into the same tree as JSON.
pub(crate) fn yaml(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|why| why.to_string())?;
    serde_saphyr::from_str(text).map_err(|why| why.to_string())
}

/// Parses YAML whose maps may name a key twice: the last one counts, and what is wrong is said too, in Go's words.
pub(crate) fn forgiving_yaml(body: &[u8]) -> Result<(Value, Option<String>), String> {
    let why = match yaml(body) {
        Ok(value) => return Ok((value, None)),
        Err(why) => why,
    };
    let text = std::str::from_utf8(body).map_err(|why| why.to_string())?;
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    let Ok(value) = serde_saphyr::from_str_with_options(text, options) else {
        return Err(why);
    };
    let after = |start: &str, end: &[char]| -> String {
        let rest = why.split_once(start).map_or("", |(_, rest)| rest);
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    let (line, key) = (after("line ", &[' ']), after("duplicate mapping key: ", &[',', '\n']));
    Ok((value, Some(format!("line {line}: key \"{key}\" already set in map"))))
}

fn unreadable(kind: &str, body: &[u8], why: &dyn std::fmt::Display) -> Refusal {
    let start: String = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
    Refusal::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why} ({start})"
    ))
}
