//! Reads bindings and roles, and matches rules.
//!
//! Source: pkg/apis/rbac/v1/evaluation_helpers.go and plugin/pkg/auth/authorizer/rbac in Kubernetes 1.36.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::rbac::Attributes;
use crate::request::identity::Identity;
use crate::selectors::labels::LabelSelector;
use crate::store::Entry;

/// One binding: to whom, where, what.
pub(crate) struct Grant {
    subjects: Vec<Subject>,
    pub(crate) rules: Arc<Vec<Value>>,
    binding: String,
    role: String,
}

enum Subject {
    User(String),
    Group(String),
}

/// All bindings.
pub(crate) struct Grants {
    everywhere: Vec<Grant>,
    by_namespace: HashMap<String, Vec<Grant>>,
    /// The rules of all roles: of Roles by `namespace/name`, of ClusterRoles by name.
    roles: BTreeMap<String, Arc<Vec<Value>>>,
}

impl Grant {
    fn is_for(&self, identity: &Identity) -> bool {
        self.subjects.iter().any(|subject| match subject {
            Subject::User(name) => *name == identity.user,
            Subject::Group(name) => identity.groups.contains(name),
        })
    }

    /// As the authorizer explains it in access reviews.
    pub(crate) fn reason(&self, identity: &Identity) -> String {
        let found = self.subjects.iter().find_map(|subject| match subject {
            Subject::User(name) if *name == identity.user => Some(format!("User \"{name}\"")),
            Subject::Group(name) if identity.groups.contains(name) => Some(format!("Group \"{name}\"")),
            _ => None,
        });
        format!(
            "RBAC: allowed by {} of {} to {}",
            self.binding,
            self.role,
            found.unwrap_or_default()
        )
    }
}

impl Grants {
    pub(crate) fn read(
        cluster_roles: &[Arc<Entry>],
        cluster_bindings: &[Arc<Entry>],
        roles: &[Arc<Entry>],
        bindings: &[Arc<Entry>],
    ) -> Self {
        let cluster = cluster_rules(cluster_roles);
        let local: BTreeMap<&str, Arc<Vec<Value>>> = roles
            .iter()
            .map(|role| (&*role.key, Arc::new(rules_of(&role.value()))))
            .collect();
        let mut everywhere = Vec::new();
        for binding in cluster_bindings {
            let value = binding.value();
            let name = value["roleRef"]["name"].as_str().unwrap_or_default();
            if let Some(rules) = cluster.get(name) {
                everywhere.push(Grant {
                    subjects: subjects(&value, ""),
                    rules: Arc::clone(rules),
                    binding: format!("ClusterRoleBinding \"{}\"", binding.name()),
                    role: format!("ClusterRole \"{name}\""),
                });
            }
        }
        let mut by_namespace: HashMap<String, Vec<Grant>> = HashMap::new();
        for binding in bindings {
            let value = binding.value();
            let name = value["roleRef"]["name"].as_str().unwrap_or_default();
            let kind = value["roleRef"]["kind"].as_str().unwrap_or_default();
            let namespace = binding.namespace();
            let rules = if kind == "Role" {
                local.get(format!("{namespace}/{name}").as_str())
            } else {
                cluster.get(name)
            };
            if let Some(rules) = rules {
                by_namespace.entry(namespace.to_owned()).or_default().push(Grant {
                    subjects: subjects(&value, namespace),
                    rules: Arc::clone(rules),
                    binding: format!("RoleBinding \"{}/{namespace}\"", binding.name()),
                    role: format!("{kind} \"{name}\""),
                });
            }
        }
        let local = local.into_iter().map(|(key, rules)| (key.to_owned(), rules));
        let roles = cluster.into_iter().chain(local).collect();
        Self {
            everywhere,
            by_namespace,
            roles,
        }
    }

    /// The rules of a role, by its namespace and name.
    pub(crate) fn rules_of_role(&self, namespace: &str, name: &str) -> Option<Vec<Value>> {
        let key = if namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{namespace}/{name}")
        };
        self.roles.get(&key).map(|rules| rules.to_vec())
    }

    /// The grants of a user: cluster-wide ones and those of the namespace.
    pub(crate) fn of<'a>(&'a self, identity: &'a Identity, namespace: &str) -> impl Iterator<Item = &'a Grant> {
        let local = self.by_namespace.get(namespace).into_iter().flatten();
        self.everywhere
            .iter()
            .chain(local)
            .filter(|grant| grant.is_for(identity))
    }
}

/// The rules of each ClusterRole; those that aggregate others have theirs added.
fn cluster_rules(roles: &[Arc<Entry>]) -> BTreeMap<String, Arc<Vec<Value>>> {
    let values: Vec<(Arc<Entry>, Value)> = roles.iter().map(|role| (Arc::clone(role), role.value())).collect();
    let own = |role: &Entry, value: &Value, depth: u8| -> Vec<Value> { aggregate(&values, role, value, depth) };
    values
        .iter()
        .map(|(role, value)| (role.name().to_owned(), Arc::new(own(role, value, 0))))
        .collect()
}

