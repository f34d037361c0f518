//! Names the request headers that nobody outside may send: who somebody is, and where their request goes.
//!
//! The gateway itself never searches for them, for it passes on by allow-list. A proxy in front passes on all but some, so
//! it has to throw these away before anything reads them; `tests/deploy` holds each of `deploy/`'s lists equal to this one.

/// Headers by their whole name, in lower case.
pub const NAMES: &[&str] = &[
    // Who: what proxies and identity-aware load balancers say of a signed-in person.
    "remote-user",
    "x-amzn-oidc-accesstoken",
    "x-amzn-oidc-data",
    "x-amzn-oidc-identity",
    "x-flowdeck-secret",
    "x-forwarded-access-token",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-id-token",
    "x-forwarded-preferred-username",
    "x-forwarded-user",
    "x-goog-iap-jwt-assertion",
    "x-webauth-user",
    // Where: what a check of another request goes by, and what some servers take for the method or the path.
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-prefix",
    "x-forwarded-uri",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// Whole families, by how their names begin.
pub const PREFIXES: &[&str] = &[
    "impersonate-",
    "kubeflow-",
    "x-auth-request-",
    "x-goog-authenticated-user-",
    "x-remote-",
];

/// Whether a header is one of them.
pub fn is_one(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_identity_is_one_and_what_a_page_sends_is_not() {
        for name in [
            "Kubeflow-UserId",
            "X-Auth-Request-Groups",
            "Impersonate-Extra-Scopes",
            "X-Remote-Extra-a",
            "X-Goog-Authenticated-User-Email",
            "X-Forwarded-Uri",
        ] {
            assert!(is_one(name), "{name}");
        }
        for name in [
            "cookie",
            "origin",
            "x-flowdeck",
            "sec-fetch-site",
            "x-forwarded-for",
            "x-forwarded-proto",
        ] {
            assert!(!is_one(name), "{name}");
        }
    }

    #[test]
    fn no_name_is_said_twice() {
        for name in NAMES {
            assert!(!PREFIXES.iter().any(|prefix| name.starts_with(prefix)), "{name}");
            assert_eq!(*name, name.to_ascii_lowercase());
        }
    }
}
