//! Reads the API's own answer to what went wrong (`metav1.Status`).

use serde::Deserialize;

use crate::null::or_default;

/// An error of the Kubernetes API (also the gateway's).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Status {
    /// `Failure` or `Success`.
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    /// One CamelCase word, like `NotFound`, `Forbidden`, `Conflict`, `Invalid`, `Expired`.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// In words.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// HTTP code; 0 when it isn't said.
    #[serde(deserialize_with = "or_default")]
    pub code: u16,
    /// Of what object, and which fields.
    #[serde(deserialize_with = "or_default")]
    pub details: Details,
}

/// What a [`Status`] is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Details {
    /// Name of the object.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// API group.
    #[serde(deserialize_with = "or_default")]
    pub group: String,
    /// Resource (plural) or kind.
    #[serde(deserialize_with = "or_default")]
    pub kind: String,
    /// What is wrong with which field.
    #[serde(deserialize_with = "or_default")]
    pub causes: Vec<Cause>,
    /// When to ask again; 0 when it isn't said.
    #[serde(deserialize_with = "or_default")]
    pub retry_after_seconds: u32,
}

/// One thing wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// One CamelCase word, like `FieldValueInvalid`.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// In words.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// Path of the field, like `spec.template.spec.containers[0].image`.
    #[serde(deserialize_with = "or_default")]
    pub field: String,
}

impl Status {
    /// Reads a body as a failure; `None` when it is no `Status` (HTML of a proxy, a plain object, nothing).
    pub fn parse(body: &[u8]) -> Option<Self> {
        let typed: Typed<'_> = serde_json::from_slice(body).ok()?;
        if typed.kind != "Status" {
            return None;
        }
        serde_json::from_slice(body).ok()
    }

    /// Whether the server has forgotten the version that was asked for: list again.
    pub fn is_gone(&self) -> bool {
        self.code == 410 || self.reason == "Expired" || self.reason == "Gone"
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_of_the_api_is_read() {
        let body = br#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too late","reason":"Expired","code":410,"details":null}"#;
        let status = Status::parse(body).unwrap();
        assert!(status.is_gone());
        assert_eq!(status.message, "too late");
    }

    #[test]
    fn causes_keep_their_fields() {
        let body = br#"{"kind":"Status","status":"Failure","reason":"Invalid","code":422,"details":{"name":"a","kind":"notebooks","group":"kubeflow.org","causes":[{"reason":"FieldValueRequired","message":"Required value","field":"spec.image"}],"retryAfterSeconds":3}}"#;
        let status = Status::parse(body).unwrap();
        assert_eq!(status.details.causes[0].field, "spec.image");
        assert_eq!(status.details.retry_after_seconds, 3);
    }

    #[test]
    fn anything_else_is_no_status() {
        for body in ["<html>", "", "null", "{}", r#"{"kind":"Pod"}"#, "[]"] {
            assert_eq!(Status::parse(body.as_bytes()), None, "{body}");
        }
    }
}
