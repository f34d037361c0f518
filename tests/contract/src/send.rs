//! Turns a step into a request, and an answer into what can be compared.

use std::collections::BTreeMap;

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;

use crate::Failure;
use crate::case::{Identity, Step, User};
use crate::matching::{Mismatch, subset, words};
use crate::server::Server;
use crate::variables::Variables;

/// Who asks, as far as `managedFields` are concerned: what stands before the slash.
const AGENT: &str = "contract/1";

/// The content type of logs.
pub const PLAIN: &str = "text/plain";

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
    /// The body as a tree: of a plain text its lines, null when it is no JSON or YAML either.
    pub value: Value,
}

/// Sends the step's request.
///
/// # Errors
/// When the step cannot be understood, or no answer comes.
pub async fn send(server: &Server, step: &Step, variables: &Variables) -> Result<Response<Body>, Failure> {
    let line = variables.fill(step.request.as_deref().unwrap_or_default())?;
    let (word, path) = line.split_once(' ').ok_or("a request is METHOD /path")?;
    let (method, media) = match word {
        "MERGE" => ("PATCH", Some("application/merge-patch+json")),
        "JSON" => ("PATCH", Some("application/json-patch+json")),
        "STRATEGIC" => ("PATCH", Some("application/strategic-merge-patch+json")),
        "APPLY" => ("PATCH", Some("application/apply-patch+yaml")),
        other => (other, None),
    };
    let bytes = match (&step.body, &step.raw) {
        (Some(body), _) => variables.fill_tree(body)?.to_string().into_bytes(),
        (None, Some(raw)) => variables.fill_known(raw).into_bytes(),
        (None, None) => Vec::new(),
    };
    let mut request = Request::builder().method(method).uri(path).header("user-agent", AGENT);
    let media = step.media.as_deref().or(media);
    if let Some(media) = media.or((!bytes.is_empty()).then_some("application/json")) {
        request = request.header("content-type", media);
    }
    for (name, value) in &step.headers {
        request = request.header(name, variables.fill(value)?);
    }
    for (name, value) in impersonation(step.user.as_ref()) {
        request = request.header(name, variables.fill(&value)?);
    }
    server.send(request.body(Body::from(bytes))?, step.anonymous).await
}

fn impersonation(user: Option<&User>) -> Vec<(String, String)> {
    let identity = match user {
        None => return Vec::new(),
        Some(User::Name(name)) => &Identity {
            user: Some(name.clone()),
            ..Identity::default()
        },
        Some(User::Whole(whole)) => whole,
    };
    let mut headers = Vec::new();
    let mut add = |name: &str, value: &String| headers.push((name.to_owned(), value.clone()));
    identity.user.iter().for_each(|user| add("Impersonate-User", user));
    identity.uid.iter().for_each(|uid| add("Impersonate-Uid", uid));
    identity.groups.iter().for_each(|group| add("Impersonate-Group", group));
    for (key, values) in &identity.extra {
        let name = format!("Impersonate-Extra-{key}");
        values.iter().for_each(|value| add(&name, value));
    }
    headers
}

/// Reads an answer to its end.
///
/// # Errors
/// When the body breaks off.
pub async fn read(response: Response<Body>) -> Result<Answer, Failure> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let media = parts.headers.get("content-type").and_then(|media| media.to_str().ok());
    let value = match media {
        Some(media) if media.contains("yaml") => serde_saphyr::from_str(&text).unwrap_or_default(),
        Some(media) if media.starts_with(PLAIN) => {
            // A real server sends some of its JSON as plain text.
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text.lines().collect())
        }
        _ => serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    Ok(Answer {
        code: parts.status.as_u16(),
        headers: parts.headers,
        text,
        value,
    })
}

