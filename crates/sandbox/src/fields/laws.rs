//! Laws that hold for all sets and all applies, tried with random ones.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::fields::managed::{Managed, Manager, Operation};
use crate::fields::set::Set;
use crate::fields::types::Type;
use crate::fields::write::Rules;
use crate::registry::Kind;

/// Small objects of few names, so that they often meet.
fn objects() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec!["x", "y"]);
    let labels = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), text.clone(), 0..3);
    let container = (
        prop::sample::select(vec!["m", "n", "o"]),
        prop::option::of(text.clone()),
        prop::option::of(prop::collection::vec(text.clone(), 0..2)),
    );
    let containers = prop::collection::vec(container, 0..3);
    (labels, containers, prop::option::of(text)).prop_map(|(labels, containers, host)| {
        let mut seen = Vec::new();
        let mut list = Vec::new();
        for (name, image, args) in containers {
            if !seen.contains(&name) {
                seen.push(name);
                let mut one = json!({"name": name});
                if let Some(image) = image {
                    one["image"] = image.into();
                }
                if let Some(args) = args {
                    one["args"] = args.into();
                }
                list.push(one);
            }
        }
        let mut object = json!({"metadata": {"name": "p"}, "spec": {}});
        if !labels.is_empty() {
            object["metadata"]["labels"] = json!(labels);
        }
        if !list.is_empty() {
            object["spec"]["containers"] = list.into();
        }
        if let Some(host) = host {
            object["spec"]["hostname"] = host.into();
        }
        object
    })
}

fn sets() -> impl Strategy<Value = Set> {
    let of = |object: Value| {
        let kind = Kind::new("", "pods", "Pod", true);
        crate::fields::compare::paths_of(&object, Type::of_kind(&kind, "v1"))
    };
    objects().prop_map(of)
}

fn rules(kind: &Kind) -> Rules<'_> {
    Rules {
        of: Type::of_kind(kind, "v1"),
        hidden: Set::default(),
        version: "v1".to_owned(),
        now: Some("2026-01-01T00:00:00Z".to_owned()),
    }
}

fn applier(name: &str) -> Manager {
    Manager::new(name, Operation::Apply, "v1", "")
}

/// Applies for one after the other, by force; nobody owned anything before.
fn apply_all(rules: &Rules<'_>, live: Value, all: &[(&str, &Value)]) -> (Value, Managed) {
    all.iter()
        .fold((live, Managed::default()), |(live, managed), (name, object)| {
            let done = rules.applied(managed, &applier(name), &live, object, true);
            done.unwrap_or_else(|conflicts| panic!("force has no conflicts: {conflicts:?}"))
        })
}

