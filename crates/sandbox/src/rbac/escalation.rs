//! Refuses roles and bindings that would give somebody more than they have themselves.
//!
//! Source: pkg/registry/rbac/{role,rolebinding}/policybased/storage.go and pkg/registry/rbac/validation in Kubernetes 1.36.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::rbac::{Attributes, Snapshot};
use crate::refusal::Refusal;
use crate::verbs::Context;

const GROUP: &str = "rbac.authorization.k8s.io";

/// One verb on one resource or path: what a rule comes down to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Simple {
    group: String,
    resource: String,
    path: String,
    name: Option<String>,
    verb: String,
}

/// Checks a role or a binding that is created, or takes the place of `old`.
pub(crate) fn check(context: &Context, old: Option<&Value>, value: &Value) -> Result<(), Refusal> {
    let changed = |fields: &[&str]| old.is_none_or(|old| fields.iter().any(|field| old[*field] != value[*field]));
    if context.kind.group != GROUP || context.identity.is_master() {
        return Ok(());
    }
    let rights = context.api.rights.current(&context.api.store);
    let name = value["metadata"]["name"].as_str().unwrap_or_default();
    match context.kind.plural.as_str() {
        plural @ ("roles" | "clusterroles") if changed(&["rules", "aggregationRule"]) => {
            if may(context, &rights, "escalate", plural, name) {
                return Ok(());
            }
            let mut rules = list(&value["rules"]);
            if changed(&["aggregationRule"]) && !value["aggregationRule"].is_null() {
                rules.push(json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}));
                rules.push(json!({"nonResourceURLs": ["*"], "verbs": ["*"]}));
            }
            covered(context, &rights, name, &rules)
        }
        "rolebindings" | "clusterrolebindings" if changed(&["roleRef", "subjects"]) => {
            let role = value["roleRef"]["name"].as_str().unwrap_or_default();
            let plural = if value["roleRef"]["kind"] == "Role" {
                "roles"
            } else {
                "clusterroles"
            };
            if may(context, &rights, "bind", plural, role) {
                return Ok(());
            }
            let namespace = if plural == "roles" { context.namespace() } else { "" };
            let rules = rights.rules_of_role(namespace, role);
            let rules = rules.ok_or_else(|| Refusal::not_found_in(plural, GROUP, role))?;
            covered(context, &rights, name, &rules)
        }
        _ => Ok(()),
    }
}

fn may(context: &Context, rights: &Snapshot, verb: &str, resource: &str, name: &str) -> bool {
    let wanted = Attributes {
        verb,
        group: GROUP,
        resource,
        subresource: "",
        namespace: context.namespace(),
        name,
    };
    rights.allows(&context.identity, &wanted)
}

