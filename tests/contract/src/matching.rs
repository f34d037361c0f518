//! Compares what came with what must come: a subset, with a few words for what cannot be said exactly.
//!
//! - an object must hold at least the named fields; a list must have exactly the named items, in this order;
//! - `{"$contains": […]}` asks that a list has, for each of these, an item that matches;
//! - `{"$all": x}` asks that a list is not empty and each item matches;
//! - `{"$not": x}` asks for something else than x;
//! - the text `<any>` matches all but null; `<absent>` matches what is not there; `~ …` is a regular expression that must
//!   match a text or the digits of a number.

use regex::Regex;
use serde_json::Value;

/// One place where the answer is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where: `code`, `has/metadata/name`.
    pub at: String,
    /// What was expected, and what came.
    pub why: String,
}

impl Mismatch {
    /// A mismatch, with both values in it.
    pub fn new(at: impl Into<String>, wanted: &str, got: &str) -> Self {
        Self {
            at: at.into(),
            why: format!("expected {}, got {}", short(wanted), short(got)),
        }
    }
}

/// At most so much of a value is printed.
const SHOWN_CHARS: usize = 600;

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// All places at which `got` does not hold what `wanted` says.
#[must_use]
pub fn subset(at: &str, wanted: &Value, got: Option<&Value>) -> Vec<Mismatch> {
    let shown = || got.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let differs = || vec![Mismatch::new(at, &wanted.to_string(), &shown())];
    match wanted {
        Value::String(text) => match text_differs(text, got) {
            Some(why) => vec![Mismatch::new(at, &why, &shown())],
            None => Vec::new(),
        },
        Value::Object(map) if map.len() == 1 && map.contains_key("$not") => {
            if subset(at, &map["$not"], got).is_empty() || got.is_none() {
                differs()
            } else {
                Vec::new()
            }
        }
        Value::Object(map) if map.len() == 1 && (map.contains_key("$contains") || map.contains_key("$all")) => {
            items(at, map, got)
        }
        Value::Object(map) => {
            let Some(Value::Object(found)) = got else {
                return differs();
            };
            let fields = map.iter();
            fields
                .flat_map(|(key, value)| subset(&format!("{at}/{}", escaped(key)), value, found.get(key)))
                .collect()
        }
        Value::Array(list) => {
            let Some(Value::Array(found)) = got else {
                return differs();
            };
            if list.len() != found.len() {
                return vec![Mismatch::new(
                    at,
                    &format!("{} items, {wanted}", list.len()),
                    &format!("{} items, {}", found.len(), shown()),
                )];
            }
            let pairs = list.iter().zip(found).enumerate();
            pairs
                .flat_map(|(number, (wanted, got))| subset(&format!("{at}/{number}"), wanted, Some(got)))
                .collect()
        }
        other if Some(other) == got => Vec::new(),
        _ => differs(),
    }
}

fn items(at: &str, map: &serde_json::Map<String, Value>, got: Option<&Value>) -> Vec<Mismatch> {
    let Some(Value::Array(found)) = got else {
        let shown = got.map_or_else(|| "nothing".to_owned(), Value::to_string);
        return vec![Mismatch::new(at, "a list", &shown)];
    };
    if let Some(all) = map.get("$all") {
        if found.is_empty() {
            return vec![Mismatch::new(at, "a list that is not empty", "[]")];
        }
        let each = found.iter().enumerate();
        return each
            .flat_map(|(number, got)| subset(&format!("{at}/{number}"), all, Some(got)))
            .collect();
    }
    let wanted = map.get("$contains").and_then(Value::as_array);
    let missing = wanted
        .into_iter()
        .flatten()
        .filter(|wanted| !found.iter().any(|got| subset(at, wanted, Some(got)).is_empty()));
    missing
        .map(|wanted| {
            Mismatch::new(
                at,
                &format!("an item {wanted}"),
                &Value::Array(found.clone()).to_string(),
            )
        })
        .collect()
}

