//! Says why an image can't be pulled. Texts: kubelet 1.36 `pkg/kubelet/images`, containerd and CRI-O.

use std::borrow::Cow;

use super::happened::newest_that;
use super::present::Facts;
use super::words::{join, says_any};
use super::{Case, NotebookPhase, Phase};

const NOT_FOUND: &[&str] = &[
    "not found",
    "notfound",
    "manifest unknown",
    "name unknown",
    "does not exist",
    "no such image",
];
const NO_ACCESS: &[&str] = &[
    "unauthorized",
    "access denied",
    "pull access denied",
    "authentication required",
    "forbidden",
    "denied:",
];
const TOO_MANY: &[&str] = &["toomanyrequests", "too many requests", "rate limit"];
const NO_ANSWER: &[&str] = &[
    "no such host",
    "timeout",
    "timed out",
    "connection refused",
    "unreachable",
    "tls",
    "x509",
    "eof",
    "connection reset",
];
const NO_SPACE: &[&str] = &["no space left"];

/// Whether a waiting reason of the kubelet is about the image.
pub(super) fn is_about_image(reason: &str) -> bool {
    matches!(
        reason,
        "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed"
    )
}

/// Why the image of a container can't be pulled.
///
/// `Back-off pulling image "x"` names no cause before kubelet 1.31: then the newest `Failed` event tells it.
pub(super) fn missing(case: &Case<'_>, facts: &Facts<'_>, image: &str, reason: &str, message: &str) -> NotebookPhase {
    let shown = short_image(image);
    match reason {
        "InvalidImageName" => {
            return NotebookPhase::new(Phase::ImageMissing, join(&[&shown, " is no valid image name"]))
                .advise("Correct the image's name.")
                .quote(message);
        }
        "ErrImageNeverPull" => {
            return NotebookPhase::new(Phase::ImageMissing, join(&[&shown, " is not on the node"]))
                .advise("The pull policy is Never: choose another policy, or an image that the node has.")
                .quote(message);
        }
        "SignatureValidationFailed" => {
            return NotebookPhase::new(Phase::ImageMissing, join(&["signature of ", &shown, " is not valid"]))
                .advise("The cluster only runs signed images: choose another image, or have it signed.")
                .quote(message);
        }
        _ => {}
    }
    // The kubelet writes two events of that reason; "Error: ErrImagePull" is the useless one.
    let told = newest_that(case, &facts.about(), &|reason, message| {
        reason == "Failed" && message.starts_with("Failed to pull image")
    });
    let cause = match told {
        Some(event) if !names_a_cause(message) => event.message,
        _ => message,
    };
    by_cause(&shown, cause).quote(cause)
}

fn by_cause(image: &str, cause: &str) -> NotebookPhase {
    if says_any(cause, TOO_MANY) {
        return NotebookPhase::new(Phase::Waiting, "the registry limits pulls")
            .advise("It is tried again by itself; an image from another registry starts at once.");
    }
    if says_any(cause, NO_SPACE) {
        return NotebookPhase::new(Phase::Failed, "no room for the image on the node")
            .advise("Tell an administrator: the node's disk is full.");
    }
    if says_any(cause, NO_ACCESS) {
        return NotebookPhase::new(Phase::ImageMissing, join(&["no access to ", image]))
            .advise("The registry refuses it: check the name, or have a pull secret added to the namespace.");
    }
    if says_any(cause, NOT_FOUND) && !says_any(cause, &["host not found"]) {
        return NotebookPhase::new(Phase::ImageMissing, join(&[image, " not found"]))
            .advise("Check the image's name and tag: the registry doesn't have it.");
    }
    if says_any(cause, NO_ANSWER) {
        return NotebookPhase::new(Phase::Waiting, "the registry does not answer")
            .advise("It is tried again by itself. If this stays, check the registry's name or tell an administrator.");
    }
    NotebookPhase::new(Phase::ImageMissing, join(&["can't pull ", image]))
        .advise("Check the image's name and tag; the message says more.")
}

fn names_a_cause(message: &str) -> bool {
    [NOT_FOUND, NO_ACCESS, TOO_MANY, NO_ANSWER, NO_SPACE]
        .iter()
        .any(|words| says_any(message, words))
}

/// An image as people say it: without the registry's host, and a digest cut to 12 digits.
///
/// `ghcr.io/kubeflow/jupyter:v1` → `kubeflow/jupyter:v1`; `acme/llm:lates` stays.
pub(super) fn short_image(image: &str) -> Cow<'_, str> {
    let path = match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => image,
    };
    match path.split_once("@sha256:") {
        Some((name, digest)) if digest.len() > 12 && digest.is_ascii() => join(&[name, "@", &digest[..12]]),
        _ => Cow::Borrowed(path),
    }
}
