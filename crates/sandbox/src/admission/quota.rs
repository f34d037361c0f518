//! Refuses what a ResourceQuota does not allow, and charges its status for what it does.
//!
//! Source: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota and pkg/quota/v1/evaluator/core in Kubernetes 1.36.
//! Not done: scopes other than none, and quotas by storage class.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::MutexGuard;

use crate::quantity::{self, Quantity};
use crate::refusal::Refusal;
use crate::store::{Clash, Entry, Expect};
use crate::verbs::Context;

type Amounts = BTreeMap<String, Quantity>;

/// Checks the quotas of the namespace and adds to what they say is used.
pub(super) async fn charge<'a>(
    context: &'a Context,
    old: Option<&Value>,
    value: &Value,
    dry_run: bool,
) -> Result<Option<MutexGuard<'a, ()>>, Refusal> {
    // Pods change nothing that is charged; claims can grow.
    if !context.kind.namespaced
        || (old.is_some() && context.kind.shelf() != "persistentvolumeclaims")
        || context.target.subresource.is_some()
    {
        return Ok(None);
    }
    let store = &context.api.store;
    if store.all("resourcequotas", Some(context.namespace())).is_empty() {
        return Ok(None);
    }
    let mut asked = usage(context, value);
    if let Some(old) = old {
        let before = usage(context, old);
        asked.retain(|resource, amount| {
            *amount = before.get(resource).map_or(*amount, |before| amount.minus(*before));
            amount.nano() > 0
        });
    }
    if asked.is_empty() {
        return Ok(None);
    }
    let held = context.api.quota.lock().await;
    for quota in store.all("resourcequotas", Some(context.namespace())) {
        charge_one(context, value, quota, &asked, dry_run).await?;
    }
    Ok(Some(held))
}

/// Charges one quota; again when its status is counted anew meanwhile.
async fn charge_one(
    context: &Context,
    value: &Value,
    mut quota: Arc<Entry>,
    asked: &Amounts,
    dry_run: bool,
) -> Result<(), Refusal> {
    let store = &context.api.store;
    loop {
        let mut object = quota.value();
        let used = check(context, value, &object, quota.name(), asked)?;
        if used.is_empty() || dry_run {
            return Ok(());
        }
        for (resource, amount) in used {
            object["status"]["used"][resource] = amount.to_string().into();
        }
        object["status"]["hard"] = object["spec"]["hard"].clone();
        let expect = Expect::Version(quota.version);
        match store.put("resourcequotas", &quota.key, expect, object).await {
            Ok(_) => return Ok(()),
            Err(Clash::Disk(why)) => return Err(Refusal::internal(why)),
            Err(_) => match store.get("resourcequotas", &quota.key) {
                Some(now) => quota = now,
                None => return Ok(()),
            },
        }
    }
}

/// What would be used afterwards, of what the quota limits; or the refusal.
fn check(context: &Context, value: &Value, quota: &Value, name: &str, asked: &Amounts) -> Result<Amounts, Refusal> {
    let hard = amounts(&quota["spec"]["hard"]);
    let mut counted = amounts(&quota["status"]["used"]);
    let object = value["metadata"]["name"].as_str().unwrap_or_default();
    let refuse = |why: String| Refusal::forbidden(&context.kind.plural, &context.kind.group, object, why);
    let touched: Vec<&String> = hard.keys().filter(|resource| asked.contains_key(*resource)).collect();
    if context.kind.shelf() == "pods" {
        must_specify(value, &hard).map_err(|missing| refuse(format!("failed quota: {name}: {missing}")))?;
    }
    let mut over = Vec::new();
    let mut after = Amounts::new();
    for resource in touched {
        let used = counted.remove(resource).unwrap_or(Quantity::ZERO);
        let sum = used.plus(asked[resource]);
        if sum.nano() > hard[resource].nano() {
            over.push((resource, asked[resource], used, hard[resource]));
        }
        after.insert(resource.clone(), sum);
    }
    if over.is_empty() {
        return Ok(after);
    }
    let list = |pick: &dyn Fn(&(&String, Quantity, Quantity, Quantity)) -> Quantity| {
        over.iter()
            .map(|row| format!("{}={}", row.0, pick(row)))
            .collect::<Vec<_>>()
            .join(",")
    };
    Err(refuse(format!(
        "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
        list(&|row| row.1),
        list(&|row| row.2),
        list(&|row| row.3)
    )))
}