fn text_differs(wanted: &str, got: Option<&Value>) -> Option<String> {
    match wanted {
        "<any>" if got.is_none_or(Value::is_null) => Some("anything".to_owned()),
        "<any>" => None,
        "<absent>" if got.is_some() => Some("nothing".to_owned()),
        "<absent>" => None,
        _ => {
            let found = match got {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) if wanted.starts_with("~ ") => Some(number.to_string()),
                _ => None,
            };
            match found {
                Some(found) => words(wanted, &found),
                None => Some(format!("{wanted:?}")),
            }
        }
    }
}

/// What differs between a text and what must be there, `~ …` being a regular expression.
#[must_use]
pub fn words(wanted: &str, got: &str) -> Option<String> {
    match wanted.strip_prefix("~ ") {
        None if wanted == got => None,
        None => Some(format!("{wanted:?}")),
        Some(pattern) => match Regex::new(pattern) {
            Ok(regex) if regex.is_match(got) => None,
            Ok(_) => Some(format!("what matches /{pattern}/")),
            Err(why) => Some(format!("a regular expression: {why}")),
        },
    }
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(wanted: Value, got: Value, places: &[&str]) {
        let found = subset("has", &wanted, Some(&got));
        let found: Vec<&str> = found.iter().map(|one| one.at.as_str()).collect();
        assert_eq!(found, places, "{wanted} in {got}");
    }

    #[test]
    fn objects_may_have_more() {
        check(json!({"a": 1}), json!({"a": 1, "b": 2}), &[]);
        check(json!({}), json!({"a": 1}), &[]);
        check(json!({"a": {"b": true}}), json!({"a": {"b": true, "c": null}}), &[]);
    }

    #[test]
    fn what_differs_is_named() {
        check(
            json!({"a": 1, "b": {"c/d": "x"}}),
            json!({"a": 2, "b": {}}),
            &["has/a", "has/b/c~1d"],
        );
        check(json!({"a": "1"}), json!({"a": 1}), &["has/a"]);
        check(json!({"a": null}), json!({}), &["has/a"]);
        check(json!({"a": {}}), json!({"a": []}), &["has/a"]);
    }

    #[test]
    fn lists_are_exact() {
        check(json!([{"a": 1}]), json!([{"a": 1, "b": 2}]), &[]);
        check(json!([1]), json!([1, 2]), &["has"]);
        check(json!([1, 2]), json!([2, 1]), &["has/0", "has/1"]);
        check(json!([]), json!(null), &["has"]);
    }

    #[test]
    fn lists_can_be_asked_for_some_and_all() {
        check(json!({"$contains": [3, 1]}), json!([1, 2, 3]), &[]);
        check(json!({"$contains": [4, 1]}), json!([1, 2, 3]), &["has"]);
        check(json!({"$all": {"a": 1}}), json!([{"a": 1}, {"a": 1, "b": 1}]), &[]);
        check(json!({"$all": {"a": 1}}), json!([{"a": 1}, {"a": 2}]), &["has/1/a"]);
        check(json!({"$all": "<any>"}), json!([]), &["has"]);
        check(json!({"$contains": []}), json!({}), &["has"]);
        check(json!([{"$not": "a"}]), json!(["b"]), &[]);
        check(json!([{"$not": "~ ^a"}]), json!(["ab"]), &["has/0"]);
        check(json!({"a": {"$not": 1}}), json!({}), &["has/a"]);
    }

    #[test]
    fn words_stand_for_what_cannot_be_known() {
        check(json!({"a": "<any>", "b": "<absent>"}), json!({"a": 0}), &[]);
        check(
            json!({"a": "<any>", "b": "<absent>"}),
            json!({"b": 0}),
            &["has/a", "has/b"],
        );
        check(json!({"a": "~ ^[0-9]+$"}), json!({"a": "12"}), &[]);
        check(json!({"a": "~ ^[0-9]+$"}), json!({"a": 12}), &[]);
        check(json!({"a": "~ ^[0-9]+$"}), json!({"a": "1x"}), &["has/a"]);
        check(json!({"a": "~ ["}), json!({"a": "["}), &["has/a"]);
        check(json!({"a": "~ ."}), json!({}), &["has/a"]);
    }
}