/// Maps and lists of nothing are as good as none here.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let left = map.iter().map(|(name, inner)| (name.clone(), bare(inner)));
            let left: Map<String, Value> = left
                .filter(|(_, inner)| {
                    !inner.as_object().is_some_and(Map::is_empty) && !inner.as_array().is_some_and(Vec::is_empty)
                })
                .collect();
            Value::Object(left)
        }
        Value::Array(list) => list.iter().map(bare).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sets_obey_the_algebra((a, b, c) in (sets(), sets(), sets())) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
        prop_assert_eq!(a.union(&a), a.clone());
        prop_assert_eq!(a.intersection(&a), a.clone());
        prop_assert!(a.difference(&a).is_empty());
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
        prop_assert_eq!(a.union(&b).difference(&c), a.difference(&c).union(&b.difference(&c)));
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert!(a.outside(&b).difference(&a.difference(&b)).is_empty());
        prop_assert_eq!(Set::from_wire(&a.to_wire()), Some(a));
    }

    #[test]
    fn applying_twice_changes_nothing_more((live, object) in (objects(), objects())) {
        let kind = Kind::new("", "pods", "Pod", true);
        let rules = rules(&kind);
        let (once, managed) = apply_all(&rules, live, &[("a", &object)]);
        let (twice, again) = rules.applied(managed.clone(), &applier("a"), &once, &object, false).expect("no conflict");
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(again, managed);
    }

    #[test]
    fn what_is_applied_is_there((live, object) in (objects(), objects())) {
        let kind = Kind::new("", "pods", "Pod", true);
        let rules = rules(&kind);
        let (done, _) = apply_all(&rules, live, &[("a", &object)]);
        let left = crate::fields::compare::compare(&object, &done, rules.of);
        prop_assert!(left.modified.is_empty() && left.removed.is_empty(), "{:?}", left);
    }

    #[test]
    fn lists_keep_both_orders((live, object) in (objects(), objects())) {
        let kind = Kind::new("", "pods", "Pod", true);
        let merged = crate::fields::merge::merge(&live, &object, Type::of_kind(&kind, "v1"));
        let names = |object: &Value| -> Vec<String> {
            let list = object["spec"]["containers"].as_array().cloned().unwrap_or_default();
            list.iter().map(|one| one["name"].to_string()).collect()
        };
        let (before, applied, after) = (names(&live), names(&object), names(&merged));
        let kept: Vec<&String> = after.iter().filter(|name| applied.contains(name)).collect();
        prop_assert_eq!(kept, applied.iter().collect::<Vec<_>>());
        let others = |list: &[String]| list.iter().filter(|name| !applied.contains(name)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(others(&after), others(&before));
    }

    #[test]
    fn leaving_all_out_removes_what_only_this_manager_owned((live, ours, theirs) in (objects(), objects(), objects())) {
        let kind = Kind::new("", "pods", "Pod", true);
        let rules = rules(&kind);
        let nothing = json!({"metadata": {"name": "p"}});
        let together = apply_all(&rules, json!({"metadata": {"name": "p"}}), &[("a", &ours), ("b", &theirs), ("a", &nothing)]);
        let alone = apply_all(&rules, json!({"metadata": {"name": "p"}}), &[("b", &theirs)]);
        let left = crate::fields::compare::compare(&bare(&together.0), &bare(&alone.0), rules.of);
        prop_assert_eq!(left, crate::fields::compare::Difference::default());
        prop_assert!(together.1.get(&applier("a")).is_none());
        // Nobody owned what was there before: it stays, apart from what was ours as well.
        let before = apply_all(&rules, live.clone(), &[("a", &nothing)]);
        prop_assert_eq!(before.0, live);
    }

    #[test]
    fn nobody_loses_a_field_without_force((ours, theirs) in (objects(), objects())) {
        let kind = Kind::new("", "pods", "Pod", true);
        let rules = rules(&kind);
        let (live, managed) = apply_all(&rules, json!({"metadata": {"name": "p"}}), &[("a", &ours)]);
        let owned = managed.get(&applier("a")).cloned();
        match rules.applied(managed, &applier("b"), &live, &theirs, false) {
            Ok((_, after)) => prop_assert_eq!(after.get(&applier("a")).cloned(), owned),
            Err(conflicts) => {
                for (manager, set) in conflicts.0 {
                    prop_assert_eq!(manager, applier("a"));
                    let all = owned.as_ref().map(|owned| owned.set.clone()).unwrap_or_default();
                    prop_assert!(set.difference(&all).is_empty());
                }
            }
        }
    }

    #[test]
    fn each_field_of_a_new_object_has_one_owner_by_update(objects in prop::collection::vec(objects(), 1..5)) {
        let kind = Kind::new("", "pods", "Pod", true);
        let rules = rules(&kind);
        let (mut live, mut managed) = (rules.of.unset(), Managed::default());
        for (number, object) in objects.iter().enumerate() {
            let manager = Manager::new(&format!("m{number}"), Operation::Update, "v1", "");
            managed = rules.updated(managed, manager, &live, object);
            live = object.clone();
        }
        let mut seen = Set::default();
        for (_, owned) in managed.iter() {
            prop_assert!(owned.set.intersection(&seen).is_empty());
            seen = seen.union(&owned.set);
        }
    }
}
