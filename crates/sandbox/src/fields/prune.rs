//! Takes out of an object what a manager applied once and applies no more, unless others hold on to it.
//!
//! Source: sigs.k8s.io/structured-merge-diff v6, typed/remove.go and `prune` in merge/update.go.

use serde_json::{Map, Value};

use crate::fields::compare::paths_of;
use crate::fields::element::Element;
use crate::fields::set::{Node, Set};
use crate::fields::types::{Form, Type};

/// `merged` without what is in `last` but in the sets of no manager any more; `held` are all their sets, this manager's new one too.
pub(crate) fn prune(merged: Value, last: &Set, held: &Set, of: Type<'_>) -> Value {
    if last.is_empty() {
        return merged;
    }
    let (last, held) = (last.with_named_fields(of), held.with_named_fields(of));
    let all = paths_of(&merged, of).with_named_fields(of);
    // First all that was applied goes, then what is held comes back …
    let pruned = without(&merged, &last, of);
    let left = paths_of(&pruned, of).with_named_fields(of);
    let pruned = without(&merged, &all.difference(&left.union(&held)), of);
    // … and what never was applied, though it was in something that was.
    let left = paths_of(&pruned, of).with_named_fields(of);
    let gone = all.difference(&left).intersection(&last);
    remaining(&merged, &gone, of, None).unwrap_or_else(|| Value::Object(Map::new()))
}

/// A value without the paths of a set; of maps and lists that had something and have nothing left, null remains.
fn without(value: &Value, gone: &Set, of: Type<'_>) -> Value {
    remaining(value, gone, of, Some(&Value::Null)).unwrap_or_default()
}

/// A value without the paths of a set; `nothing` takes the place of maps and lists that have nothing left.
fn remaining(value: &Value, gone: &Set, of: Type<'_>, nothing: Option<&Value>) -> Option<Value> {
    match (of.form(value), value) {
        (Form::Map, Value::Object(map)) => {
            let left = map.iter().filter_map(|(name, inner)| {
                let kind = of.field(name).0.unwrap_or(Type::Deduced);
                let inner = kept(inner, gone.at(&Element::field(name)), kind, nothing)?;
                Some((name.clone(), inner))
            });
            let left: Map<String, Value> = left.collect();
            if left.is_empty() && !map.is_empty() {
                nothing.cloned()
            } else {
                Some(Value::Object(left))
            }
        }
        (Form::List(items), Value::Array(list)) => {
            let left = list.iter().filter_map(|item| {
                let element = items.identify(item).ok();
                let node = element.as_ref().and_then(|element| gone.at(element));
                kept(item, node, items.item(), nothing)
            });
            let left: Vec<Value> = left.collect();
            if left.is_empty() && !list.is_empty() {
                nothing.cloned()
            } else {
                Some(Value::Array(left))
            }
        }
        _ => Some(value.clone()),
    }
}

fn kept(value: &Value, gone: Option<&Node>, of: Type<'_>, nothing: Option<&Value>) -> Option<Value> {
    match gone {
        None => Some(value.clone()),
        Some(node) if node.member => None,
        Some(node) => remaining(value, &node.below, of, nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Kind;
    use serde_json::json;

    fn check(merged: Value, last: &Value, held: &Value, expect: &Value) {
        let pod = Kind::new("", "pods", "Pod", true);
        let set = |wire: &Value| Set::from_wire(wire).expect("a set");
        let found = prune(merged, &set(last), &set(held), Type::of_kind(&pod, "v1"));
        assert_eq!(found, *expect);
    }

    #[test]
    fn what_only_this_manager_had_goes() {
        check(
            json!({"metadata": {"name": "p", "labels": {"a": "1", "b": "1", "c": "1"}}, "spec": {"nodeName": "n", "hostname": "h"}}),
            &json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}, "f:spec": {"f:nodeName": {}, "f:hostname": {}}}),
            &json!({"f:metadata": {"f:name": {}, "f:labels": {"f:b": {}}}, "f:spec": {"f:hostname": {}}}),
            &json!({"metadata": {"name": "p", "labels": {"b": "1", "c": "1"}}, "spec": {"hostname": "h"}}),
        );
    }

    #[test]
    fn an_item_goes_with_all_that_is_in_it() {
        check(
            json!({"spec": {"containers": [{"name": "a", "image": "1", "tty": true}, {"name": "b", "image": "1"}]}}),
            &json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {}}, "k:{\"name\":\"b\"}": {".": {}, "f:name": {}}}}}),
            &json!({"f:spec": {"f:containers": {"k:{\"name\":\"b\"}": {".": {}, "f:name": {}}}}}),
            &json!({"spec": {"containers": [{"name": "b", "image": "1"}]}}),
        );
    }

    #[test]
    fn an_item_stays_when_another_holds_something_in_it() {
        check(
            json!({"spec": {"containers": [{"name": "a", "image": "1", "tty": true}]}}),
            &json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {}}}}}),
            &json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:tty": {}}}}}),
            &json!({"spec": {"containers": [{"name": "a", "tty": true}]}}),
        );
    }
}
