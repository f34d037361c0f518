//! Reads a request path once and decides whether it may go to the cluster.
//!
//! Nothing is decoded, joined or normalised: a path that could be read in two ways is refused, and
//! the bytes that were judged are the bytes that are sent. Never looks at rights: those are the
//! cluster's business.
//!
//! Source of the attributes: Kubernetes `RequestInfoFactory.NewRequestInfo`
//! (staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go, v1.36).

use crate::rejection::Rejection;

/// What a path under `/k8s` asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The path as the cluster gets it: the bytes after `/k8s`, unchanged.
    pub path: String,
    /// API group; empty for the core group.
    pub group: String,
    /// API version; empty outside resource paths.
    pub version: String,
    /// Plural resource name; empty for discovery.
    pub resource: String,
    /// Sub-resource such as `log`, or empty.
    pub subresource: String,
    /// Namespace, or empty.
    pub namespace: String,
    /// Object name, or empty for a collection.
    pub name: String,
}

/// Refuses every path of this server that two readers could understand differently.
///
/// Letters, digits and the signs that names are made of are allowed. `%` is allowed only for `:`
/// and `@` (`%3A`, `%40`), which RBAC names carry and which mean the same either way.
pub fn check_unambiguous(path: &str) -> Result<(), Rejection> {
    if !path.starts_with('/') {
        return Err(Rejection::Target);
    }
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let escape = bytes.get(at + 1..at + 3).unwrap_or_default();
                if !matches!(escape, b"3a" | b"3A" | b"40") {
                    return Err(Rejection::Path(
                        "The path has an escaped character that names never need.",
                    ));
                }
                at += 2;
            }
            b'/' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' | b'+' | b',' | b'=' | b'$' | b'!' | b'*' | b'(' | b')' => {}
            byte if byte.is_ascii_alphanumeric() => {}
            _ => return Err(Rejection::Path("The path has a character that names never have.")),
        }
        at += 1;
    }
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => return Err(Rejection::Path("The path has a dot segment.")),
            "" if !last => return Err(Rejection::Path("The path has an empty segment.")),
            _ => {}
        }
    }
    Ok(())
}

/// Judges the part of the path after `/k8s` (it begins with `/`).
pub fn judge(path: &str) -> Result<Target, Rejection> {
    check_unambiguous(path)?;
    let segments: Vec<&str> = path[1..].split('/').collect();
    let mut target = Target {
        path: path.to_owned(),
        ..Target::default()
    };
    let rest = match segments[0] {
        "version" if segments.len() == 1 => return Ok(target),
        "openapi" => {
            return if path.ends_with('/') {
                Err(trailing_slash())
            } else {
                Ok(target)
            };
        }
        "api" => {
            target.version = owned(segments.get(1));
            segments.get(2..).unwrap_or_default()
        }
        "apis" => {
            target.group = owned(segments.get(1));
            target.version = owned(segments.get(2));
            segments.get(3..).unwrap_or_default()
        }
        _ => return Err(Rejection::NotAnApi),
    };
    // The old verbs in the path: `/api/v1/proxy/…`, `/api/v1/watch/…`.
    match rest.first() {
        Some(&"proxy") => return Err(Rejection::ProxySubresource),
        Some(&"watch") => return Err(Rejection::Path("Watch with ?watch=true, not by the path.")),
        _ => {}
    }
    let mut parts = rest;
    if parts.first() == Some(&"namespaces") {
        target.namespace = owned(parts.get(1));
        if parts.len() > 2 && !matches!(parts[2], "status" | "finalize") {
            parts = &parts[2..];
        }
    }
    target.resource = owned(parts.first());
    target.name = owned(parts.get(1));
    target.subresource = owned(parts.get(2));
    if target.resource == "namespaces" {
        target.namespace = target.name.clone();
    }
    if target.subresource.eq_ignore_ascii_case("proxy") {
        return Err(Rejection::ProxySubresource);
    }
    if path.ends_with('/') {
        return Err(trailing_slash());
    }
    if parts.len() > 3 {
        return Err(Rejection::Path("The path goes deeper than a sub-resource."));
    }
    Ok(target)
}

fn trailing_slash() -> Rejection {
    Rejection::Path("The path ends in a slash.")
}

fn owned(segment: Option<&&str>) -> String {
    segment.map(|s| (*s).to_owned()).unwrap_or_default()
}

impl Target {
    /// Whether this sub-resource only makes sense over a WebSocket.
    pub fn is_upgrade_only(&self) -> bool {
        matches!(self.subresource.as_str(), "exec" | "attach" | "portforward")
    }

    /// The verb that the cluster's own authoriser will see, for the log.
    pub fn verb(&self, method: &http::Method, query: &str) -> &'static str {
        let collection = self.name.is_empty();
        match *method {
            http::Method::POST => "create",
            http::Method::PUT => "update",
            http::Method::PATCH => "patch",
            http::Method::DELETE if collection => "deletecollection",
            http::Method::DELETE => "delete",
            _ if self.resource.is_empty() => "get",
            _ if is_set(query, "watch") => "watch",
            _ if collection => "list",
            _ => "get",
        }
    }

    /// Whether the answer goes on until somebody ends it: a watch or a followed log.
    pub fn is_stream(&self, query: &str) -> bool {
        is_set(query, "watch") || (self.subresource == "log" && is_set(query, "follow"))
    }
}

