//! Asks the Kubernetes API for objects and logs, and writes objects, as text in and out.
//!
//! Never watches: `live` drives the watches. Never keeps anything.

use flowdeck_watch::resource::{PODS, Resource, with_query};

use super::error::Error;
use super::fetch::{self, Call};

/// Whether a write is only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DryRun {
    /// The cluster checks everything and keeps nothing.
    Yes,
    /// The cluster does it.
    No,
}

/// What becomes of an object's dependents when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// The object goes at once, its dependents after it.
    Background,
    /// The object goes when its dependents are gone.
    Foreground,
}

/// Which part of a pod's log, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogOptions {
    /// Empty: the pod's only container.
    pub(crate) container: String,
    /// Go on as the log grows.
    pub(crate) follow: bool,
    /// The container before its last restart.
    pub(crate) previous: bool,
    /// Only so many lines from the end.
    pub(crate) tail_lines: Option<u32>,
    /// Put the time before each line.
    pub(crate) timestamps: bool,
    /// Only lines written since (RFC 3339).
    pub(crate) since_time: Option<String>,
}

/// The JSON of one object; the namespace of objects of the cluster is the empty text.
pub(crate) async fn get(resource: Resource, namespace: &str, name: &str) -> Result<String, Error> {
    fetch::text(Call::get(resource.object(namespace, name))).await
}

/// Creates an object from its JSON; returns it as the cluster keeps it.
pub(crate) async fn create(resource: Resource, namespace: &str, body: String, dry: DryRun) -> Result<String, Error> {
    write("POST", resource.collection(namespace), "application/json", body, dry).await
}

/// Changes an object by an RFC 7386 merge patch; returns it as the cluster keeps it.
pub(crate) async fn merge_patch(
    resource: Resource,
    namespace: &str,
    name: &str,
    body: String,
) -> Result<String, Error> {
    let url = resource.object(namespace, name);
    write("PATCH", url, "application/merge-patch+json", body, DryRun::No).await
}

/// Deletes an object; resolves when the cluster has accepted it, which may be before the object is gone.
pub(crate) async fn delete(
    resource: Resource,
    namespace: &str,
    name: &str,
    propagation: Propagation,
) -> Result<(), Error> {
    let word = match propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
    };
    let body = format!(r#"{{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"{word}"}}"#);
    write(
        "DELETE",
        resource.object(namespace, name),
        "application/json",
        body,
        DryRun::No,
    )
    .await
    .map(drop)
}

/// Reads a pod's log piece by piece until it ends; with `follow` that is when the container ends or the future is dropped.
///
/// Pieces end anywhere, inside a line or a character too.
pub(crate) async fn pod_logs(
    namespace: &str,
    pod: &str,
    options: LogOptions,
    mut on_bytes: impl FnMut(&[u8]),
) -> Result<(), Error> {
    let tail = options.tail_lines.map(|lines| lines.to_string());
    let mut query: Vec<(&str, &str)> = Vec::new();
    if !options.container.is_empty() {
        query.push(("container", &options.container));
    }
    if options.follow {
        query.push(("follow", "true"));
    }
    if options.previous {
        query.push(("previous", "true"));
    }
    if let Some(lines) = &tail {
        query.push(("tailLines", lines));
    }
    if options.timestamps {
        query.push(("timestamps", "true"));
    }
    if let Some(time) = &options.since_time {
        query.push(("sinceTime", time));
    }
    let mut reply = fetch::send(Call::stream(with_query(PODS.part(namespace, pod, "log"), query), None)).await?;
    if reply.status != 200 {
        let (status, retry_after, kind) = (reply.status, reply.retry_after_secs, reply.content_type.clone());
        let body = reply.bytes().await?;
        return Err(Error::from_answer(status, retry_after, &kind, &body));
    }
    if reply.content_type.starts_with("text/html") {
        return Err(Error::Unreadable {
            message: "a web page came instead of a log".to_owned(),
        });
    }
    while let Some(piece) = reply.chunk().await? {
        on_bytes(&piece);
    }
    Ok(())
}

async fn write(
    method: &'static str,
    url: String,
    kind: &'static str,
    body: String,
    dry: DryRun,
) -> Result<String, Error> {
    let mut query = vec![("fieldValidation", "Strict")];
    if dry == DryRun::Yes {
        query.push(("dryRun", "All"));
    }
    // DELETE knows no field validation.
    let query = if method == "DELETE" { Vec::new() } else { query };
    fetch::text(Call::write(method, with_query(url, query), kind, body)).await
}