/// Every container of a pod must say how much of a limited resource it wants.
fn must_specify(pod: &Value, hard: &Amounts) -> Result<(), String> {
    let mut missing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for resource in hard.keys() {
        let (part, plain) = match resource.as_str() {
            "cpu" | "memory" => ("requests", resource.as_str()),
            other => match other.split_once('.') {
                Some((part @ ("requests" | "limits"), plain @ ("cpu" | "memory"))) => (part, plain),
                _ => continue,
            },
        };
        for list in ["initContainers", "containers"] {
            for container in pod["spec"][list].as_array().into_iter().flatten() {
                if container["resources"][part][plain].is_null() {
                    missing
                        .entry(resource.clone())
                        .or_default()
                        .push(container["name"].as_str().unwrap_or_default());
                }
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let parts: Vec<String> = missing
        .iter()
        .map(|(resource, names)| format!("{resource} for: {}", names.join(",")))
        .collect();
    Err(format!("must specify {}", parts.join("; ")))
}

/// What an object uses, under all the names by which a quota may limit it.
fn usage(context: &Context, value: &Value) -> Amounts {
    let kind = &context.kind;
    let mut used = Amounts::new();
    let one = Quantity::whole(1);
    let counted = if kind.group.is_empty() {
        format!("count/{}", kind.plural)
    } else {
        format!("count/{}.{}", kind.plural, kind.group)
    };
    used.insert(counted, one);
    match kind.shelf() {
        "pods" if matches!(value["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) => {}
        "pods" => {
            used.insert("pods".to_owned(), one);
            pod_usage(value, &mut used);
        }
        "persistentvolumeclaims" => {
            used.insert("persistentvolumeclaims".to_owned(), one);
            if let Some(size) = value["spec"]["resources"]["requests"]["storage"]
                .as_str()
                .and_then(quantity::parse)
            {
                used.insert("requests.storage".to_owned(), size);
            }
        }
        "services" | "secrets" | "configmaps" | "resourcequotas" => {
            used.insert(kind.plural.clone(), one);
        }
        _ => {}
    }
    used
}

/// The larger of all containers together and each init container alone.
fn pod_usage(pod: &Value, used: &mut Amounts) {
    for part in ["requests", "limits"] {
        let mut total = Amounts::new();
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            for (resource, amount) in amounts(&container["resources"][part]) {
                let sum = total.get(&resource).map_or(amount, |before| before.plus(amount));
                total.insert(resource, sum);
            }
        }
        for container in pod["spec"]["initContainers"].as_array().into_iter().flatten() {
            for (resource, amount) in amounts(&container["resources"][part]) {
                let most = total
                    .get(&resource)
                    .filter(|before| before.nano() >= amount.nano())
                    .copied()
                    .unwrap_or(amount);
                total.insert(resource, most);
            }
        }
        for (resource, amount) in total {
            if part == "requests" && matches!(resource.as_str(), "cpu" | "memory" | "ephemeral-storage") {
                used.insert(resource.clone(), amount);
            }
            used.insert(format!("{part}.{resource}"), amount);
        }
    }
}

fn amounts(map: &Value) -> Amounts {
    let read = |(key, value): (&String, &Value)| Some((key.clone(), quantity::parse(value.as_str()?)?));
    map.as_object()
        .unwrap_or(&serde_json::Map::new())
        .iter()
        .filter_map(read)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_is_charged_for_its_larger_part() {
        let pod = json!({"spec": {
            "containers": [{"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}, {"resources": {"requests": {"cpu": "1"}}}],
            "initContainers": [{"resources": {"requests": {"cpu": "2"}}}],
        }});
        let mut used = Amounts::new();
        pod_usage(&pod, &mut used);
        let shown: Vec<String> = used
            .iter()
            .map(|(resource, amount)| format!("{resource}={amount}"))
            .collect();
        assert_eq!(shown, ["cpu=2", "memory=1Gi", "requests.cpu=2", "requests.memory=1Gi"]);
    }

    #[test]
    fn limited_resources_must_be_asked_for() {
        let pod =
            json!({"spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}, {"name": "b"}]}});
        let hard = amounts(&json!({"cpu": "4", "limits.memory": "1Gi"}));
        assert_eq!(
            must_specify(&pod, &hard),
            Err("must specify cpu for: b; limits.memory for: a,b".to_owned())
        );
    }
}
