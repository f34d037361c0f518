//! Puts variables into texts: `{ns}`, `{id}`, whatever a step saved, and `{x300}` for a text of that length.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the steps of a case know.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        if let Some(value) = self.0.get(name) {
            return Some(value.clone());
        }
        let times = name.strip_prefix('x')?.parse().ok()?;
        Some("x".repeat(times))
    }

    /// The text with its variables.
    ///
    /// # Errors
    /// Names a variable that nobody has set: a case with a slip of the pen must not pass.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        self.replace(text, true)
    }

    /// The text with those variables that are known; other braces stay, for bodies that are no JSON on purpose.
    #[must_use]
    pub fn fill_known(&self, text: &str) -> String {
        self.replace(text, false).unwrap_or_default()
    }

    /// A tree with variables in all its texts and keys.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn fill_tree(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(list) => list.iter().map(|one| self.fill_tree(one)).collect::<Result<_, _>>()?,
            Value::Object(map) => {
                let pairs = map
                    .iter()
                    .map(|(key, value)| Ok((self.fill(key)?, self.fill_tree(value)?)));
                Value::Object(pairs.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    fn replace(&self, text: &str, strict: bool) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            let inner = &rest[at + 1..];
            match inner.find('}').map(|end| &inner[..end]).filter(|name| is_name(name)) {
                Some(name) => {
                    match self.get(name) {
                        Some(value) => out.push_str(&value),
                        None if strict => return Err(format!("no variable {{{name}}}")),
                        None => out.push_str(&rest[at..at + name.len() + 2]),
                    }
                    rest = &inner[name.len() + 1..];
                }
                None => {
                    out.push('{');
                    rest = inner;
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn some() -> Variables {
        let mut variables = Variables::default();
        variables.set("ns", "c-1");
        variables
    }

    #[test]
    fn known_names_are_replaced() {
        let filled = some().fill("/namespaces/{ns}/pods/{x3}?a={ns}");
        assert_eq!(filled.as_deref(), Ok("/namespaces/c-1/pods/xxx?a=c-1"));
        let tree = some().fill_tree(&json!({"{ns}": [{"a": "is {ns}"}, 1]}));
        assert_eq!(tree, Ok(json!({"c-1": [{"a": "is c-1"}, 1]})));
    }

    #[test]
    fn other_braces_stay() {
        assert_eq!(some().fill("{\"a\": {}}").as_deref(), Ok("{\"a\": {}}"));
        assert_eq!(some().fill("^v[0-9]{1}$").as_deref(), Ok("^v[0-9]{1}$"));
        assert_eq!(some().fill_known("{other} {ns} {"), "{other} c-1 {");
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        assert_eq!(some().fill("{nss}"), Err("no variable {nss}".to_owned()));
    }
}
