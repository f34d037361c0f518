//! One step of a path into an object, in memory, on the wire (`f:`, `k:`, `v:`, `i:`) and in messages (`.a[name="b"]`).

use std::fmt;

use serde_json::{Map, Value};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A field of a struct or a key of a map.
    Field(Box<str>),
    /// An item of a list of maps, by its keys: a JSON object whose keys are in order.
    Key(Box<str>),
    /// An item of a set, as JSON.
    Value(Box<str>),
    /// An item of a list by its place.
    Index(i64),
}

impl Element {
    /// The element of a field.
    pub(crate) fn field(name: &str) -> Self {
        Self::Field(name.into())
    }

    /// The element of a list's item by its keys.
    pub(crate) fn key(keys: &Map<String, Value>) -> Self {
        Self::Key(in_order(keys).into())
    }

    /// The element of a set's item.
    pub(crate) fn value(value: &Value) -> Self {
        Self::Value(value.to_string().into())
    }

    /// Reads an element as `FieldsV1` writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::field(rest)),
            "k" => match serde_json::from_str(rest).ok()? {
                Value::Object(keys) => Some(Self::key(&keys)),
                _ => None,
            },
            "v" => Some(Self::value(&serde_json::from_str(rest).ok()?)),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// Writes an element as `FieldsV1` has it.
    pub(crate) fn wire(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(keys) => format!("k:{keys}"),
            Self::Value(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }
}

/// As messages have it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(keys) => {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "[{}]", pairs.join(","))
            }
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// JSON with its keys in order, whatever order the map keeps.
fn in_order(keys: &Map<String, Value>) -> String {
    let mut pairs: Vec<(&String, &Value)> = keys.iter().collect();
    pairs.sort_by_key(|(key, _)| *key);
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_as_they_are_written() {
        for (wire, shown) in [
            ("f:spec", ".spec"),
            ("f:a:b", ".a:b"),
            (
                r#"k:{"containerPort":80,"protocol":"TCP"}"#,
                r#"[containerPort=80,protocol="TCP"]"#,
            ),
            (r#"v:"x""#, r#"[="x"]"#),
            ("i:3", "[3]"),
        ] {
            let element = Element::parse(wire).unwrap_or_else(|| panic!("{wire} is read"));
            assert_eq!(element.wire(), wire);
            assert_eq!(element.to_string(), shown);
        }
        assert_eq!(
            Element::parse(r#"k:{"b": 1, "a": 2}"#).map(|element| element.wire()),
            Some(r#"k:{"a":2,"b":1}"#.to_owned())
        );
        for wrong in ["x", "k:1", "v:", "i:x", "z:1"] {
            assert_eq!(Element::parse(wrong), None, "{wrong}");
        }
    }
}
