//! Writes into ClusterRoles that gather others the rules of those.
//!
//! Source: kubernetes v1.36.3, pkg/controller/clusterroleaggregation. What a user may do does not wait for this: the API
//! gathers rules itself.

use std::sync::Arc;

use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use kube::Api;
use kube::core::{Selector, SelectorExt};
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, each_change};
use crate::controllers::queue::{Outcome, Queue, work};

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let worker = Arc::clone(&cluster);
    tokio::join!(
        each_change(cluster.roles.changes(), cluster.stop.clone(), |_| {
            let roles = cluster.roles.all();
            for role in roles.iter().filter(|role| role.aggregation_rule.is_some()) {
                queue.add(Key::of(&role.metadata));
            }
        }),
        work(Arc::clone(&queue), 1, cluster.stop.clone(), move |key| look(
            Arc::clone(&worker),
            key
        )),
    );
}

async fn look(cluster: Arc<Cluster>, key: Key) -> Outcome {
    let Some(role) = cluster.roles.get(&key) else {
        return Ok(None);
    };
    if role.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let rules = gathered(&role, &cluster.roles.all());
    if role.rules.clone().unwrap_or_default() == rules {
        return Ok(None);
    }
    let roles: Api<ClusterRole> = Api::all(cluster.client.clone());
    api::patch(&roles, &key.name, &json!({"rules": rules})).await?;
    Ok(None)
}

/// The rules of all roles that the selectors take, in the order of their names, each once.
fn gathered(role: &ClusterRole, all: &[Arc<ClusterRole>]) -> Vec<PolicyRule> {
    let mut others: Vec<&Arc<ClusterRole>> = all
        .iter()
        .filter(|other| other.metadata.name != role.metadata.name)
        .collect();
    others.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let selectors = role.aggregation_rule.iter();
    let selectors = selectors.flat_map(|rule| rule.cluster_role_selectors.iter().flatten());
    let mut rules = Vec::new();
    for selector in selectors {
        let Ok(selector) = Selector::try_from(selector.clone()) else {
            continue;
        };
        let taken = others
            .iter()
            .filter(|other| selector.matches(&other.metadata.labels.clone().unwrap_or_default()));
        for rule in taken.flat_map(|other| other.rules.iter().flatten()) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str, label: &str, verbs: &[&str]) -> Arc<ClusterRole> {
        let rules: Vec<_> = verbs
            .iter()
            .map(|verb| json!({"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}))
            .collect();
        let role = json!({"metadata": {"name": name, "labels": {"to": label}}, "rules": rules});
        Arc::new(serde_json::from_value(role).expect("a role"))
    }

    #[test]
    fn rules_of_selected_roles_come_once_and_by_name() {
        let whole = json!({
            "metadata": {"name": "all", "labels": {"to": "x"}},
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "x"}}]},
        });
        let whole: ClusterRole = serde_json::from_value(whole).expect("a role");
        let others = [
            role("b", "x", &["get", "list"]),
            role("a", "x", &["list"]),
            role("c", "y", &["delete"]),
        ];
        let verbs: Vec<String> = gathered(&whole, &others)
            .into_iter()
            .flat_map(|rule| rule.verbs)
            .collect();
        assert_eq!(verbs, ["list", "get"]);
    }
}