/// Whether a boolean query parameter is on, as the API server reads it.
///
/// Reads more values as "on" than the API server does, for counting a short answer as a stream is
/// harmless and the other way round is not.
fn is_set(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        key.eq_ignore_ascii_case(name) && !matches!(value, "0" | "false" | "False" | "FALSE" | "f" | "F")
            || key.contains('%') && !matches!(value, "0" | "false")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attributes(path: &str) -> String {
        match judge(path) {
            Ok(t) => format!(
                "{}|{}|{}|{}|{}|{}",
                t.group, t.version, t.resource, t.subresource, t.namespace, t.name
            ),
            Err(rejection) => rejection.slug().to_owned(),
        }
    }

    #[test]
    fn resource_paths_give_their_attributes() {
        for (path, expect) in [
            ("/api", "|||||"),
            ("/api/v1", "|v1||||"),
            ("/version", "|||||"),
            ("/openapi/v3/apis/apps/v1", "|||||"),
            ("/api/v1/pods", "|v1|pods|||"),
            ("/api/v1/namespaces", "|v1|namespaces|||"),
            ("/api/v1/namespaces/a", "|v1|namespaces||a|a"),
            ("/api/v1/namespaces/a/status", "|v1|namespaces|status|a|a"),
            ("/api/v1/namespaces/a/pods/p", "|v1|pods||a|p"),
            ("/api/v1/namespaces/a/pods/p/log", "|v1|pods|log|a|p"),
            ("/api/v1/namespaces/proxy/services/proxy", "|v1|services||proxy|proxy"),
            (
                "/apis/kubeflow.org/v1/namespaces/a/notebooks",
                "kubeflow.org|v1|notebooks||a|",
            ),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
                "rbac.authorization.k8s.io|v1|clusterroles|||system:node",
            ),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
                "rbac.authorization.k8s.io|v1|clusterroles|||system%3Anode",
            ),
        ] {
            assert_eq!(attributes(path), expect, "{path}");
        }
    }

    #[test]
    fn paths_outside_the_rules_are_refused_by_name() {
        for (path, slug) in [
            ("/metrics", "not-an-api"),
            ("/debug/pprof", "not-an-api"),
            ("/logs", "not-an-api"),
            ("/apiserver", "not-an-api"),
            ("/version/x", "not-an-api"),
            ("/", "not-an-api"),
            ("/api/v1/nodes/n/proxy", "proxy-subresource"),
            ("/api/v1/namespaces/x/pods/p/proxy", "proxy-subresource"),
            ("/api/v1/namespaces/x/pods/p/PROXY", "proxy-subresource"),
            ("/api/v1/namespaces/x/services/http:evil:80/proxy/", "proxy-subresource"),
            (
                "/api/v1/namespaces/x/services/http:evil:80/proxy/a/b",
                "proxy-subresource",
            ),
            ("/api/v1/proxy/nodes/n", "proxy-subresource"),
            ("/apis/kubevirt.io/v1/namespaces/x/vms/v/proxy", "proxy-subresource"),
            ("/api/v1/nodes/n/%70roxy", "ambiguous-path"),
            ("/api/v1/watch/pods", "ambiguous-path"),
            ("/api/v1/pods/", "ambiguous-path"),
            ("/api/v1//pods", "ambiguous-path"),
            ("/api/v1/../pods", "ambiguous-path"),
            ("/api/v1/./pods", "ambiguous-path"),
            ("/api/v1/pods;x=1", "ambiguous-path"),
            ("/api/v1/a\\b", "ambiguous-path"),
            ("/api/v1/a%2fb", "ambiguous-path"),
            ("/api/v1/%", "ambiguous-path"),
            ("/api/v1/%4", "ambiguous-path"),
            ("/api/v1/namespaces/a/pods/p/log/more", "ambiguous-path"),
        ] {
            assert_eq!(attributes(path), slug, "{path}");
        }
    }

    #[test]
    fn streams_are_recognised() {
        for (query, expect) in [
            ("watch=1", true),
            ("limit=5&watch=true", true),
            ("watch", true),
            ("w%61tch=true", true),
            ("watch=false", false),
            ("watch=0&limit=1", false),
            ("", false),
            ("labelSelector=watch%3Dtrue", false),
        ] {
            assert_eq!(Target::default().is_stream(query), expect, "{query}");
        }
    }

    proptest! {
        #[test]
        fn accepted_path_is_sent_unchanged_and_has_one_reading(path in "/[a-zA-Z0-9/.%;:@_~\\\\-]{0,60}") {
            if let Ok(target) = judge(&path) {
                prop_assert_eq!(&target.path, &path);
                prop_assert!(path[1..].split('/').all(|s| !s.is_empty() && s != "." && s != ".."));
                prop_assert!(!path.contains(['\\', ';', '?', '#']));
                prop_assert!(!target.subresource.eq_ignore_ascii_case("proxy"));
            }
        }
    }
}
