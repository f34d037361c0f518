//! Merges an applied object into the one that is there: what it says counts, what it leaves out stays.
//!
//! Source: sigs.k8s.io/structured-merge-diff v6, typed/merge.go: items of lists keep the order of the applied object, and
//! those that it does not name stay after those that they followed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fields::element::Element;
use crate::fields::types::{Form, Items, Type};

/// The object after `applied` was merged into `live`.
pub(crate) fn merge(live: &Value, applied: &Value, of: Type<'_>) -> Value {
    match (of.form(applied), live, applied) {
        (Form::Map, Value::Object(live), Value::Object(applied)) => {
            let mut merged = live.clone();
            for (name, value) in applied {
                let inner = of.field(name).0.unwrap_or(Type::Deduced);
                let value = match live.get(name) {
                    Some(live) => merge(live, value, inner),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Form::List(items), Value::Array(live), Value::Array(applied)) => list(items, live, applied).into(),
        // Null is no map and no list: it says nothing about what is there.
        (Form::Map, Value::Object(_), Value::Null) | (Form::List(_), Value::Array(_), Value::Null) => live.clone(),
        _ => applied.clone(),
    }
}

fn list(items: Items<'_>, live: &[Value], applied: &[Value]) -> Vec<Value> {
    let names =
        |list: &[Value]| -> Vec<Option<Element>> { list.iter().map(|item| items.identify(item).ok()).collect() };
    let (old_names, new_names) = (names(live), names(applied));
    let old_places: BTreeMap<&Element, usize> = places(&old_names);
    let new_places: BTreeMap<&Element, usize> = places(&new_names);
    let is_in = |name: &Option<Element>, places: &BTreeMap<&Element, usize>| {
        name.as_ref().is_some_and(|name| places.contains_key(name))
    };
    let mut shared = new_names.iter().filter(|name| is_in(name, &old_places));
    let mut next = shared.next();
    let mut merged = Vec::with_capacity(live.len() + applied.len());
    let mut at = 0;
    for (written, (name, item)) in new_names.iter().zip(applied).enumerate() {
        while let Some(old) = old_names.get(at) {
            if old == name {
                at += 1;
                break;
            }
            if !is_in(old, &new_places) {
                // Nobody but us has it: it stays before what comes now.
                merged.push(live[at].clone());
            } else if next.is_none_or(|next| next == old) {
                // It waits for its turn in the applied order, if that has not been.
                let place = old.as_ref().and_then(|old| new_places.get(old));
                at += usize::from(place.is_some_and(|place| *place < written));
                break;
            }
            at += 1;
        }
        merged.push(match name.as_ref().and_then(|name| old_places.get(name)) {
            Some(old) => merge(&live[*old], item, items.item()),
            None => item.clone(),
        });
        if next == Some(name) {
            next = shared.next();
        }
    }
    let rest = old_names.iter().zip(live).skip(at);
    merged.extend(
        rest.filter(|(name, _)| !is_in(name, &new_places))
            .map(|(_, item)| item.clone()),
    );
    merged
}

/// Where each name stands first.
fn places(names: &[Option<Element>]) -> BTreeMap<&Element, usize> {
    let last_first = names.iter().enumerate().rev();
    last_first.filter_map(|(at, name)| Some((name.as_ref()?, at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Kind;
    use serde_json::json;

    fn order(live: &[&str], applied: &[&str]) -> String {
        let pod = Kind::new("", "pods", "Pod", true);
        let of = |names: &[&str]| {
            let list: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"spec": {"containers": list}})
        };
        let merged = merge(&of(live), &of(applied), Type::of_kind(&pod, "v1"));
        let list = merged["spec"]["containers"].as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|one| one["name"].as_str())
            .collect::<Vec<_>>()
            .join("")
    }

    #[test]
    fn the_applied_order_counts_and_others_stay_where_they_were() {
        for (live, applied, expect) in [
            (&["a", "b"][..], &["b", "c"][..], "abc"),
            (&["a", "b"], &["b", "a"], "ba"),
            (&["x", "a", "y", "b", "z"], &["a", "b"], "xaybz"),
            (&["a", "y", "b"], &["b", "a"], "yba"),
            (&[], &["a", "b"], "ab"),
            (&["a", "b"], &[], "ab"),
            (&["a"], &["n", "a"], "na"),
            (&["o", "a"], &["n", "a"], "ona"),
        ] {
            assert_eq!(order(live, applied), expect, "{applied:?} into {live:?}");
        }
    }

    #[test]
    fn maps_grow_and_values_are_replaced() {
        let pod = Kind::new("", "pods", "Pod", true);
        let merged = merge(
            &json!({"metadata": {"labels": {"a": "1", "b": "1"}}, "spec": {"tolerations": [{"key": "k"}], "nodeSelector": {"x": "y"}}}),
            &json!({"metadata": {"labels": {"b": "2"}}, "spec": {"tolerations": [{"key": "l"}], "nodeSelector": {"z": "y"}}}),
            Type::of_kind(&pod, "v1"),
        );
        assert_eq!(
            merged,
            json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"tolerations": [{"key": "l"}], "nodeSelector": {"z": "y"}}})
        );
    }
}
