//! Parses field selectors, and knows which fields each kind may be selected by.
//!
//! Source: the `AddFieldLabelConversionFunc` and `ToSelectableFields` of each kind in Kubernetes 1.36
//! (pkg/apis/core/v1/conversion.go, pkg/registry/core/*/strategy.go).

use serde_json::Value;

use crate::refusal::Refusal;
use crate::store::Entry;

const POD: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];
const EVENT: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

/// The fields of a kind besides `metadata.name` and `metadata.namespace`.
fn selectable(shelf: &str) -> &'static [&'static str] {
    match shelf {
        "pods" => POD,
        "events" => EVENT,
        "nodes" => &["spec.unschedulable"],
        "namespaces" => &["status.phase"],
        "secrets" => &["type"],
        "replicasets.apps" => &["status.replicas"],
        "services" => &["spec.clusterIP", "spec.type"],
        _ => &[],
    }
}

/// What an entry keeps of an object, so that selecting needs no parsing.
pub(crate) fn indexed(shelf: &str, value: &Value) -> Vec<(&'static str, Box<str>)> {
    selectable(shelf)
        .iter()
        .map(|field| (*field, text_at(shelf, field, value)))
        .collect()
}

fn text_at(shelf: &str, field: &str, value: &Value) -> Box<str> {
    if shelf == "events" {
        match field {
            "source" => {
                return value["source"]["component"]
                    .as_str()
                    .or(value["reportingComponent"].as_str())
                    .unwrap_or("")
                    .into();
            }
            "reportingComponent" => {
                return value["reportingComponent"].as_str().unwrap_or_default().into();
            }
            _ => {}
        }
    }
    match field.split('.').fold(value, |at, step| &at[step]) {
        Value::String(text) => text.as_str().into(),
        Value::Bool(flag) => flag.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        _ if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => "false".into(),
        _ => "".into(),
    }
}

/// All of its comparisons must hold: field, whether it must be equal, value.
#[derive(Debug, Default)]
pub(crate) struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// Parses the query parameter.
    pub(crate) fn parse(shelf: &str, custom: &[String], text: &str) -> Result<Self, Refusal> {
        let mut rules = Vec::new();
        for part in terms(text).into_iter().filter(|part| !part.is_empty()) {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (field, true, value)
            } else {
                return Err(Refusal::bad_request(format!(
                    "invalid selector: '{part}'; can't understand '{part}'"
                )));
            };
            let known = matches!(field, "metadata.name" | "metadata.namespace")
                || selectable(shelf).contains(&field)
                || custom.iter().any(|c| c == field);
            if !known {
                return Err(Refusal::bad_request(format!("field label not supported: {field}")));
            }
            rules.push((field.to_owned(), equal, unescaped(value)?));
        }
        Ok(Self(rules))
    }

    /// Whether everything is taken.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the entry is taken.
    pub(crate) fn takes(&self, entry: &Entry) -> bool {
        self.0.iter().all(|(field, equal, wanted)| {
            let found = match field.as_str() {
                "metadata.name" => entry.name() == wanted,
                "metadata.namespace" => entry.namespace() == wanted,
                _ => match entry.fields.iter().find(|(name, _)| name == field) {
                    Some((_, value)) => &**value == wanted,
                    None => plain(entry, field) == *wanted,
                },
            };
            found == *equal
        })
    }

    /// The name when one is asked for.
    pub(crate) fn single_name(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|(field, equal, _)| *equal && field == "metadata.name")
            .map(|(_, _, value)| value.as_str())
    }
}

/// Cuts at the commas before which there is no backslash.
fn terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !escaped {
            terms.push(&text[start..at]);
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    terms.push(&text[start..]);
    terms
}

/// A value without its backslashes, which stand before `\`, `,` and `=` only.
///
/// Source: `UnescapeValue` in k8s.io/apimachinery pkg/fields/selector.go (v0.36).
fn unescaped(text: &str) -> Result<String, Refusal> {
    let refuse = |why: String| Err(Refusal::bad_request(format!("invalid field selector: {why}")));
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let other = other.map(String::from).unwrap_or_default();
                    return refuse(format!("invalid escape sequence: \\{other}"));
                }
            },
            ',' | '=' => return refuse(format!("unescaped character in value: {}", u32::from(c))),
            other => out.push(other),
        }
    }
    Ok(out)
}

/// A selectable field of a custom resource: rare, so read from the object.
fn plain(entry: &Entry, field: &str) -> String {
    let value = entry.value();
    match field.split('.').fold(&value, |at, step| &at[step]) {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<Vec<String>> {
        let selector = FieldSelector::parse("configmaps", &[], text).ok()?;
        Some(selector.0.into_iter().map(|(_, _, value)| value).collect())
    }

    #[test]
    fn values_are_unescaped_and_cut_at_commas() {
        assert_eq!(
            names(r"metadata.name=a\,b\=\\,metadata.namespace!=c").as_deref(),
            Some([r"a,b=\".to_owned(), "c".to_owned()].as_slice())
        );
        for wrong in [
            r"metadata.name=a\x",
            "metadata.name=a=b",
            r"metadata.name=a\",
            "metadata.name",
        ] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }
}