/// All that the rules give must be given to the one who asks, too.
fn covered(context: &Context, rights: &Snapshot, name: &str, rules: &[Value]) -> Result<(), Refusal> {
    let (resources, paths) = rights.rules(&context.identity, context.namespace());
    let own: Vec<Value> = resources.into_iter().chain(paths).collect();
    let missing: Vec<Simple> = rules
        .iter()
        .flat_map(simple)
        .filter(|wanted| !own.iter().any(|rule| gives(rule, wanted)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let identity = &context.identity;
    let why = format!(
        "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        identity.user,
        quoted(&identity.groups),
        shown(missing).join("\n")
    );
    Err(Refusal::forbidden(&context.kind.plural, GROUP, name, why))
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

fn simple(rule: &Value) -> Vec<Simple> {
    let mut found = Vec::new();
    let names = texts(&rule["resourceNames"]);
    let names: Vec<Option<String>> = if names.is_empty() {
        vec![None]
    } else {
        names.into_iter().map(Some).collect()
    };
    for verb in texts(&rule["verbs"]) {
        for path in texts(&rule["nonResourceURLs"]) {
            found.push(Simple {
                group: String::new(),
                resource: String::new(),
                path,
                name: None,
                verb: verb.clone(),
            });
        }
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                found.extend(names.iter().map(|name| Simple {
                    group: group.clone(),
                    resource: resource.clone(),
                    path: String::new(),
                    name: name.clone(),
                    verb: verb.clone(),
                }));
            }
        }
    }
    found
}

/// Whether a rule gives what is wanted.
fn gives(rule: &Value, wanted: &Simple) -> bool {
    let has = |field: &str, text: &str| texts(&rule[field]).iter().any(|one| one == "*" || one == text);
    if !has("verbs", &wanted.verb) {
        return false;
    }
    if !wanted.path.is_empty() {
        return texts(&rule["nonResourceURLs"]).iter().any(|own| {
            *own == wanted.path
                || own
                    .strip_suffix('*')
                    .is_some_and(|start| wanted.path.starts_with(start))
        });
    }
    let of_any = wanted.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let resource = has("resources", &wanted.resource) || of_any.is_some_and(|any| has("resources", &any));
    let names = texts(&rule["resourceNames"]);
    let named = names.is_empty() || wanted.name.as_ref().is_some_and(|name| names.contains(name));
    has("apiGroups", &wanted.group) && resource && named
}

/// The rules as Go prints them, the verbs of one resource together.
fn shown(missing: Vec<Simple>) -> Vec<String> {
    let mut together: BTreeMap<(String, String, String, Option<String>), Vec<String>> = BTreeMap::new();
    for one in missing {
        let verbs = together
            .entry((one.group, one.resource, one.path, one.name))
            .or_default();
        if !verbs.contains(&one.verb) {
            verbs.push(one.verb);
        }
    }
    let lines: BTreeSet<String> = together
        .into_iter()
        .map(|((group, resource, path, name), verbs)| {
            let verbs = quoted(&verbs);
            if !path.is_empty() {
                return format!("{{NonResourceURLs:[{path:?}], Verbs:{verbs}}}");
            }
            let names = name.map_or_else(String::new, |name| format!(", ResourceNames:[{name:?}]"));
            format!("{{APIGroups:[{group:?}], Resources:[{resource:?}]{names}, Verbs:{verbs}}}")
        })
        .collect();
    lines.into_iter().collect()
}

/// A list as Go prints it with `%q`.
fn quoted(list: &[String]) -> String {
    let all: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
    format!("[{}]", all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: Value, wanted: Value, missing: &[&str]) {
        let left: Vec<Simple> = simple(&wanted)
            .into_iter()
            .filter(|wanted| !gives(&own, wanted))
            .collect();
        assert_eq!(shown(left), missing, "{own} {wanted}");
    }

    fn rule(resources: &[&str], names: &[&str], verbs: &[&str]) -> Value {
        json!({"apiGroups": [""], "resources": resources, "resourceNames": names, "verbs": verbs})
    }

    #[test]
    fn what_is_not_held_is_said() {
        check(
            rule(&["pods"], &[], &["get", "list"]),
            rule(&["pods"], &["a"], &["get"]),
            &[],
        );
        check(
            rule(&["pods"], &[], &["get"]),
            rule(&["pods"], &[], &["get", "delete", "list"]),
            &["{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\" \"list\"]}"],
        );
        check(
            rule(&["pods"], &["a"], &["get"]),
            rule(&["pods"], &["b"], &["get"]),
            &["{APIGroups:[\"\"], Resources:[\"pods\"], ResourceNames:[\"b\"], Verbs:[\"get\"]}"],
        );
        check(rule(&["*/log"], &[], &["get"]), rule(&["pods/log"], &[], &["get"]), &[]);
    }

    #[test]
    fn paths_are_held_by_their_beginning() {
        let paths = |paths: &[&str]| json!({"nonResourceURLs": paths, "verbs": ["get"]});
        check(paths(&["/logs/*"]), paths(&["/logs/a", "/logs/*"]), &[]);
        check(
            paths(&["/logs"]),
            paths(&["/metrics"]),
            &["{NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}"],
        );
    }
}
