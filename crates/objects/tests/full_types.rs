//! Holds the slim types to k8s-openapi's full ones: on generated objects and on the recordings, field by field.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "full_types/generate.rs"]
mod generate;
#[path = "full_types/same.rs"]
mod same;

use std::fmt::Debug;
use std::path::PathBuf;

use flowdeck_objects::Object;
use generate::Source;
use k8s_openapi::api::{apps::v1 as apps, core::v1 as core, storage::v1 as storage};
use proptest::prelude::*;
use same::Same;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Serialises a full object, reads it as the slim type, and compares.
fn check<F: Serialize, T: Object + Same<F> + Debug>(full: &F) {
    let text = serde_json::to_string(full).unwrap();
    let slim: T = flowdeck_objects::json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    slim.same(full);
}

/// The same in a list, through the list reader, with a malformed neighbour that must not matter.
fn check_list<F: Serialize, T: Object + Same<F> + Debug>(full: &[F]) {
    let items: Vec<String> = full.iter().map(|f| serde_json::to_string(f).unwrap()).collect();
    let good = format!(
        r#"{{"metadata":{{"resourceVersion":"7"}},"items":[{}]}}"#,
        items.join(",")
    );
    let list = flowdeck_objects::List::<T>::parse(good.as_bytes()).unwrap();
    assert_eq!(list.items.len(), full.len());
    let bad = format!(
        r#"{{"items":[{},{{"metadata":{{"name":"odd","labels":7}}}}],"metadata":{{}}}}"#,
        items.join(",")
    );
    let again = flowdeck_objects::List::<T>::parse(bad.as_bytes()).unwrap();
    assert_eq!(again.warnings.len(), 1);
    for (slim, full) in list.items.iter().chain(&again.items).zip(full.iter().chain(full)) {
        slim.same(full);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pod_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<core::Pod, flowdeck_objects::Pod>(&Source::new(seed).pod());
    }

    #[test]
    fn list_of_pods_reads_as_the_full_types_do(seed in any::<u64>(), count in 1_usize..5) {
        let mut source = Source::new(seed);
        let pods: Vec<_> = (0..count).map(|_| source.pod()).collect();
        check_list::<core::Pod, flowdeck_objects::Pod>(&pods);
    }

    #[test]
    fn notebook_reads_as_a_pod_template_does(seed in any::<u64>()) {
        check::<generate::FullNotebook, flowdeck_objects::Notebook>(&Source::new(seed).notebook());
    }

    #[test]
    fn event_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<core::Event, flowdeck_objects::Event>(&Source::new(seed).event());
    }

    #[test]
    fn volume_claim_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<core::PersistentVolumeClaim, flowdeck_objects::PersistentVolumeClaim>(&Source::new(seed).volume_claim());
    }

    #[test]
    fn stateful_set_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<apps::StatefulSet, flowdeck_objects::StatefulSet>(&Source::new(seed).stateful_set());
    }

    #[test]
    fn namespace_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<core::Namespace, flowdeck_objects::Namespace>(&Source::new(seed).namespace());
    }

    #[test]
    fn quota_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<core::ResourceQuota, flowdeck_objects::ResourceQuota>(&Source::new(seed).quota());
    }

    #[test]
    fn node_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<core::Node, flowdeck_objects::Node>(&Source::new(seed).node());
    }

    #[test]
    fn storage_class_reads_as_the_full_type_does(seed in any::<u64>()) {
        check::<storage::StorageClass, flowdeck_objects::StorageClass>(&Source::new(seed).storage_class());
    }

    #[test]
    fn secret_reads_as_its_name_only(seed in any::<u64>()) {
        let full = core::Secret { metadata: Source::new(seed).meta(), ..Default::default() };
        check::<core::Secret, flowdeck_objects::SecretName>(&full);
        let full = core::ConfigMap { metadata: Source::new(seed).meta(), ..Default::default() };
        check::<core::ConfigMap, flowdeck_objects::ConfigMapName>(&full);
    }
}

/// Reads each object of a recorded stream in both ways.
fn check_recording<F: DeserializeOwned, T: Object + Same<F> + Clone>(stream: &str) {
    #[derive(serde::Deserialize)]
    struct Frame<O> {
        r#type: String,
        object: O,
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/notebook-life")
        .join(stream);
    let text = std::fs::read_to_string(path).unwrap();
    let mut compared = 0;
    for line in text.lines() {
        match flowdeck_objects::WatchEvent::<T>::parse(line.as_bytes()).unwrap() {
            flowdeck_objects::WatchEvent::Change(_, slim) => {
                let full: Frame<F> = serde_json::from_str(line).unwrap();
                assert_ne!(full.r#type, "BOOKMARK");
                slim.same(&full.object);
                compared += 1;
            }
            flowdeck_objects::WatchEvent::Bookmark {
                resource_version,
                initial_events_end,
            } => {
                assert_eq!(resource_version, "694");
                assert!(initial_events_end);
            }
            _ => panic!("unreadable: {line}"),
        }
    }
    assert_eq!(compared + 1, text.lines().count());
}

#[test]
fn recorded_objects_read_as_the_full_types_do() {
    check_recording::<core::Pod, flowdeck_objects::Pod>("pods.jsonl");
    check_recording::<core::Event, flowdeck_objects::Event>("events.jsonl");
    check_recording::<apps::StatefulSet, flowdeck_objects::StatefulSet>("statefulsets.jsonl");
    check_recording::<generate::FullNotebook, flowdeck_objects::Notebook>("notebooks.jsonl");
}
