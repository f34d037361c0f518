//! Holds an applied object to the schema, in the words of the API server's typed objects.
//!
//! Source: sigs.k8s.io/structured-merge-diff v6, typed/validate.go.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fields::types::{Form, Type};

/// What is wrong with an applied object, one line each.
pub(crate) fn check(value: &Value, of: Type<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(value, of, "", &mut wrong);
    wrong
}

fn walk(value: &Value, of: Type<'_>, path: &str, wrong: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let mut say = |what: String| {
        wrong.push(if path.is_empty() {
            what
        } else {
            format!("{path}: {what}")
        });
    };
    match (of.form(value), of.scalar()) {
        (_, Some("string")) if of.format().is_none_or(|format| format == "byte") && !value.is_string() => {
            say(format!("expected string, got {}", go(value)));
        }
        (_, Some("boolean")) if !value.is_boolean() => say(format!("expected boolean, got {}", plain(value))),
        (_, Some("integer" | "number")) if !value.is_number() => {
            say(format!("expected numeric (int or float), got {}", go_type(value)));
        }
        (_, Some("object")) if !value.is_object() => say(format!("expected map, got {}", plain(value))),
        (_, Some("array")) if !value.is_array() => say(format!("expected list, got {}", plain(value))),
        (Form::List(items), _) => {
            let mut seen = BTreeSet::new();
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                let element = match items.identify(item) {
                    Ok(element) => element,
                    Err(why) => {
                        wrong.push(format!("{path}: element {index}: {why}"));
                        return;
                    }
                };
                let at = format!("{path}{element}");
                if !seen.insert(element.clone()) {
                    wrong.push(format!("{path}: duplicate entries for key {element}"));
                }
                walk(item, items.item(), &at, wrong);
            }
        }
        _ => parts(value, of, path, wrong),
    }
}

/// The parts of maps and of lists that are one value: they are held to the schema too.
fn parts(value: &Value, of: Type<'_>, path: &str, wrong: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let at = format!("{path}.{name}");
                match of.field(name).0 {
                    Some(inside) => walk(inner, inside, &at, wrong),
                    None => wrong.push(format!("{at}: field not declared in schema")),
                }
            }
        }
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                let inside = of.item();
                walk(item, inside, &format!("{path}[{index}]"), wrong);
            }
        }
        _ => {}
    }
}

/// A value as Go prints it with its type.
fn go(value: &Value) -> String {
    match value {
        Value::String(text) => format!("&value.valueUnstructured{{Value:\"{text}\"}}"),
        other => format!("&value.valueUnstructured{{Value:{other}}}"),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("&{{{text}}}"),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(shown).collect();
            format!("&{{[{}]}}", items.join(" "))
        }
        other => format!("&{{{other}}}"),
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Null | Value::Number(_) => "<nil>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Kind;
    use serde_json::json;

    #[test]
    fn fields_items_and_types_are_held_to_the_schema() {
        let pod = Kind::new("", "pods", "Pod", true);
        let wrong = |value: Value| check(&value, Type::of_kind(&pod, "v1"));
        assert_eq!(
            wrong(json!({"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": 1}}}]}})),
            Vec::<String>::new()
        );
        assert_eq!(
            wrong(json!({"spec": {"no": 1}})),
            [".spec.no: field not declared in schema"]
        );
        assert_eq!(
            wrong(json!({"spec": {"containers": [{"name": "a"}, {"name": "a"}]}})),
            [r#".spec.containers: duplicate entries for key [name="a"]"#]
        );
        assert_eq!(
            wrong(json!({"spec": {"tolerations": [{"tolerationSeconds": "1"}]}})),
            [".spec.tolerations[0].tolerationSeconds: expected numeric (int or float), got string"]
        );
    }
}
