//! Reads the API's own answer to what went wrong (`metav1.Status`).

use crate::json;

/// An error of the Kubernetes API (also the gateway's).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `Failure` or `Success`.
    pub status: String,
    /// One CamelCase word, like `NotFound`, `Forbidden`, `Conflict`, `Invalid`, `Expired`.
    pub reason: String,
    /// In words.
    pub message: String,
    /// HTTP code; 0 when it isn't said.
    pub code: u16,
    /// Of what object, and which fields.
    pub details: Details,
}

crate::fields!(Status {
    b"status" => status,
    b"reason" => reason,
    b"message" => message,
    b"code" => code,
    b"details" => details,
});

/// What a [`Status`] is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Name of the object.
    pub name: String,
    /// API group.
    pub group: String,
    /// Resource (plural) or kind.
    pub kind: String,
    /// What is wrong with which field.
    pub causes: Vec<Cause>,
    /// When to ask again; 0 when it isn't said.
    pub retry_after_seconds: u32,
}

crate::fields!(Details {
    b"name" => name,
    b"group" => group,
    b"kind" => kind,
    b"causes" => causes,
    b"retryAfterSeconds" => retry_after_seconds,
});

/// One thing wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// One CamelCase word, like `FieldValueInvalid`.
    pub reason: String,
    /// In words.
    pub message: String,
    /// Path of the field, like `spec.template.spec.containers[0].image`.
    pub field: String,
}

crate::fields!(Cause { b"reason" => reason, b"message" => message, b"field" => field });

impl Status {
    /// Reads a body as a failure; `None` when it is no `Status` (HTML of a proxy, a plain object, nothing).
    pub fn parse(body: &[u8]) -> Option<Self> {
        let typed: Typed = json::from_slice(body).ok()?;
        if typed.kind != "Status" {
            return None;
        }
        json::from_slice(body).ok()
    }

    /// Whether the server has forgotten the version that was asked for: list again.
    pub fn is_gone(&self) -> bool {
        self.code == 410 || self.reason == "Expired" || self.reason == "Gone"
    }
}

#[derive(Default)]
struct Typed {
    kind: String,
}

crate::fields!(Typed { b"kind" => kind });

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
