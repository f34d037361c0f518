//! Reads what servers really send besides the schema: nulls, numbers for texts, bad times, malformed neighbours.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use flowdeck_objects::{
    ChangeKind, ConfigMapName, Event, List, Namespace, Node, Notebook, PersistentVolumeClaim, Pod, ResourceQuota,
    SecretName, StatefulSet, Status, StorageClass, WatchEvent, json, json::Value,
};
use proptest::prelude::*;

/// Reads `text` and wants nothing in it.
#[track_caller]
fn empty<T: Value + Default + PartialEq + std::fmt::Debug>(text: &str) {
    assert_eq!(json::from_str::<T>(text).unwrap(), T::default(), "{text}");
}

#[test]
fn null_is_read_as_nothing_everywhere() {
    const META: &str = r#"{"name":null,"namespace":null,"uid":null,"resourceVersion":null,"generation":null,"creationTimestamp":null,
        "deletionTimestamp":null,"deletionGracePeriodSeconds":null,"labels":null,"annotations":null,"ownerReferences":null,
        "finalizers":null,"managedFields":null,"unknown":null}"#;
    let with = |rest: &str| format!(r#"{{"metadata":{META},{rest}}}"#);
    for text in ["{}", r#"{"metadata":null,"spec":null,"status":null}"#] {
        empty::<Pod>(text);
        empty::<Notebook>(text);
        empty::<StatefulSet>(text);
        empty::<PersistentVolumeClaim>(text);
        empty::<Namespace>(text);
        empty::<Node>(text);
        empty::<ResourceQuota>(text);
        empty::<StorageClass>(text);
        empty::<SecretName>(text);
        empty::<ConfigMapName>(text);
    }
    empty::<Pod>(&with(
        r#""spec":{"nodeName":null,"containers":null,"initContainers":null},"status":{"phase":null,"reason":null,"message":null,
        "conditions":null,"containerStatuses":null,"initContainerStatuses":null,"startTime":null}"#,
    ));
    empty::<Notebook>(&with(
        r#""spec":{"template":{"spec":{"containers":null,"volumes":null,"serviceAccountName":null}}},
        "status":{"conditions":null,"readyReplicas":null,"containerState":null}"#,
    ));
    empty::<Notebook>(
        r#"{"spec":{"template":null},"status":{"containerState":{"waiting":null,"running":null,"terminated":null}}}"#,
    );
    empty::<StatefulSet>(&with(
        r#""spec":{"replicas":null,"template":null},"status":{"observedGeneration":null,"replicas":null,"readyReplicas":null,
        "currentReplicas":null,"updatedReplicas":null,"currentRevision":null,"updateRevision":null}"#,
    ));
    empty::<PersistentVolumeClaim>(&with(
        r#""spec":{"accessModes":null,"resources":null,"storageClassName":null,"volumeName":null,"volumeMode":null},
        "status":{"phase":null,"accessModes":null,"capacity":null,"conditions":null}"#,
    ));
    empty::<Node>(&with(
        r#""spec":{"unschedulable":null,"taints":null},"status":{"capacity":null,"allocatable":null,"conditions":null}"#,
    ));
    empty::<Event>(&with(
        r#""involvedObject":null,"type":null,"reason":null,"message":null,"count":null,"firstTimestamp":null,"lastTimestamp":null,
        "source":null,"eventTime":null,"series":null,"reportingComponent":null"#,
    ));
    empty::<ResourceQuota>(&with(r#""spec":{"hard":null},"status":{"hard":null,"used":null}"#));
    empty::<StorageClass>(&with(
        r#""provisioner":null,"volumeBindingMode":null,"reclaimPolicy":null,"allowVolumeExpansion":null"#,
    ));
    empty::<Status>(r#"{"kind":"Status","status":null,"reason":null,"message":null,"code":null,"details":null}"#);
}

#[test]
fn null_inside_a_container_is_read_as_nothing() {
    let notebook: Notebook = json::from_str(
        r#"{"spec":{"template":{"spec":{"containers":[{"name":null,"image":null,"resources":null,"env":null,"envFrom":null,
        "volumeMounts":null},{"resources":{"limits":null,"requests":null},"env":[{"name":null,"value":null,"valueFrom":null}]}],
        "volumes":[{"name":null,"emptyDir":null,"secret":{"secretName":null}}]}}}}"#,
    )
    .unwrap();
    assert_eq!(notebook.spec.template.spec.containers.len(), 2);
}

#[test]
fn custom_resource_may_hold_numbers_for_amounts() {
    let notebook: Notebook = json::from_str(
        r#"{"metadata":{"name":"n"},"spec":{"template":{"spec":{"containers":[{"name":"n",
        "resources":{"limits":{"cpu":2,"memory":1073741824,"nvidia.com/gpu":"1"},"requests":{"cpu":0.5,"memory":null}}}]}}}}"#,
    )
    .unwrap();
    let resources = &notebook.container().unwrap().resources;
    assert_eq!(resources.limits.get("cpu"), Some("2"));
    assert_eq!(resources.limits.quantity("memory").unwrap().bytes_text(), "1 Gi");
    assert_eq!(resources.reserved("cpu"), Some("0.5"));
    assert_eq!(resources.limits.quantity("absent"), None);
    assert_eq!(resources.requests.quantity("memory"), None);
    assert_eq!(resources.devices().collect::<Vec<_>>(), [("nvidia.com/gpu", "1")]);
}

