//! Holds an object to the structural schema of a custom kind: prunes, defaults, validates.
//!
//! Source: apiextensions-apiserver pkg/apiserver/schema and kube-openapi pkg/validation (v0.36), judged against a real server.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Value, json};

use crate::quantity;
use crate::refusal::Cause;

/// Removes what the schema does not know (noting it in `unknown`) and fills in its defaults.
pub(crate) fn prune_and_default(schema: &Value, value: &mut Value, unknown: &mut Vec<String>) {
    let Value::Object(map) = value else { return };
    let metadata = map.remove("metadata");
    prune(schema, value, "", true, unknown);
    default(schema, value);
    if let Some(metadata) = metadata {
        value["metadata"] = metadata;
    }
    unknown.sort_unstable();
}

fn prune(schema: &Value, value: &mut Value, path: &str, root: bool, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let keep = schema["x-kubernetes-preserve-unknown-fields"] == true;
            let known = &schema["properties"];
            let other = &schema["additionalProperties"];
            map.retain(|field, _| {
                let fits = keep
                    || !known[field.as_str()].is_null()
                    || other.is_object()
                    || *other == true
                    || (root && field == "metadata");
                if !fits {
                    unknown.push(join(path, field));
                }
                fits
            });
            for (field, one) in map.iter_mut() {
                let inner = if known[field.as_str()].is_null() {
                    other
                } else {
                    &known[field.as_str()]
                };
                if inner.is_object() {
                    prune(inner, one, &join(path, field), false, unknown);
                }
            }
        }
        Value::Array(list) => {
            for (index, one) in list.iter_mut().enumerate() {
                prune(&schema["items"], one, &format!("{path}[{index}]"), false, unknown);
            }
        }
        _ => {}
    }
}

fn default(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
                let missing = match map.get(field) {
                    None => true,
                    Some(Value::Null) => inner["nullable"] != true,
                    Some(_) => false,
                };
                if missing && !inner["default"].is_null() {
                    map.insert(field.clone(), inner["default"].clone());
                }
            }
            let other = &schema["additionalProperties"];
            let rule = |field: &str| {
                let known = &schema["properties"][field];
                if known.is_null() { other } else { known }
            };
            // A null that is not allowed says nothing, where there is no default.
            map.retain(|field, one| !one.is_null() || !rule(field).is_object() || rule(field)["nullable"] == true);
            for (field, one) in map.iter_mut() {
                default(rule(field), one);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| default(&schema["items"], one)),
        _ => {}
    }
}

/// What the schema has against an object.
pub(crate) fn validate(schema: &Value, value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let fields = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| *field != "metadata");
    for (field, inner) in fields {
        if let Some(one) = value.get(field) {
            check(inner, one, field, &mut causes);
        }
    }
    required(schema, value, "", &mut causes);
    causes
}

fn required(schema: &Value, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    for field in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.get(field).is_none() && !(path.is_empty() && matches!(field, "metadata" | "apiVersion" | "kind")) {
            causes.push(Cause::required(join(path, field), ""));
        }
    }
}

