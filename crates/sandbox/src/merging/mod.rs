//! Merges strategic merge patches into built-in kinds: lists merge by the keys that the kinds' schemas name.
//!
//! Source: k8s.io/apimachinery pkg/util/strategicpatch, and the directives in its documentation: `$patch: delete|replace`,
//! `$deleteFromPrimitiveList/x`, `$setElementOrder/x`, `$retainKeys`.

use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::registry::Kind;
use crate::schema;

const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Applies a strategic merge patch.
pub(crate) fn strategic(kind: &Kind, object: &mut Value, patch: Value) -> Result<(), Refusal> {
    let Value::Object(patch) = patch else {
        return Err(Refusal::bad_request("error decoding patch: the patch is not an object"));
    };
    let found = schema::of(kind).map(|(_, schema)| schema);
    merge_map(found, object, patch)
}

fn merge_map(schema: Option<&'static Value>, object: &mut Value, mut patch: Map<String, Value>) -> Result<(), Refusal> {
    match patch.remove("$patch").as_ref().and_then(Value::as_str) {
        Some("replace") => {
            *object = Value::Object(patch);
            return Ok(());
        }
        Some("delete") => {
            *object = Value::Object(Map::new());
            return Ok(());
        }
        _ => {}
    }
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(target) = object else { return Ok(()) };
    if let Some(Value::Array(keep)) = patch.remove("$retainKeys") {
        target.retain(|key, _| keep.iter().any(|one| one == key.as_str()));
    }
    let (deletions, rest): (Map<_, _>, Map<_, _>) =
        patch.into_iter().partition(|(key, _)| key.starts_with(DELETE_FROM));
    let (orders, rest): (Map<_, _>, Map<_, _>) = rest.into_iter().partition(|(key, _)| key.starts_with(ORDER));
    for (key, gone) in &deletions {
        let field = &key[DELETE_FROM.len()..];
        if let (Some(Value::Array(list)), Some(gone)) = (target.get_mut(field), gone.as_array()) {
            list.retain(|one| !gone.contains(one));
        }
    }
    for (key, change) in rest {
        let field = schema.map(|schema| field_of(schema, &key));
        merge_field(field, target, key, change)?;
    }
    for (key, order) in &orders {
        let field = &key[ORDER.len()..];
        let merge_key = schema.and_then(|schema| field_of(schema, field)["x-kubernetes-patch-merge-key"].as_str());
        if let (Some(Value::Array(list)), Some(order)) = (target.get_mut(field), order.as_array()) {
            reorder(list, order, merge_key);
        }
    }
    Ok(())
}

/// The schema of a field, which carries its merge key; or that of a map's values.
fn field_of(schema: &'static Value, key: &str) -> &'static Value {
    let known = &schema["properties"][key];
    if known.is_null() {
        &schema["additionalProperties"]
    } else {
        known
    }
}

fn merge_field(
    field: Option<&'static Value>,
    target: &mut Map<String, Value>,
    key: String,
    change: Value,
) -> Result<(), Refusal> {
    match change {
        Value::Null => {
            target.remove(&key);
            Ok(())
        }
        Value::Object(change) => {
            let inner = field.map(|field| schema::resolve(field).1);
            merge_map(inner, target.entry(key).or_insert(Value::Null), change)
        }
        Value::Array(changes) => {
            let merges = field.is_some_and(|field| {
                field["x-kubernetes-patch-strategy"]
                    .as_str()
                    .is_some_and(|s| s.contains("merge"))
            });
            let old = match target.remove(&key) {
                Some(Value::Array(old)) if merges => old,
                _ => Vec::new(),
            };
            let items = field.map(|field| schema::resolve(&field["items"]).1);
            let merge_key = field.and_then(|field| field["x-kubernetes-patch-merge-key"].as_str());
            let list = if merges {
                merge_list(items, merge_key, old, changes)?
            } else {
                changes
            };
            target.insert(key, Value::Array(list));
            Ok(())
        }
        plain => {
            target.insert(key, plain);
            Ok(())
        }
    }
}

fn merge_list(
    items: Option<&'static Value>,
    merge_key: Option<&str>,
    mut old: Vec<Value>,
    changes: Vec<Value>,
) -> Result<Vec<Value>, Refusal> {
    let Some(merge_key) = merge_key else {
        for change in changes {
            if !old.contains(&change) {
                old.push(change);
            }
        }
        return Ok(old);
    };
    if changes.iter().any(|change| change["$patch"] == "replace") {
        return Ok(changes
            .into_iter()
            .filter(|change| change["$patch"].is_null())
            .collect());
    }
    for change in changes {
        let id = change[merge_key].clone();
        if id.is_null() {
            return Err(Refusal::unprocessable(format!(
                "map: {change} does not contain declared merge key: {merge_key}"
            )));
        }
        if change["$patch"] == "delete" {
            old.retain(|one| one[merge_key] != id);
            continue;
        }
        let Value::Object(change) = change else { continue };
        match old.iter_mut().find(|one| one[merge_key] == id) {
            Some(one) => merge_map(items, one, change)?,
            None => {
                let mut fresh = Value::Object(Map::new());
                merge_map(items, &mut fresh, change)?;
                old.push(fresh);
            }
        }
    }
    Ok(old)
}

/// Puts the named elements in the wanted order; the others stay after those they followed.
fn reorder(list: &mut [Value], order: &[Value], merge_key: Option<&str>) {
    let place = |one: &Value| {
        order.iter().position(|wanted| match merge_key {
            Some(key) => wanted[key] == one[key],
            None => wanted == one,
        })
    };
    let mut last = 0;
    let mut keyed: Vec<(usize, Value)> = Vec::with_capacity(list.len());
    for one in list.iter() {
        last = place(one).unwrap_or(last);
        keyed.push((last, one.clone()));
    }
    keyed.sort_by_key(|(at, _)| *at);
    for (slot, (_, one)) in list.iter_mut().zip(keyed) {
        *slot = one;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(object: Value, patch: Value, expect: &Value) {
        let pod = Kind::new("", "pods", "Pod", true);
        let mut object = object;
        strategic(&pod, &mut object, patch).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        assert_eq!(object, *expect);
    }

    #[test]
    fn containers_merge_by_name_and_env_within_them() {
        check(
            json!({"spec": {"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "2"}]}}),
            json!({"spec": {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "3"}]}, {"name": "c", "image": "3"}]}}),
            &json!({"spec": {"containers": [
                {"name": "a", "image": "1", "env": [{"name": "X", "value": "3"}, {"name": "Y", "value": "2"}]},
                {"name": "b", "image": "2"}, {"name": "c", "image": "3"}]}}),
        );
    }

    #[test]
    fn directives_delete_replace_and_order() {
        check(
            json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}),
            json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}),
            &json!({"spec": {"containers": [{"name": "b"}]}}),
        );
        check(
            json!({"metadata": {"finalizers": ["x", "y"]}}),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x"], "finalizers": ["z"], "$setElementOrder/finalizers": ["z", "y"]}}),
            &json!({"metadata": {"finalizers": ["z", "y"]}}),
        );
        check(
            json!({"spec": {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "k"}]}}),
            json!({"spec": {"nodeSelector": {"$patch": "replace", "c": "d"}, "tolerations": [{"key": "l"}]}}),
            &json!({"spec": {"nodeSelector": {"c": "d"}, "tolerations": [{"key": "l"}]}}),
        );
    }

    #[test]
    fn conditions_merge_by_type() {
        check(
            json!({"status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}]}}),
            json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
            &json!({"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}]}}),
        );
    }
}
