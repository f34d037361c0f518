//! Holds one version of one object as the bytes that go on the wire, with what selectors ask for.

use bytes::Bytes;
use serde_json::Value;

use crate::selectors::fields;

/// One version of one object; never changed once made.
#[derive(Debug)]
pub(crate) struct Entry {
    /// `namespace/name`, or the name alone.
    pub(crate) key: Box<str>,
    /// The global version of the write that made this.
    pub(crate) version: u64,
    /// The object without `apiVersion` and `kind`, which depend on how it is asked for.
    pub(crate) json: Bytes,
    /// `metadata.labels`.
    pub(crate) labels: Vec<(Box<str>, Box<str>)>,
    /// The fields that field selectors of this kind may use, except name and namespace.
    pub(crate) fields: Vec<(&'static str, Box<str>)>,
}

impl Entry {
    /// Stamps `value` with its version and turns it into bytes.
    pub(crate) fn new(shelf: &str, key: &str, version: u64, value: &mut Value) -> Self {
        value["metadata"]["resourceVersion"] = Value::String(version.to_string());
        let json = Bytes::from(value.to_string());
        Self::index(shelf, key, version, value, json)
    }

    /// An entry read back from disk.
    pub(crate) fn restore(shelf: &str, key: &str, value: &Value, json: Bytes) -> Self {
        let version = value["metadata"]["resourceVersion"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or(1);
        Self::index(shelf, key, version, value, json)
    }

    fn index(shelf: &str, key: &str, version: u64, value: &Value, json: Bytes) -> Self {
        let labels = match &value["metadata"]["labels"] {
            Value::Object(map) => map
                .iter()
                .map(|(k, v)| (k.as_str().into(), v.as_str().unwrap_or_default().into()))
                .collect(),
            _ => Vec::new(),
        };
        Self {
            key: key.into(),
            version,
            json,
            labels,
            fields: fields::indexed(shelf, value),
        }
    }

    /// The object as a tree, without `apiVersion` and `kind`.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }

    /// The namespace; empty for cluster-wide objects.
    pub(crate) fn namespace(&self) -> &str {
        self.key.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        self.key.split_once('/').map_or(&*self.key, |(_, name)| name)
    }

    /// Appends the object as the wire has it: `{"apiVersion":…,"kind":…,…}`.
    pub(crate) fn write(&self, head: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        out.extend_from_slice(head);
        out.extend_from_slice(&self.json[1..]);
    }
}
