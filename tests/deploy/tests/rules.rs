//! Tests what holds for every object that `deploy/` makes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use flowdeck_deploy::{RENDERINGS, golden_objects, name, pod_spec};
use serde_json::Value;

/// Each object of each rendering, with where it is.
fn everything() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (_, rendering) in RENDERINGS {
        for object in golden_objects(rendering).unwrap() {
            all.push((format!("{rendering}: {}", name(&object)), object));
        }
    }
    all
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[test]
fn containers_have_no_more_rights_than_they_need() {
    let mut seen = 0;
    for (place, object) in everything() {
        let Some(pod) = pod_spec(&object) else { continue };
        let general = &pod["securityContext"];
        assert_eq!(general["runAsNonRoot"], true, "{place}");
        assert!(general["runAsUser"].as_u64().is_some_and(|uid| uid > 0), "{place}");
        assert_eq!(general["seccompProfile"]["type"], "RuntimeDefault", "{place}");
        assert_eq!(pod["enableServiceLinks"], false, "{place}");
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            assert_eq!(pod[key], Value::Null, "{place}: {key}");
        }
        assert!(all_volumes_are_given(pod), "{place}: a volume of the node");
        let containers = [list(pod, "/containers"), list(pod, "/initContainers")].concat();
        for container in containers {
            seen += 1;
            let own = &container["securityContext"];
            assert_eq!(own["readOnlyRootFilesystem"], true, "{place}");
            assert_eq!(own["allowPrivilegeEscalation"], false, "{place}");
            assert_eq!(own["capabilities"]["drop"], serde_json::json!(["ALL"]), "{place}");
            assert_eq!(own["capabilities"]["add"], Value::Null, "{place}");
            let resources = &container["resources"];
            for pointer in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
                assert!(resources.pointer(pointer).is_some(), "{place}: no {pointer}");
            }
            for probe in ["livenessProbe", "readinessProbe"] {
                assert!(container[probe].is_object(), "{place}: no {probe}");
            }
        }
    }
    assert!(seen >= RENDERINGS.len(), "only {seen} containers were looked at");
}

fn all_volumes_are_given(pod: &Value) -> bool {
    list(pod, "/volumes").iter().all(|volume| volume["hostPath"].is_null())
}

#[test]
fn what_there_are_several_of_is_spread_and_goes_slowly() {
    let mut seen = 0;
    for (place, object) in everything() {
        let Some(pod) = pod_spec(&object) else { continue };
        if object["spec"]["replicas"].as_u64().is_some_and(|count| count < 2) {
            continue;
        }
        seen += 1;
        let labels = object.pointer("/spec/template/metadata/labels").unwrap();
        let spread = &pod["topologySpreadConstraints"][0];
        assert_eq!(&spread["labelSelector"]["matchLabels"], labels, "{place}");
        let pause = pod.pointer("/containers/0/lifecycle/preStop/sleep/seconds");
        let pause = pause.and_then(Value::as_u64).unwrap_or_default();
        let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        assert!(pause >= 10 && pause + 10 <= grace, "{place}: {pause} s of {grace} s");
    }
    assert_eq!(seen, 2, "Envoy and nginx");
}

#[test]
fn images_name_a_version() {
    for (place, object) in everything() {
        let Some(pod) = pod_spec(&object) else { continue };
        for container in list(pod, "/containers") {
            let image = container["image"].as_str().unwrap();
            let last = image.rsplit('/').next().unwrap();
            let tag = last.split_once(':').map(|(_, tag)| tag);
            assert!(tag.is_some_and(|tag| tag != "latest"), "{place}: {image}");
        }
    }
}

#[test]
fn every_namespace_of_ours_is_restricted_and_closed() {
    for (_, rendering) in RENDERINGS {
        let objects = golden_objects(rendering).unwrap();
        let of_kind = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
        for namespace in of_kind("Namespace") {
            let place = format!("{rendering}: {}", name(namespace));
            let labels = &namespace["metadata"]["labels"];
            assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted", "{place}");
            let closed = of_kind("NetworkPolicy").any(|policy| {
                policy["metadata"]["namespace"] == namespace["metadata"]["name"]
                    && policy["spec"]["podSelector"] == serde_json::json!({})
                    && policy["spec"]["policyTypes"] == serde_json::json!(["Ingress", "Egress"])
            });
            assert!(closed, "{place}: no policy that closes it");
        }
    }
}

#[test]
fn only_the_front_reaches_the_gateways_port() {
    for (_, rendering) in RENDERINGS {
        let mut seen = false;
        for policy in golden_objects(rendering).unwrap() {
            if name(&policy) != "NetworkPolicy/gateway" {
                continue;
            }
            for rule in list(&policy, "/spec/ingress") {
                assert!(!list(rule, "/from").is_empty(), "{rendering}: from anywhere");
                assert!(!list(rule, "/ports").is_empty(), "{rendering}: to every port");
                if list(rule, "/ports").iter().any(|port| port["port"] == "http") {
                    seen = true;
                    assert_eq!(list(rule, "/from").len(), 1, "{rendering}");
                    let from = &rule["from"][0]["namespaceSelector"]["matchLabels"];
                    assert!(from["kubernetes.io/metadata.name"].is_string(), "{rendering}");
                }
            }
        }
        assert!(seen, "{rendering}: nothing reaches the gateway");
    }
}

#[test]
fn the_gateway_may_impersonate_and_nothing_else() {
    for (place, object) in everything() {
        let kind = object["kind"].as_str().unwrap();
        assert_ne!(kind, "Role", "{place}");
        assert_ne!(kind, "RoleBinding", "{place}");
        if kind != "ClusterRole" {
            continue;
        }
        for rule in list(&object, "/rules") {
            for verb in list(rule, "/verbs") {
                let verb = verb.as_str().unwrap();
                assert!(verb.starts_with("impersonate"), "{place}: {verb}");
                assert_ne!(verb, "*", "{place}");
            }
            let resources = list(rule, "/resources");
            for forbidden in [
                "*",
                "serviceaccounts",
                "uids",
                "userextras",
                "nodes/proxy",
                "pods/proxy",
                "services/proxy",
            ] {
                assert!(
                    !resources.iter().any(|resource| resource == forbidden),
                    "{place}: {forbidden}"
                );
            }
            // Without names it would hold for system:masters; the constrained verb refuses that one by itself.
            if resources.iter().any(|resource| resource == "groups") && rule["verbs"][0] == "impersonate" {
                let names = list(rule, "/resourceNames");
                assert!(!names.is_empty(), "{place}: every group");
                let own = names.iter().any(|group| group.as_str().unwrap().starts_with("system:"));
                assert!(!own, "{place}: a group of the cluster's own");
            }
        }
    }
}
