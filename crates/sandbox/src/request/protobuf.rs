//! Reads the few objects that kubectl can only send as protobuf: access reviews, and what `kubectl create` makes from flags.
//!
//! Field numbers: the `generated.proto` files of k8s.io/api and k8s.io/apimachinery v0.36.

use serde_json::{Map, Value};

/// What every protobuf body of Kubernetes begins with.
const MAGIC: &[u8] = b"k8s\0";

/// How a field is read.
enum Shape {
    Text,
    Texts,
    TextMap,
    Message(&'static [Field]),
}

/// Number, name, shape.
type Field = (u64, &'static str, Shape);

const META: &[Field] = &[
    (1, "name", Shape::Text),
    (2, "generateName", Shape::Text),
    (3, "namespace", Shape::Text),
    (11, "labels", Shape::TextMap),
    (12, "annotations", Shape::TextMap),
];
const RESOURCE: &[Field] = &[
    (1, "namespace", Shape::Text),
    (2, "verb", Shape::Text),
    (3, "group", Shape::Text),
    (4, "version", Shape::Text),
    (5, "resource", Shape::Text),
    (6, "subresource", Shape::Text),
    (7, "name", Shape::Text),
];
const PATH: &[Field] = &[(1, "path", Shape::Text), (2, "verb", Shape::Text)];
const ACCESS: &[Field] = &[
    (1, "resourceAttributes", Shape::Message(RESOURCE)),
    (2, "nonResourceAttributes", Shape::Message(PATH)),
    (3, "user", Shape::Text),
    (4, "groups", Shape::Texts),
];
const REVIEW: &[Field] = &[
    (1, "metadata", Shape::Message(META)),
    (2, "spec", Shape::Message(ACCESS)),
];
const RULES: &[Field] = &[
    (1, "metadata", Shape::Message(META)),
    (2, "spec", Shape::Message(&[(1, "namespace", Shape::Text)])),
];
const NAMED: &[Field] = &[(1, "metadata", Shape::Message(META))];
const CONFIG: &[Field] = &[(1, "metadata", Shape::Message(META)), (2, "data", Shape::TextMap)];
const UNKNOWN: &[Field] = &[(
    1,
    "typeMeta",
    Shape::Message(&[(1, "apiVersion", Shape::Text), (2, "kind", Shape::Text)]),
)];

fn fields_of(kind: &str) -> Option<&'static [Field]> {
    match kind {
        "SelfSubjectAccessReview" | "SubjectAccessReview" | "LocalSubjectAccessReview" => Some(REVIEW),
        "SelfSubjectRulesReview" => Some(RULES),
        "SelfSubjectReview" | "Namespace" | "ServiceAccount" => Some(NAMED),
        "ConfigMap" => Some(CONFIG),
        _ => None,
    }
}

/// The object in a body; `None` when it is of a kind that is not read here, or broken.
pub(crate) fn object(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(MAGIC)?;
    let outer = message(body, UNKNOWN)?;
    let kind = outer["typeMeta"]["kind"].as_str()?;
    let raw = chunks(body)?
        .into_iter()
        .find(|(number, _)| *number == 2)
        .map(|(_, raw)| raw)
        .unwrap_or_default();
    let mut object = message(raw, fields_of(kind)?)?;
    object["kind"] = kind.into();
    object["apiVersion"] = outer["typeMeta"]["apiVersion"].clone();
    Some(object)
}

fn message(bytes: &[u8], fields: &'static [Field]) -> Option<Value> {
    let mut object = Map::new();
    for (number, chunk) in chunks(bytes)? {
        let Some((_, name, shape)) = fields.iter().find(|(known, ..)| *known == number) else {
            continue;
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        match shape {
            Shape::Text if chunk.is_empty() => {}
            Shape::Text => drop(object.insert((*name).to_owned(), text(chunk)?.into())),
            Shape::Message(inner) => drop(object.insert((*name).to_owned(), message(chunk, inner)?)),
            Shape::Texts => {
                let list = object.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut()?.push(text(chunk)?.into());
            }
            Shape::TextMap => {
                let pair = message(chunk, &[(1, "key", Shape::Text), (2, "value", Shape::Text)])?;
                let map = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
                let value = pair["value"].as_str().unwrap_or_default();
                map.as_object_mut()?
                    .insert(pair["key"].as_str().unwrap_or_default().to_owned(), value.into());
            }
        }
    }
    Some(Value::Object(object))
}

/// The length-delimited fields of a message; numbers are passed over.
fn chunks(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = varint(bytes)?;
        bytes = match tag & 7 {
            0 => varint(rest)?.1,
            1 => rest.get(8..)?,
            2 => {
                let (length, rest) = varint(rest)?;
                let length = usize::try_from(length).ok()?;
                found.push((tag >> 3, rest.get(..length)?));
                &rest[length..]
            }
            5 => rest.get(4..)?,
            _ => return None,
        };
    }
    Some(found)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f).checked_shl(u32::try_from(at * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_read() {
        let body = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x05\x0a\x03\x0a\x01x";
        let expect = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}});
        assert_eq!(object(body), Some(expect));
    }

    #[test]
    fn broken_bodies_are_none() {
        for body in [&b"k8s"[..], b"k8s\0\x0a\xff", b"", b"k8s\0\x0a\x02\x0a\x05"] {
            assert_eq!(object(body), None);
        }
    }
}
