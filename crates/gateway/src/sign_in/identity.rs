//! Holds a user's name and groups, and refuses those that must never be impersonated.

use http::{HeaderMap, HeaderValue};

use crate::rejection::Rejection;

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
    /// and those of the cluster's own (`system:…`), whoever put them into our files or claims.
    pub fn check(&self) -> Result<(), Rejection> {
        let groups = self.groups.len() <= GROUP_LIMIT && self.groups.iter().all(|g| is_safe_name(g));
        if is_safe_name(&self.user) && self.user.matches('@').count() <= 1 && groups {
            Ok(())
        } else {
            Err(Rejection::Identity)
        }
    }

    /// Writes the impersonation headers; call [`Identity::check`] first.
    pub fn impersonate(&self, headers: &mut HeaderMap) {
        let Ok(user) = HeaderValue::from_str(&self.user) else {
            return;
        };
        headers.insert("impersonate-user", user);
        for group in &self.groups {
            if let Ok(group) = HeaderValue::from_str(group) {
                headers.append("impersonate-group", group);
            }
        }
    }
}

/// Whether a user or group name is plain enough to travel in a header and is not the cluster's own.
pub fn is_safe_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b',' | b'"' | b'\\' | b'<' | b'>');
    (1..=NAME_LIMIT_BYTES).contains(&name.len())
        && name.bytes().all(plain)
        && !name.to_ascii_lowercase().starts_with("system:")
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
            assert_eq!(identity.check(), Err(Rejection::Identity), "{user:.40}");
        }
        let group = |g: &str| {
            Identity {
                user: "alice@example.com".to_owned(),
                groups: vec![g.to_owned()],
            }
            .check()
        };
        assert_eq!(group("system:masters"), Err(Rejection::Identity));
        assert_eq!(group("a,b"), Err(Rejection::Identity));
        assert_eq!(group("vision:admins"), Ok(()));
    }
}
