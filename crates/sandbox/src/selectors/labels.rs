//! Parses label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::validation::names;

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
        let parts = split(text);
        let mut rules = Vec::new();
        for (index, part) in parts.iter().map(|part| part.trim()).enumerate() {
            if !part.is_empty() {
                rules.push(rule(part).map_err(|why| why.refusal(part))?);
            } else if parts.len() > 1 {
                return Err(nothing_there(index, index + 1 == parts.len()));
            }
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

/// What is wrong with a requirement.
enum Wrong {
    /// It is none.
    Form,
    /// A key or a value breaks a rule: the rule, in words.
    Rule(String),
}

impl Wrong {
    /// In the API server's words; the lexer's only where people meet them.
    fn refusal(self, part: &str) -> Refusal {
        let why = match self {
            Self::Rule(why) => why,
            Self::Form => {
                let mut words = part.split_whitespace();
                match (words.next(), words.next(), words.next()) {
                    (Some(_), Some("in" | "notin"), Some(found)) if !found.starts_with('(') => {
                        format!("found '{found}' expected: '('")
                    }
                    _ => part.to_owned(),
                }
            }
        };
        Refusal::bad_request(format!("unable to parse requirement: {why}"))
    }
}

/// Refuses a comma before or after which there is nothing.
fn nothing_there(index: usize, is_last: bool) -> Refusal {
    Refusal::bad_request(match (index, is_last) {
        (0, _) => "found ',', expected: !, identifier, or 'end of string'",
        (_, true) => "found '', expected: identifier after ','",
        (_, false) => "found ',', expected: identifier after ','",
    })
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

fn rule(part: &str) -> Result<Rule, Wrong> {
    if let Some(list) = part.strip_suffix(')') {
        let (head, values) = list.split_once('(').ok_or(Wrong::Form)?;
        let (name, operator) = head.trim().rsplit_once(char::is_whitespace).ok_or(Wrong::Form)?;
        let name = key(name)?;
        let values = values.split(',').enumerate();
        let values = values.map(|(index, one)| value(&name, index, one));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        return match operator {
            "in" => Ok(Rule::In(name, values)),
            "notin" => Ok(Rule::NotIn(name, values)),
            _ => Err(Wrong::Form),
        };
    }
    if let Some((name, one)) = part.split_once("!=") {
        let name = key(name)?;
        return Ok(Rule::NotIn(name.clone(), vec![value(&name, 0, one)?]));
    }
    if let Some((name, one)) = part.split_once("==").or_else(|| part.split_once('=')) {
        let name = key(name)?;
        return Ok(Rule::In(name.clone(), vec![value(&name, 0, one)?]));
    }
    if let Some((name, bound)) = part.split_once('>') {
        return Ok(Rule::Greater(key(name)?, number(bound)?));
    }
    if let Some((name, bound)) = part.split_once('<') {
        return Ok(Rule::Less(key(name)?, number(bound)?));
    }
    match part.strip_prefix('!') {
        Some(name) => Ok(Rule::Missing(key(name)?)),
        None => Ok(Rule::Exists(key(part)?)),
    }
}

/// One word, as the lexer cuts them.
fn word(text: &str) -> Result<&str, Wrong> {
    let text = text.trim();
    if text.contains(|c: char| c.is_whitespace() || "=!(),<>".contains(c)) {
        Err(Wrong::Form)
    } else {
        Ok(text)
    }
}

fn key(text: &str) -> Result<String, Wrong> {
    let name = word(text)?;
    if name.is_empty() {
        return Err(Wrong::Form);
    }
    match names::qualified(name) {
        None => Ok(name.to_owned()),
        Some(why) => Err(Wrong::Rule(format!(
            "<nil>: Invalid value: {}: {why}",
            Value::from(name)
        ))),
    }
}

fn value(key: &str, index: usize, text: &str) -> Result<String, Wrong> {
    let one = word(text)?;
    match names::label_value(one) {
        None => Ok(one.to_owned()),
        Some(why) => {
            let shown = Value::from(one);
            Err(Wrong::Rule(format!(
                "values[{index}][{key}]: Invalid value: {shown}: {why}"
            )))
        }
    }
}

fn number(text: &str) -> Result<i64, Wrong> {
    let text = word(text)?;
    text.parse().map_err(|why: std::num::ParseIntError| {
        tracing::trace!(%why, "not a bound");
        let shown = Value::from(text);
        Wrong::Rule(format!(
            "values[0]: Invalid value: {shown}: for 'Gt', 'Lt' operators, the value must be an integer"
        ))
    })
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
        for selector in [
            "a b",
            "a in b",
            "a=b=c",
            "=x",
            "a in (b",
            "a,",
            ",a",
            "a,,b",
            "-a",
            "a-",
            "/a",
            "a/b/c",
            "a=-b",
            "a in (b-)",
            "a>b",
        ] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