/// Where the answer is not what the step says, and what it saves.
///
/// # Errors
/// When the step names an unknown variable.
pub fn compare(
    step: &Step,
    answer: &Answer,
    variables: &Variables,
) -> Result<(Vec<Mismatch>, BTreeMap<String, String>), String> {
    let mut found = Vec::new();
    match step.code {
        Some(code) if code != answer.code => {
            found.push(Mismatch::new(
                "code",
                &code.to_string(),
                &format!("{} {}", answer.code, answer.text),
            ));
        }
        None if answer.code >= 400 => {
            found.push(Mismatch::new(
                "code",
                "success",
                &format!("{} {}", answer.code, answer.text),
            ));
        }
        _ => {}
    }
    for (field, wanted) in [("reason", &step.reason), ("message", &step.message)] {
        if let Some(wanted) = wanted {
            let wanted = Value::String(variables.fill(wanted)?);
            found.extend(subset(field, &wanted, answer.value.get(field)));
        }
    }
    found.extend(causes(step, answer, variables)?);
    if let Some(has) = &step.has {
        found.extend(subset("has", &variables.fill_tree(has)?, Some(&answer.value)));
    }
    for pointer in &step.absent {
        let pointer = variables.fill(pointer)?;
        if let Some(value) = answer.value.pointer(&pointer) {
            found.push(Mismatch::new(format!("absent{pointer}"), "nothing", &value.to_string()));
        }
    }
    for (pointer, wanted) in &step.count {
        let got = match answer.value.pointer(pointer) {
            Some(Value::Array(list)) => list.len(),
            Some(Value::Object(map)) => map.len(),
            _ => 0,
        };
        if got != *wanted {
            found.push(Mismatch::new(
                format!("count{pointer}"),
                &wanted.to_string(),
                &got.to_string(),
            ));
        }
    }
    if let Some(wanted) = &step.text
        && let Some(why) = words(&variables.fill_known(wanted), &answer.text)
    {
        found.push(Mismatch::new("text", &why, &format!("{:?}", answer.text)));
    }
    for (name, wanted) in &step.header {
        let lines: Vec<&str> = answer
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let got = (!lines.is_empty()).then(|| Value::String(lines.join("\n")));
        let wanted = Value::String(variables.fill_known(wanted));
        found.extend(subset(&format!("header/{name}"), &wanted, got.as_ref()));
    }
    let mut saved = BTreeMap::new();
    for (name, pointer) in &step.save {
        match saved_text(answer.value.pointer(pointer)) {
            Some(text) => {
                saved.insert(name.clone(), text);
            }
            None => found.push(Mismatch::new(format!("save/{name}"), pointer, &answer.text)),
        }
    }
    Ok((found, saved))
}

/// A value as a variable.
#[must_use]
pub fn saved_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => None,
        tree => Some(tree.to_string()),
    }
}

fn causes(step: &Step, answer: &Answer, variables: &Variables) -> Result<Vec<Mismatch>, String> {
    let Some(wanted) = &step.causes else {
        return Ok(Vec::new());
    };
    let got = answer.value["details"]["causes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let shown = answer.value["details"]["causes"].to_string();
    let mut found = Vec::new();
    if got.len() != wanted.len() {
        found.push(Mismatch::new("causes", &format!("{} causes", wanted.len()), &shown));
    }
    for cause in wanted {
        let mut tree = serde_json::Map::new();
        for (key, text) in [
            ("reason", &cause.reason),
            ("field", &cause.field),
            ("message", &cause.message),
        ] {
            if let Some(text) = text {
                tree.insert(key.to_owned(), variables.fill(text)?.into());
            }
        }
        let tree = Value::Object(tree);
        if !got.iter().any(|one| subset("causes", &tree, Some(one)).is_empty()) {
            found.push(Mismatch::new("causes", &tree.to_string(), &shown));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(code: u16, value: Value) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("warning", http::HeaderValue::from_static("299 - \"old\""));
        Answer {
            code,
            headers,
            text: value.to_string(),
            value,
        }
    }

    #[track_caller]
    fn check(step: &str, answer: &Answer, places: &[&str]) {
        let step: Step = serde_saphyr::from_str(step).expect("a step");
        let (found, _) = compare(&step, answer, &Variables::default()).expect("known variables");
        let found: Vec<&str> = found.iter().map(|one| one.at.as_str()).collect();
        assert_eq!(found, places);
    }

    #[test]
    fn codes_and_reasons_are_compared() {
        let refused = answer(409, json!({"reason": "Conflict", "message": "no: again"}));
        check("{code: 409, reason: Conflict, message: '~ ^no'}", &refused, &[]);
        check(
            "{code: 404, reason: NotFound, message: no}",
            &refused,
            &["code", "reason", "message"],
        );
        check("{}", &refused, &["code"]);
        check("{code: 409, reason: Conflict}", &answer(409, json!(null)), &["reason"]);
    }

    #[test]
    fn all_causes_are_compared() {
        let invalid = answer(
            422,
            json!({"details": {"causes": [{"reason": "R", "field": "a"}, {"reason": "S", "field": "b"}]}}),
        );
        check(
            "{code: 422, causes: [{field: b}, {reason: R, field: a}]}",
            &invalid,
            &[],
        );
        check("{code: 422, causes: [{field: a}]}", &invalid, &["causes"]);
        check(
            "{code: 422, causes: [{field: a}, {reason: R, field: b}]}",
            &invalid,
            &["causes"],
        );
    }

    #[test]
    fn absences_counts_headers_and_texts_are_compared() {
        let list = answer(200, json!({"items": [1, 2], "more": {}}));
        check(
            "{absent: [/a], count: {/items: 2}, header: {warning: '~ old', x: <absent>}, text: '~ items'}",
            &list,
            &[],
        );
        check(
            "{absent: [/more], count: {/items: 1}, header: {warning: <absent>, x: y}, text: 'no', save: {a: /b}}",
            &list,
            &[
                "absent/more",
                "count/items",
                "text",
                "header/warning",
                "header/x",
                "save/a",
            ],
        );
    }
}
