//! Holds a user's name and groups, and refuses those that must never be impersonated.

use http::{HeaderMap, HeaderValue};

use crate::rejection::Rejection;

/// The group that no authoriser ever refuses anything.
pub const MASTERS: &str = "system:masters";

const NAME_LIMIT_BYTES: usize = 256;
const GROUP_LIMIT: usize = 64;

/// A name and groups as the cluster's RBAC knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's name, usually an e-mail address.
    pub user: String,
    /// Groups; `system:authenticated` is added by the cluster itself.
    pub groups: Vec<String>,
}

impl Identity {
    /// Refuses names that would change meaning on the way (commas, spaces, control characters, non-ASCII)
    /// and those of the cluster's own (`system:…`), whoever put them into our files, headers or claims.
    /// `allowed` are the cluster's own names that may pass; [`MASTERS`] never does.
    pub fn check(&self, allowed: &[String]) -> Result<(), Rejection> {
        let passes = |name: &str| is_safe_name(name) || (is_plain(name) && allowed.iter().any(|a| a == name));
        let passes = |name: &str| passes(name) && !name.eq_ignore_ascii_case(MASTERS);
        let groups = self.groups.len() <= GROUP_LIMIT && self.groups.iter().all(|g| passes(g));
        if passes(&self.user) && self.user.matches('@').count() <= 1 && groups {
            Ok(())
        } else {
            Err(Rejection::Identity)
        }
    }

    /// Writes the impersonation headers; call [`Identity::check`] first.
    ///
    /// A name that cannot be written is an error: without one the request would be the gateway's own.
    pub fn impersonate(&self, headers: &mut HeaderMap) -> Result<(), Rejection> {
        let written = |name: &str| match HeaderValue::from_str(name) {
            Ok(value) if !value.is_empty() => Ok(value),
            _ => Err(Rejection::Identity),
        };
        headers.insert("impersonate-user", written(&self.user)?);
        for group in &self.groups {
            headers.append("impersonate-group", written(group)?);
        }
        Ok(())
    }
}

/// Whether a user or group name is plain enough to travel in a header and is not the cluster's own.
pub fn is_safe_name(name: &str) -> bool {
    is_plain(name) && !is_of_the_cluster(name)
}

/// Whether the name is one of the cluster's own.
pub fn is_of_the_cluster(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("system:")
}

fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b',' | b'"' | b'\\' | b'<' | b'>');
    (1..=NAME_LIMIT_BYTES).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_cluster_or_with_two_readings_are_refused() {
        let long = "a".repeat(10_000);
        for user in [
            "",
            "a,b",
            "a b",
            "a\r\nb",
            "a\0",
            "ä@example.com",
            "a@b@c",
            &long,
            "system:admin",
            "System:masters",
            "system:serviceaccount:kube-system:x",
            "system:node:n1",
        ] {
            let identity = Identity {
                user: user.to_owned(),
                groups: Vec::new(),
            };
            assert_eq!(identity.check(&[]), Err(Rejection::Identity), "{user:.40}");
        }
        let group = |g: &str| {
            Identity {
                user: "alice@example.com".to_owned(),
                groups: vec![g.to_owned()],
            }
            .check(&["system:monitoring".to_owned(), MASTERS.to_owned()])
        };
        assert_eq!(group("system:masters"), Err(Rejection::Identity));
        assert_eq!(group("a,b"), Err(Rejection::Identity));
        assert_eq!(group("system:nodes"), Err(Rejection::Identity));
        assert_eq!(group("System:Monitoring"), Err(Rejection::Identity));
        assert_eq!(group("system:monitoring"), Ok(()));
        assert_eq!(group("vision:admins"), Ok(()));
    }
}