#[test]
fn bad_time_costs_only_itself() {
    for bad in [
        r#""yesterday""#,
        "7",
        "-7",
        "1.5",
        "true",
        "[1,[2]]",
        r#"{"a":{"b":1}}"#,
        "null",
        r#""""#,
    ] {
        let pod: Pod = json::from_str(&format!(
            r#"{{"metadata":{{"creationTimestamp":{bad},"name":"kept"}}}}"#
        ))
        .unwrap();
        assert_eq!(pod.metadata.creation_timestamp, None);
        assert_eq!(pod.metadata.name, "kept");
    }
}

#[test]
fn malformed_object_is_one_warning_in_its_list() {
    let list = List::<Pod>::parse(
        br#"{"kind":"PodList","metadata":{"resourceVersion":"9","continue":"next","remainingItemCount":3},
        "items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b","namespace":"ns","uid":"u","resourceVersion":"8"},"status":"odd"},7,
        {"metadata":{"name":"c"}}]}"#,
    )
    .unwrap();
    assert_eq!(
        list.items.iter().map(|p| p.metadata.name.as_str()).collect::<Vec<_>>(),
        ["a", "c"]
    );
    assert_eq!(
        (list.resource_version.as_str(), list.next.as_str(), list.remaining),
        ("9", "next", Some(3))
    );
    assert_eq!(list.warnings.len(), 2);
    let warning = &list.warnings[0];
    assert_eq!(
        (warning.namespace.as_str(), warning.name.as_str(), warning.uid.as_str()),
        ("ns", "b", "u")
    );
    assert_eq!(warning.resource_version, "8");
    assert!(
        warning.message.contains("odd") || warning.message.contains("string"),
        "{}",
        warning.message
    );
}

#[test]
fn list_without_items_is_no_list() {
    assert_eq!(
        List::<Pod>::parse(br#"{"items":null,"metadata":{}}"#)
            .unwrap()
            .items
            .len(),
        0
    );
    assert_eq!(
        List::<Pod>::parse(br#"{"items":[],"metadata":null}"#)
            .unwrap()
            .items
            .len(),
        0
    );
    for body in [
        "{}",
        "<html></html>",
        "",
        "null",
        "[]",
        r#"{"kind":"Status","code":500}"#,
        r#"{"items":[{}"#,
        r#"{"items":7}"#,
    ] {
        assert!(List::<Pod>::parse(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn frames_of_a_watch_are_told_apart() {
    let parse = |text: &str| WatchEvent::<Pod>::parse(text.as_bytes());
    let change = parse(r#"{"type":"MODIFIED","object":{"metadata":{"name":"a"}}}"#).unwrap();
    assert!(matches!(change, WatchEvent::Change(ChangeKind::Modified, pod) if pod.metadata.name == "a"));
    let reversed = parse(r#"{"object":{"metadata":{"name":"a"}},"type":"DELETED"}"#).unwrap();
    assert!(matches!(reversed, WatchEvent::Change(ChangeKind::Deleted, _)));
    let bookmark =
        parse(r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5","annotations":null}}}"#).unwrap();
    assert_eq!(
        bookmark,
        WatchEvent::Bookmark {
            resource_version: "5".to_owned(),
            initial_events_end: false
        }
    );
    let gone =
        parse(r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#)
            .unwrap();
    assert!(matches!(gone, WatchEvent::Error(status) if status.is_gone()));
    let bad =
        parse(r#"{"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"6"},"spec":"odd"}}"#).unwrap();
    assert!(matches!(bad, WatchEvent::BadObject(ChangeKind::Added, w) if w.name == "b" && w.resource_version == "6"));
    for text in [
        "",
        "{}",
        "null",
        r#"{"type":"ADDED"}"#,
        r#"{"type":"NEW","object":{}}"#,
        r#"{"type":"ADDED","object":{}"#,
        "<html>",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn frame_cut_at_any_byte_is_unreadable_and_never_a_change() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/notebook-life/pods.jsonl"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let frame = text.lines().nth(4).unwrap();
    for end in 0..frame.len() {
        assert!(
            WatchEvent::<Pod>::parse(&frame.as_bytes()[..end]).is_err(),
            "cut at {end}"
        );
    }
    assert!(WatchEvent::<Pod>::parse(frame.as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (WatchEvent::<Pod>::parse(&bytes).is_ok(), List::<Pod>::parse(&bytes).is_ok(), Status::parse(&bytes).is_some());
    }
}
