//! Parses `/api/v1/…` and `/apis/group/version/…` into what is meant, as the API server's `RequestInfo` does.

/// What a path of the resource kind points at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
    /// Whether it is a path of watches, as they were before `?watch=true`: `/api/v1/watch/pods`.
    pub(crate) watches: bool,
}

/// Parses a path; `None` when it is not about a resource.
pub(crate) fn parse(path: &str) -> Option<Target> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).map(decode);
    let mut target = Target::default();
    match parts.next()?.as_str() {
        "api" => {}
        "apis" => target.group = parts.next()?,
        _ => return None,
    }
    target.version = parts.next()?;
    let mut rest: Vec<String> = parts.collect();
    if rest.len() > 1 && rest[0] == "watch" {
        target.watches = true;
        rest.remove(0);
    }
    // `namespaces/x/pods` is about pods; `namespaces/x` and `namespaces/x/status` are about the namespace.
    let inside = rest.len() >= 3 && rest[0] == "namespaces";
    if inside && !(target.group.is_empty() && matches!(rest[2].as_str(), "status" | "finalize")) {
        target.namespace = Some(rest[1].clone());
        rest.drain(..2);
    }
    let mut rest = rest.into_iter();
    target.resource = rest.next()?;
    target.name = rest.next();
    target.subresource = rest.next();
    if rest.next().is_some() {
        return None;
    }
    Some(target)
}

/// Undoes percent encoding; what is no valid encoding stays.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) = (
                bytes.get(at + 1).copied().and_then(hex),
                bytes.get(at + 2).copied().and_then(hex),
            )
        {
            out.push(high * 16 + low);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: (&str, &str, Option<&str>, &str, Option<&str>, Option<&str>)) {
        let target = parse(path).unwrap_or_else(|| panic!("{path} is a resource path"));
        let found = (
            target.group.as_str(),
            target.version.as_str(),
            target.namespace.as_deref(),
            target.resource.as_str(),
            target.name.as_deref(),
            target.subresource.as_deref(),
        );
        assert_eq!(found, expect, "{path}");
    }

    #[test]
    fn paths_give_their_targets() {
        check("/api/v1/pods", ("", "v1", None, "pods", None, None));
        check(
            "/api/v1/namespaces/a/pods/b/log",
            ("", "v1", Some("a"), "pods", Some("b"), Some("log")),
        );
        check("/api/v1/namespaces/a", ("", "v1", None, "namespaces", Some("a"), None));
        check(
            "/api/v1/namespaces/a/finalize",
            ("", "v1", None, "namespaces", Some("a"), Some("finalize")),
        );
        check(
            "/apis/apps/v1/namespaces/a/statefulsets/x%2Dy",
            ("apps", "v1", Some("a"), "statefulsets", Some("x-y"), None),
        );
        check(
            "/apis/kubeflow.org/v1/profiles/p",
            ("kubeflow.org", "v1", None, "profiles", Some("p"), None),
        );
    }

    #[test]
    fn other_paths_are_none() {
        for path in [
            "/",
            "/healthz",
            "/api",
            "/api/v1",
            "/apis/apps/v1",
            "/api/v1/pods/a/b/c",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