fn aggregate(all: &[(Arc<Entry>, Value)], role: &Entry, value: &Value, depth: u8) -> Vec<Value> {
    let mut rules = rules_of(value);
    // Aggregates of aggregates end somewhere, also when somebody made a circle.
    if depth > 4 {
        return rules;
    }
    for selector in value["aggregationRule"]["clusterRoleSelectors"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let selector = LabelSelector::from_object(selector);
        for (other, other_value) in all
            .iter()
            .filter(|(other, _)| other.key != role.key && selector.takes(&other.labels))
        {
            for rule in aggregate(all, other, other_value, depth + 1) {
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
    }
    rules
}

fn rules_of(role: &Value) -> Vec<Value> {
    role["rules"].as_array().cloned().unwrap_or_default()
}

fn subjects(binding: &Value, namespace: &str) -> Vec<Subject> {
    let read = |subject: &Value| {
        let name = subject["name"].as_str()?;
        match subject["kind"].as_str()? {
            "User" => Some(Subject::User(name.to_owned())),
            "Group" => Some(Subject::Group(name.to_owned())),
            "ServiceAccount" => {
                let namespace = subject["namespace"].as_str().unwrap_or(namespace);
                Some(Subject::User(format!("system:serviceaccount:{namespace}:{name}")))
            }
            _ => None,
        }
    };
    binding["subjects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(read)
        .collect()
}

fn has(list: &Value, wanted: &str) -> bool {
    list.as_array()
        .is_some_and(|list| list.iter().any(|one| one == "*" || one == wanted))
}

/// Whether a rule is about this resource, verb and name.
pub(crate) fn matches_resource(rule: &Value, wanted: &Attributes<'_>) -> bool {
    if !has(&rule["verbs"], wanted.verb) || !has(&rule["apiGroups"], wanted.group) {
        return false;
    }
    let full = if wanted.subresource.is_empty() {
        wanted.resource.to_owned()
    } else {
        format!("{}/{}", wanted.resource, wanted.subresource)
    };
    let named = has(&rule["resources"], &full)
        || (!wanted.subresource.is_empty() && has_exactly(&rule["resources"], &format!("*/{}", wanted.subresource)));
    let names = rule["resourceNames"].as_array().filter(|names| !names.is_empty());
    named && names.is_none_or(|names| names.iter().any(|name| name == wanted.name))
}

fn has_exactly(list: &Value, wanted: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|one| one == wanted))
}

/// Whether a rule is about this path; a `*` at its end takes everything after.
pub(crate) fn matches_path(rule: &Value, verb: &str, path: &str) -> bool {
    let takes =
        |pattern: &str| pattern == path || pattern.strip_suffix('*').is_some_and(|start| path.starts_with(start));
    has(&rule["verbs"], verb)
        && rule["nonResourceURLs"]
            .as_array()
            .is_some_and(|urls| urls.iter().filter_map(Value::as_str).any(takes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(rule: &Value, verb: &str, group: &str, resource: &str, sub: &str, name: &str, expect: bool) {
        let wanted = Attributes {
            verb,
            group,
            resource,
            subresource: sub,
            namespace: "a",
            name,
        };
        assert_eq!(
            matches_resource(rule, &wanted),
            expect,
            "{rule} {verb} {resource}/{sub} {name}"
        );
    }

    #[test]
    fn rules_match_verbs_groups_resources_and_names() {
        let pods = json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]});
        check(&pods, "get", "", "pods", "", "x", true);
        check(&pods, "get", "", "pods", "log", "x", true);
        check(&pods, "get", "", "pods", "exec", "x", false);
        check(&pods, "delete", "", "pods", "", "x", false);
        check(&pods, "get", "apps", "pods", "", "x", false);
        let all = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
        check(&all, "patch", "apps", "deployments", "scale", "x", true);
        let scale = json!({"verbs": ["get"], "apiGroups": ["*"], "resources": ["*/scale"]});
        check(&scale, "get", "apps", "deployments", "scale", "x", true);
        check(&scale, "get", "apps", "deployments", "", "x", false);
        let one = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"]});
        check(&one, "get", "", "configmaps", "", "mine", true);
        check(&one, "get", "", "configmaps", "", "yours", false);
        check(&one, "get", "", "configmaps", "", "", false);
    }

    #[test]
    fn path_rules_match_prefixes() {
        let rule = json!({"verbs": ["get"], "nonResourceURLs": ["/healthz", "/api/*"]});
        assert!(matches_path(&rule, "get", "/healthz"));
        assert!(matches_path(&rule, "get", "/api/v1"));
        assert!(!matches_path(&rule, "get", "/healthz/ping"));
        assert!(!matches_path(&rule, "post", "/api/v1"));
    }
}
