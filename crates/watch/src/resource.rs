//! Names a kind of the Kubernetes API and builds its addresses, every part percent-encoded.
//!
//! Never sends anything; the prefix is the gateway's (`/k8s`, design.md §1).

/// Where the gateway offers the Kubernetes API.
pub const PREFIX: &str = "/k8s";

/// A kind as the API's addresses name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version within the group.
    pub version: &'static str,
    /// Plural name, lower case.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

const fn resource(group: &'static str, version: &'static str, plural: &'static str, namespaced: bool) -> Resource {
    Resource {
        group,
        version,
        plural,
        namespaced,
    }
}

/// Kubeflow notebooks.
pub const NOTEBOOKS: Resource = resource("kubeflow.org", "v1", "notebooks", true);
/// Kubeflow profiles: the owners of namespaces.
pub const PROFILES: Resource = resource("kubeflow.org", "v1", "profiles", false);
/// Pods.
pub const PODS: Resource = resource("", "v1", "pods", true);
/// Events of the core group.
pub const EVENTS: Resource = resource("", "v1", "events", true);
/// Namespaces.
pub const NAMESPACES: Resource = resource("", "v1", "namespaces", false);
/// Persistent volume claims.
pub const PVCS: Resource = resource("", "v1", "persistentvolumeclaims", true);
/// Resource quotas.
pub const QUOTAS: Resource = resource("", "v1", "resourcequotas", true);
/// Nodes.
pub const NODES: Resource = resource("", "v1", "nodes", false);
/// Services.
pub const SERVICES: Resource = resource("", "v1", "services", true);
/// Secrets.
pub const SECRETS: Resource = resource("", "v1", "secrets", true);
/// Config maps.
pub const CONFIG_MAPS: Resource = resource("", "v1", "configmaps", true);
/// Stateful sets.
pub const STATEFULSETS: Resource = resource("apps", "v1", "statefulsets", true);
/// Storage classes.
pub const STORAGE_CLASSES: Resource = resource("storage.k8s.io", "v1", "storageclasses", false);
/// "May I do this": answers to a POST only.
pub const ACCESS_REVIEWS: Resource = resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", false);
/// "What may I do in this namespace": answers to a POST only.
pub const RULES_REVIEWS: Resource = resource("authorization.k8s.io", "v1", "selfsubjectrulesreviews", false);

impl Resource {
    /// The address of the collection; an empty namespace means all of them.
    pub fn collection(&self, namespace: &str) -> String {
        let mut url = String::from(PREFIX);
        if self.group.is_empty() {
            url.push_str("/api");
        } else {
            url.push_str("/apis");
            push_segment(&mut url, self.group);
        }
        push_segment(&mut url, self.version);
        if self.namespaced && !namespace.is_empty() {
            url.push_str("/namespaces");
            push_segment(&mut url, namespace);
        }
        push_segment(&mut url, self.plural);
        url
    }

    /// The address of one object.
    pub fn object(&self, namespace: &str, name: &str) -> String {
        let mut url = self.collection(namespace);
        push_segment(&mut url, name);
        url
    }

    /// The address of a part of one object (`log`, `status`, `scale`).
    pub fn part(&self, namespace: &str, name: &str, part: &str) -> String {
        let mut url = self.object(namespace, name);
        push_segment(&mut url, part);
        url
    }
}

/// The address with the query appended.
pub fn with_query<'a>(mut url: String, query: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut mark = '?';
    for (key, value) in query {
        url.push(mark);
        mark = '&';
        push_encoded(&mut url, key);
        url.push('=');
        push_encoded(&mut url, value);
    }
    url
}

fn push_segment(url: &mut String, segment: &str) {
    url.push('/');
    match segment {
        // Left alone, a browser would take these for steps in the path, encoded dots included.
        "." | ".." => push_encoded(url, &segment.replace('.', "\u{ff0e}")),
        _ => push_encoded(url, segment),
    }
}

/// Everything but RFC 3986's unreserved characters becomes `%XX`.
fn push_encoded(url: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            url.push('%');
            url.push(char::from(HEX[usize::from(byte >> 4)]));
            url.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_and_group_kinds_have_their_addresses() {
        assert_eq!(PODS.collection("team a"), "/k8s/api/v1/namespaces/team%20a/pods");
        assert_eq!(PODS.collection(""), "/k8s/api/v1/pods");
        assert_eq!(NODES.collection("ignored"), "/k8s/api/v1/nodes");
        assert_eq!(
            NOTEBOOKS.object("ns", "nb"),
            "/k8s/apis/kubeflow.org/v1/namespaces/ns/notebooks/nb"
        );
        assert_eq!(
            PODS.part("ns", "nb-0", "log"),
            "/k8s/api/v1/namespaces/ns/pods/nb-0/log"
        );
    }

    #[test]
    fn hostile_names_stay_one_segment() {
        assert_eq!(
            PODS.object("ns", "../../secrets"),
            "/k8s/api/v1/namespaces/ns/pods/..%2F..%2Fsecrets"
        );
        assert_eq!(PODS.object("ns", "a?b#c"), "/k8s/api/v1/namespaces/ns/pods/a%3Fb%23c");
        assert_eq!(
            PODS.object("ns", ".."),
            "/k8s/api/v1/namespaces/ns/pods/%EF%BC%8E%EF%BC%8E"
        );
    }

    #[test]
    fn query_values_are_encoded() {
        let url = with_query("/x".into(), [("labelSelector", "a=b,c in (d)"), ("continue", "ä+/=")]);
        assert_eq!(
            url,
            "/x?labelSelector=a%3Db%2Cc%20in%20%28d%29&continue=%C3%A4%2B%2F%3D"
        );
    }
}