fn check(schema: &Value, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let invalid = |why: String| Cause::invalid(path, value, &format!("{path} in body {why}"));
    if schema["x-kubernetes-int-or-string"] == true {
        if !value.is_i64() && !value.is_string() {
            causes.push(wrong_type(path, "integer,string", value));
            return;
        }
    } else if let Some(kind) = schema["type"].as_str()
        && !is_a(kind, value)
    {
        causes.push(wrong_type(path, kind, value));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        causes.push(Cause::unsupported(path, value, &allowed));
    }
    match value {
        Value::String(text) => text_rules(schema, text, path, causes),
        Value::Number(number) => {
            let found = number.as_f64().unwrap_or(0.0);
            let strict = |key: &str| schema[key] == true;
            if let Some(limit) = schema["minimum"].as_f64()
                && (found < limit || (strict("exclusiveMinimum") && found <= limit))
            {
                let words = if strict("exclusiveMinimum") {
                    "should be greater than"
                } else {
                    "should be greater than or equal to"
                };
                causes.push(invalid(format!("{words} {}", schema["minimum"])));
            }
            if let Some(limit) = schema["maximum"].as_f64()
                && (found > limit || (strict("exclusiveMaximum") && found >= limit))
            {
                let words = if strict("exclusiveMaximum") {
                    "should be less than"
                } else {
                    "should be less than or equal to"
                };
                causes.push(invalid(format!("{words} {}", schema["maximum"])));
            }
            if schema["x-kubernetes-int-or-string"] == true && schema["pattern"].is_string() {
                text_rules(schema, &number.to_string(), path, causes);
            }
        }
        Value::Array(list) => {
            let count = json!(list.len());
            if schema["minItems"]
                .as_u64()
                .is_some_and(|least| (list.len() as u64) < least)
            {
                let why = format!("{path} in body should have at least {} items", schema["minItems"]);
                causes.push(Cause::invalid(path, &count, &why));
            }
            if schema["maxItems"]
                .as_u64()
                .is_some_and(|most| (list.len() as u64) > most)
            {
                let message = format!("Too many: {count}: must have at most {} items", schema["maxItems"]);
                causes.push(Cause {
                    reason: "FieldValueTooMany",
                    field: path.to_owned(),
                    message,
                });
            }
            unique(schema, list, path, causes);
            for (index, one) in list.iter().enumerate() {
                check(&schema["items"], one, &format!("{path}[{index}]"), causes);
            }
        }
        Value::Object(map) => {
            for (field, one) in map {
                let known = &schema["properties"][field.as_str()];
                let inner = if known.is_null() {
                    &schema["additionalProperties"]
                } else {
                    known
                };
                if inner.is_object() {
                    check(inner, one, &join(path, field), causes);
                }
            }
            required(schema, value, path, causes);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The items of a list that is a map have keys of their own, those of a set are each another.
fn unique(schema: &Value, list: &[Value], path: &str, causes: &mut Vec<Cause>) {
    let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
    let keys: Vec<&str> = keys.filter_map(Value::as_str).collect();
    let is_set = match schema["x-kubernetes-list-type"].as_str() {
        Some("map") => false,
        Some("set") => true,
        _ => return,
    };
    let key_of = |one: &Value| -> Value {
        if is_set {
            return one.clone();
        }
        keys.iter().map(|key| ((*key).to_owned(), one[*key].clone())).collect()
    };
    for (index, one) in list.iter().enumerate() {
        let key = key_of(one);
        if list[..index].iter().any(|other| key_of(other) == key) {
            causes.push(Cause::duplicate(format!("{path}[{index}]"), &key));
        }
    }
}

fn text_rules(schema: &Value, text: &str, path: &str, causes: &mut Vec<Cause>) {
    let value = json!(text);
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        causes.push(Cause::invalid(
            path,
            &value,
            &format!("{path} in body should be at least {} chars long", schema["minLength"]),
        ));
    }
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        causes.push(Cause::too_long(path, usize::try_from(most).unwrap_or(usize::MAX)));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && !matches(pattern, text)
    {
        causes.push(Cause::invalid(
            path,
            &value,
            &format!("{path} in body should match '{pattern}'"),
        ));
    }
    let format_is_wrong = match schema["format"].as_str() {
        Some("date-time") => text.parse::<jiff::Timestamp>().is_err(),
        Some("quantity") => quantity::parse(text).is_none(),
        _ => false,
    };
    if format_is_wrong {
        let format = schema["format"].as_str().unwrap_or_default();
        causes.push(Cause::invalid(
            path,
            &value,
            &format!("{path} in body must be of type {format}: \"{text}\""),
        ));
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let found = compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Regex::new(pattern).ok());
    found.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

fn wrong_type(path: &str, wanted: &str, value: &Value) -> Cause {
    let found = type_of(value);
    Cause::wrong_type(
        path,
        &json!(found),
        &format!("{path} in body must be of type {wanted}: \"{found}\""),
    )
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|float| float.fract() == 0.0),
        "number" => value.is_number(),
        _ => true,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 9},
            "mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "name": {"type": "string", "pattern": "^x", "maxLength": 3},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"n": {"type": "integer"}}},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "list": {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        }}}})
    }

    fn causes(value: &Value) -> Vec<String> {
        validate(&schema(), value)
            .into_iter()
            .map(|cause| format!("{} {}: {}", cause.reason, cause.field, cause.message))
            .collect()
    }

    #[test]
    fn unknown_fields_go_and_defaults_come() {
        let mut unknown = Vec::new();
        let mut value = json!({"metadata": {"name": "x"}, "zz": 1, "spec": {"size": 1, "y": 2, "open": {"any": 1}, "list": [{"a": "b", "c": 1}]}});
        prune_and_default(&schema(), &mut value, &mut unknown);
        assert_eq!(unknown, ["spec.list[0].c", "spec.y", "zz"]);
        assert_eq!(
            value,
            json!({"metadata": {"name": "x"}, "spec": {"size": 1, "mode": "a", "open": {"any": 1}, "list": [{"a": "b"}]}})
        );
    }

    #[test]
    fn every_rule_names_its_field() {
        assert_eq!(causes(&json!({"spec": {"size": 3}})), Vec::<String>::new());
        assert_eq!(
            causes(&json!({"spec": {}})),
            ["FieldValueRequired spec.size: Required value"]
        );
        assert_eq!(
            causes(&json!({"spec": {"size": 3, "set": ["a", "b", "a"]}})),
            [r#"FieldValueDuplicate spec.set[2]: Duplicate value: "a""#]
        );
        let all = causes(&json!({"spec": {"size": 0, "mode": "c", "name": "yyyy", "open": {"n": "1"}, "list": []}}));
        assert_eq!(
            all,
            [
                "FieldValueInvalid spec.list: Invalid value: 0: spec.list in body should have at least 1 items",
                "FieldValueNotSupported spec.mode: Unsupported value: \"c\": supported values: \"a\", \"b\"",
                "FieldValueTooLong spec.name: Too long: may not be more than 3 bytes",
                "FieldValueInvalid spec.name: Invalid value: \"yyyy\": spec.name in body should match '^x'",
                "FieldValueTypeInvalid spec.open.n: Invalid value: \"string\": spec.open.n in body must be of type integer: \"string\"",
                "FieldValueInvalid spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
            ]
        );
    }
}
