//! Makes the `Status` objects with which the API refuses, with the real reasons, causes and texts.
//!
//! Source: k8s.io/apimachinery pkg/api/errors/errors.go (v0.36), judged against a running kube-apiserver 1.36.3.

use serde_json::{Value, json};

use crate::registry::Kind;

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// `FieldValueInvalid`, `FieldValueRequired` …
    pub(crate) reason: &'static str,
    /// Where: `spec.containers[0].name`.
    pub(crate) field: String,
    /// What, without the field.
    pub(crate) message: String,
}

impl Cause {
    /// The value is not allowed; `value` is printed as Go prints it.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {}: {why}", shown(value)),
        }
    }

    /// The value is missing.
    pub(crate) fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {why}")
        };
        Self {
            reason: "FieldValueRequired",
            field: field.into(),
            message,
        }
    }

    /// The value may not be there.
    pub(crate) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {why}"),
        }
    }

    /// The value is used twice.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            field: field.into(),
            message: format!("Duplicate value: {}", shown(value)),
        }
    }

    /// The value is none of the allowed ones.
    pub(crate) fn unsupported(field: impl Into<String>, value: &Value, allowed: &[&str]) -> Self {
        let allowed: Vec<String> = allowed.iter().map(|one| format!("\"{one}\"")).collect();
        let message = format!(
            "Unsupported value: {}: supported values: {}",
            shown(value),
            allowed.join(", ")
        );
        Self {
            reason: "FieldValueNotSupported",
            field: field.into(),
            message,
        }
    }

    /// The value refers to nothing.
    pub(crate) fn not_found(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueNotFound",
            field: field.into(),
            message: format!("Not found: {}", shown(value)),
        }
    }

    /// The value is longer than allowed.
    pub(crate) fn too_long(field: impl Into<String>, limit: usize) -> Self {
        let message = format!("Too long: may not be more than {limit} bytes");
        Self {
            reason: "FieldValueTooLong",
            field: field.into(),
            message,
        }
    }

    /// The value has the wrong type.
    pub(crate) fn wrong_type(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self {
            reason: "FieldValueTypeInvalid",
            field: field.into(),
            message: format!("Invalid value: {}: {why}", shown(value)),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// An answer that is a failure.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    details: Value,
    /// For a list that has expired: a token with which it can be continued inconsistently.
    continue_token: Option<String>,
    /// Seconds after which to try again.
    pub(crate) retry_after: Option<u32>,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: Value::Null,
            continue_token: None,
            retry_after: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn internal(message: impl std::fmt::Display) -> Self {
        let mut refusal = Self::new(500, "InternalError", format!("Internal error occurred: {message}"));
        refusal.details = json!({"causes": [{"message": message.to_string()}]});
        refusal
    }

    /// No such path.
    pub(crate) fn no_such_resource() -> Self {
        let mut refusal = Self::new(404, "NotFound", "the server could not find the requested resource");
        refusal.details = json!({});
        refusal
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::not_found_in(&kind.plural, &kind.group, name)
    }

    pub(crate) fn not_found_in(plural: &str, group: &str, name: &str) -> Self {
        let mut refusal = Self::new(
            404,
            "NotFound",
            format!("{} \"{name}\" not found", qualified(plural, group)),
        );
        refusal.details = details(name, group, plural);
        refusal
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", qualified(&kind.plural, &kind.group));
        let mut refusal = Self::new(409, "AlreadyExists", message);
        refusal.details = details(name, &kind.group, &kind.plural);
        refusal
    }

    /// Too many tries at a generated name.
    pub(crate) fn name_exhausted(kind: &Kind, name: &str) -> Self {
        let mut refusal = Self::already_exists(kind, name);
        refusal.message = format!(
            "{}, the server was not able to generate a unique name for the object",
            refusal.message
        );
        refusal.retry_after = Some(1);
        refusal
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let target = qualified(&kind.plural, &kind.group);
        let message = format!("Operation cannot be fulfilled on {target} \"{name}\": {why}");
        let mut refusal = Self::new(409, "Conflict", message);
        refusal.details = details(name, &kind.group, &kind.plural);
        refusal
    }

    /// Somebody else changed the object first.
    pub(crate) fn changed(kind: &Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for cause in causes {
            let text = format!("{}: {}", cause.field, cause.message);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let all = if let [one] = texts.as_slice() {
            one.clone()
        } else {
            format!("[{}]", texts.join(", "))
        };
        let target = qualified(&kind.kind, &kind.group);
        let mut refusal = Self::new(422, "Invalid", format!("{target} \"{name}\" is invalid: {all}"));
        refusal.details = details(name, &kind.group, &kind.kind);
        refusal.details["causes"] = causes
            .iter()
            .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
            .collect();
        refusal
    }

    /// The options in the query break a rule: `ListOptions`, `PatchOptions` …
    pub(crate) fn invalid_options(options: &str, causes: &[Cause]) -> Self {
        let of_options = Kind::new("meta.k8s.io", "", options, false);
        Self::invalid(&of_options, "", causes)
    }

    /// An admission rule refuses.
    pub(crate) fn forbidden(plural: &str, group: &str, name: &str, why: impl std::fmt::Display) -> Self {
        let target = qualified(plural, group);
        let message = if name.is_empty() {
            format!("{target} is forbidden: {why}")
        } else {
            format!("{target} \"{name}\" is forbidden: {why}")
        };
        let mut refusal = Self::new(403, "Forbidden", message);
        refusal.details = details(name, group, plural);
        refusal
    }

    /// An apply would change what others own; causes are messages and fields.
    pub(crate) fn apply_conflict(message: String, causes: &[(String, String)]) -> Self {
        let mut refusal = Self::new(409, "Conflict", message);
        let causes = causes
            .iter()
            .map(|(message, field)| json!({"reason": "FieldManagerConflict", "message": message, "field": field}));
        refusal.details = json!({"causes": causes.collect::<Vec<_>>()});
        refusal
    }

    /// What is applied does not fit the schema; the API server takes that for a fault of its own.
    pub(crate) fn untyped_patch(why: &str) -> Self {
        Self::new(500, "", why)
    }

    /// Adds a cause that is not about a field's value.
    pub(crate) fn with_cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        let mut cause = json!({"reason": reason, "message": message});
        if !field.is_empty() {
            cause["field"] = field.into();
        }
        self.details["causes"] = json!([cause]);
        self
    }

    /// A version, or a page's token, is too old.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// Adds the token with which an expired list can go on.
    pub(crate) fn with_continue(mut self, token: String) -> Self {
        self.continue_token = Some(token);
        self
    }

    pub(crate) fn too_large_version(asked: u64, current: u64) -> Self {
        let mut refusal = Self::new(
            504,
            "Timeout",
            format!("Timeout: Too large resource version: {asked}, current: {current}"),
        );
        refusal.details = json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1});
        refusal.retry_after = Some(1);
        refusal
    }

    pub(crate) fn method_not_allowed() -> Self {
        let mut refusal = Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        );
        refusal.details = json!({});
        refusal
    }

    pub(crate) fn unsupported_media(message: impl Into<String>) -> Self {
        let mut refusal = Self::new(415, "UnsupportedMediaType", message);
        refusal.details = json!({});
        refusal
    }

    pub(crate) fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(406, "NotAcceptable", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: limit is {limit}"),
        )
    }

    pub(crate) fn too_many(message: impl Into<String>, retry_after: u32) -> Self {
        let mut refusal = Self::new(429, "TooManyRequests", message);
        refusal.details = json!({"retryAfterSeconds": retry_after});
        refusal.retry_after = Some(retry_after);
        refusal
    }

    /// A patch that cannot be applied.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        let mut refusal = Self::new(422, "Invalid", message);
        refusal.details = json!({});
        refusal
    }

    /// A patch whose outcome has unknown fields or is no object of its kind is invalid, where a body is a bad request.
    pub(crate) fn of_patch(self, outcome: &Value) -> Self {
        if self.code != 400 {
            return self;
        }
        if self.message.contains("strict decoding error") {
            return Self::unprocessable(self.message);
        }
        let Some((_, why)) = self
            .message
            .split_once(" cannot be handled as a ")
            .and_then(|(_, rest)| rest.split_once(": "))
        else {
            return self;
        };
        let cause = Cause::invalid("patch", &outcome.to_string().into(), why);
        let mut refusal = Self::invalid(&Kind::new("", "", "", false), "", &[cause]);
        refusal.details = json!({"causes": refusal.details["causes"]});
        refusal
    }

    /// The `Status` object.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if let Some(token) = &self.continue_token {
            status["metadata"]["continue"] = token.as_str().into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

fn qualified(plural: &str, group: &str) -> String {
    if group.is_empty() {
        plural.to_owned()
    } else {
        format!("{plural}.{group}")
    }
}

fn details(name: &str, group: &str, kind: &str) -> Value {
    let mut details = json!({"kind": kind});
    if !name.is_empty() {
        details["name"] = name.into();
    }
    if !group.is_empty() {
        details["group"] = group.into();
    }
    details
}
