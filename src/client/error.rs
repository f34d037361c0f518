//! Says what went wrong with a request, named by what the caller can do next.

use std::fmt;

use flowdeck_objects::Status;

/// Why a request did not do what was asked. `Display` puts the cluster's own words last; [`Error::advice`] says what next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// There is no session any more (401, or a redirect to a sign-in page). The session store has been told.
    SignedOut,
    /// The user lacks the right (403).
    Forbidden {
        /// The cluster's words: who may not do which verb on what.
        message: String,
    },
    /// No such object or no such kind (404).
    NotFound {
        /// The cluster's words.
        message: String,
    },
    /// Somebody else changed it, or the name is taken (409).
    Conflict {
        /// The cluster's words.
        message: String,
    },
    /// The cluster refuses what was sent (400, 413, 415, 422).
    Invalid {
        /// The cluster's words.
        message: String,
        /// Field by field; may be empty.
        causes: Vec<Cause>,
    },
    /// Too many requests (429).
    TooMany {
        /// Seconds to wait; 1 when the answer did not say.
        retry_after_secs: u32,
    },
    /// No answer: the network, the gateway, or an answer that broke off.
    Unreachable {
        /// The browser's words.
        message: String,
    },
    /// An answer that is not what this API speaks (a web page, half a document).
    Unreadable {
        /// What came instead.
        message: String,
    },
    /// The server failed (5xx and anything else that is not success).
    Server {
        /// HTTP status.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// The caller gave up.
    Cancelled,
}

/// One field that the cluster refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Path of the field, such as `spec.template.spec.containers[0].image`; may be empty.
    pub(crate) field: String,
    /// The cluster's words.
    pub(crate) message: String,
}

impl Error {
    /// What the person can do next, as a sentence.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Error::SignedOut => "Sign in again; what you typed is kept.",
            Error::Forbidden { .. } => "Ask the owner of the namespace for access.",
            Error::NotFound { .. } => {
                "It may have been deleted, or this part of Kubeflow is not installed. Go back to the list."
            }
            Error::Conflict { .. } => "Look at the newest version and try again.",
            Error::Invalid { causes, .. } if causes.is_empty() => "Change what was sent and try again.",
            Error::Invalid { .. } => "Change the marked fields and try again.",
            Error::TooMany { .. } => "Wait a moment, then try again.",
            Error::Unreachable { .. } => "Check your connection, then try again.",
            Error::Unreadable { .. } => {
                "Something between the browser and the cluster answers in its place. Reload, then ask who runs it."
            }
            Error::Server { .. } => "Try again in a moment; if it stays, ask who runs the cluster.",
            Error::Cancelled => "Try again when you are ready.",
        }
    }

    /// The error that a status other than success means. `body` is the whole answer.
    pub(crate) fn from_answer(code: u16, retry_after_secs: Option<u32>, content_type: &str, body: &[u8]) -> Error {
        match Status::parse(body) {
            Some(mut status) => {
                status.code = code;
                if let Some(seconds) = retry_after_secs {
                    status.details.retry_after_seconds = seconds;
                }
                Error::from(status)
            }
            None => Error::from_code(code, retry_after_secs, words_of(content_type, body)),
        }
    }

    fn from_code(code: u16, retry_after_secs: Option<u32>, message: String) -> Error {
        match code {
            401 => Error::SignedOut,
            403 => Error::Forbidden { message },
            404 | 410 => Error::NotFound { message },
            409 => Error::Conflict { message },
            400 | 405 | 413 | 415 | 422 => Error::Invalid {
                message,
                causes: Vec::new(),
            },
            429 => Error::TooMany {
                retry_after_secs: retry_after_secs.unwrap_or(1),
            },
            200..=299 => Error::Unreadable { message },
            _ => Error::Server { code, message },
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        let seconds = (status.details.retry_after_seconds > 0).then_some(status.details.retry_after_seconds);
        let causes = status.details.causes;
        match Error::from_code(status.code, seconds, status.message) {
            Error::Invalid { message, .. } => Error::Invalid {
                message,
                causes: causes
                    .into_iter()
                    .map(|cause| Cause {
                        field: cause.field,
                        message: cause.message,
                    })
                    .collect(),
            },
            other => other,
        }
    }
}

/// What a body that is no `Status` says, in a line.
pub(crate) fn words_of(content_type: &str, body: &[u8]) -> String {
    if content_type.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<") {
        return "a web page came instead of data".to_owned();
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(300)]);
    let line = text.trim().lines().next().unwrap_or_default();
    if line.is_empty() {
        "the answer is empty".to_owned()
    } else {
        line.to_owned()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::SignedOut => out.write_str("you are signed out"),
            Error::Forbidden { message } => write!(out, "you do not have the right: {message}"),
            Error::NotFound { message } => write!(out, "not found: {message}"),
            Error::Conflict { message } => write!(out, "somebody else changed it first: {message}"),
            Error::Invalid { message, .. } => write!(out, "the cluster refuses it: {message}"),
            Error::TooMany { retry_after_secs: 1 } => out.write_str("too many requests; again in 1 second"),
            Error::TooMany { retry_after_secs } => {
                write!(out, "too many requests; again in {retry_after_secs} seconds")
            }
            Error::Unreachable { message } => write!(out, "no answer: {message}"),
            Error::Unreadable { message } => write!(out, "the answer makes no sense: {message}"),
            Error::Server { code, message } => write!(out, "the server failed ({code}): {message}"),
            Error::Cancelled => out.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Error {}
