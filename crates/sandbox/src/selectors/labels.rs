//! Parses label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.

use serde_json::Value;

use crate::refusal::Refusal;

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
    Greater(String, i64),
    Less(String, i64),
}

/// All of its rules must hold.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Rule>);

impl LabelSelector {
    /// Parses the text form of the query parameter.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut rules = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            rules.push(rule(part).ok_or_else(|| refuse(part))?);
        }
        Ok(Self(rules))
    }

    /// The `LabelSelector` object of specs: `matchLabels` and `matchExpressions`.
    pub(crate) fn from_object(selector: &Value) -> Self {
        let mut rules = Vec::new();
        if let Value::Object(map) = &selector["matchLabels"] {
            rules.extend(
                map.iter()
                    .map(|(k, v)| Rule::In(k.clone(), vec![v.as_str().unwrap_or_default().to_owned()])),
            );
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            let values = expression["values"].as_array().into_iter().flatten();
            let values: Vec<String> = values.filter_map(|v| v.as_str().map(str::to_owned)).collect();
            rules.push(match expression["operator"].as_str() {
                Some("NotIn") => Rule::NotIn(key, values),
                Some("Exists") => Rule::Exists(key),
                Some("DoesNotExist") => Rule::Missing(key),
                _ => Rule::In(key, values),
            });
        }
        Self(rules)
    }

    /// Whether everything is taken.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether these labels are taken.
    pub(crate) fn takes(&self, labels: &[(Box<str>, Box<str>)]) -> bool {
        let get = |key: &str| labels.iter().find(|(k, _)| &**k == key).map(|(_, v)| &**v);
        self.0.iter().all(|rule| match rule {
            Rule::In(key, values) => get(key).is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Rule::NotIn(key, values) => get(key).is_none_or(|value| values.iter().all(|wanted| wanted != value)),
            Rule::Exists(key) => get(key).is_some(),
            Rule::Missing(key) => get(key).is_none(),
            Rule::Greater(key, bound) => get(key).and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *bound),
            Rule::Less(key, bound) => get(key).and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *bound),
        })
    }
}

/// Says what is wrong with a requirement; the lexer's words only where people meet them.
fn refuse(part: &str) -> Refusal {
    let mut words = part.split_whitespace();
    let why = match (words.next(), words.next(), words.next()) {
        (Some(_), Some("in" | "notin"), Some(found)) if !found.starts_with('(') => {
            format!("found '{found}' expected: '('")
        }
        _ => part.to_owned(),
    };
    Refusal::bad_request(format!("unable to parse requirement: {why}"))
}

/// Splits at commas outside brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn rule(part: &str) -> Option<Rule> {
    let key_ok = |key: &str| -> Option<String> {
        let key = key.trim();
        let ok = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        ok.then(|| key.to_owned())
    };
    let value_ok = |value: &str| -> Option<String> {
        let value = value.trim();
        let ok = value.len() <= 63 && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        ok.then(|| value.to_owned())
    };
    if let Some(list) = part.strip_suffix(')') {
        let (head, values) = list.split_once('(')?;
        let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
        let values = values.split(',').map(value_ok).collect::<Option<Vec<_>>>()?;
        return match operator {
            "in" => Some(Rule::In(key_ok(key)?, values)),
            "notin" => Some(Rule::NotIn(key_ok(key)?, values)),
            _ => None,
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Rule::NotIn(key_ok(key)?, vec![value_ok(value)?]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Rule::In(key_ok(key)?, vec![value_ok(value)?]));
    }
    if let Some((key, value)) = part.split_once('>') {
        return Some(Rule::Greater(key_ok(key)?, value.trim().parse().ok()?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return Some(Rule::Less(key_ok(key)?, value.trim().parse().ok()?));
    }
    match part.strip_prefix('!') {
        Some(key) => Some(Rule::Missing(key_ok(key)?)),
        None => Some(Rule::Exists(key_ok(part)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(selector: &str, expect: bool) {
        let labels = [
            ("app".into(), "web".into()),
            ("tier".into(), "3".into()),
            ("empty".into(), "".into()),
        ];
        let parsed = LabelSelector::parse(selector).unwrap_or_else(|refusal| panic!("{selector}: {refusal:?}"));
        assert_eq!(parsed.takes(&labels), expect, "{selector}");
    }

    #[test]
    fn every_operator_takes_what_it_should() {
        for selector in [
            "",
            "app=web",
            "app==web",
            "app in (a, web)",
            "app,!zone",
            "tier>2",
            "tier<4",
            "x!=y",
            "empty=",
            "x notin (a)",
        ] {
            check(selector, true);
        }
        for selector in [
            "app=web,tier=4",
            "app notin (web)",
            "!app",
            "zone",
            "tier>3",
            "app!=web",
            "app in ()",
        ] {
            check(selector, false);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for selector in ["a b", "a in b", "a=b=c", "=x", "a in (b"] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
