//! Tests what envoy.yaml promises, by reading it; `tests/gateway` runs it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use flowdeck_deploy::{CHECK_SAYS, CHECK_SEES, all, deploy, golden_objects, name, pod_spec, read};
use flowdeck_gateway::outside_headers::{NAMES, PREFIXES, is_one};
use serde_json::Value;

fn envoy() -> Value {
    read(&std::fs::read_to_string(deploy().join("overlays/envoy/envoy.yaml")).unwrap()).unwrap()
}

/// The connection manager of the listener that the public uses.
fn front() -> Value {
    let envoy = envoy();
    let listeners = envoy["static_resources"]["listeners"].as_array().unwrap();
    let https = listeners.iter().find(|listener| listener["name"] == "https").unwrap();
    https["filter_chains"][0]["filters"][0]["typed_config"].clone()
}

fn exact(patterns: &Value) -> BTreeSet<String> {
    let patterns = patterns["patterns"].as_array().unwrap();
    patterns
        .iter()
        .map(|one| one["exact"].as_str().unwrap().to_owned())
        .collect()
}

fn owned(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn headers_that_nobody_may_send_are_removed_before_anything_reads_them() {
    let front = front();
    let early = &front["early_header_mutation_extensions"][0]["typed_config"]["mutations"];
    let (mut names, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
    for mutation in early.as_array().unwrap() {
        match mutation["remove"].as_str() {
            Some(name) => names.insert(name.to_owned()),
            None => {
                let matcher = &mutation["remove_on_match"]["key_matcher"];
                assert_eq!(matcher["ignore_case"], true);
                prefixes.insert(matcher["prefix"].as_str().unwrap().to_owned())
            }
        };
    }
    assert_eq!(names, owned(NAMES));
    assert_eq!(prefixes, owned(PREFIXES));
    let underscores = &front["common_http_protocol_options"]["headers_with_underscores_action"];
    assert_eq!(underscores, "REJECT_REQUEST");
}

#[test]
fn what_the_check_says_of_a_person_replaces_what_the_client_said() {
    let front = front();
    let check = &front["http_filters"][0]["typed_config"];
    let said = exact(&check["http_service"]["authorization_response"]["allowed_upstream_headers"]);
    assert_eq!(said, owned(CHECK_SAYS));
    assert_eq!(exact(&check["allowed_headers"]), owned(CHECK_SEES));
    assert!(
        said.iter().all(|name| is_one(name)),
        "a client's copy would get through the filters before"
    );
    let appended = &check["http_service"]["authorization_response"]["allowed_upstream_headers_to_append"];
    assert!(appended.is_null(), "appending would keep the client's");
}

#[test]
fn the_check_comes_first_and_fails_closed() {
    let front = front();
    let check = &front["http_filters"][0];
    assert_eq!(check["name"], "envoy.filters.http.ext_authz");
    assert_eq!(check["typed_config"]["status_on_error"]["code"], "ServiceUnavailable");
    let timeout = check["typed_config"]["http_service"]["server_uri"]["timeout"]
        .as_str()
        .unwrap();
    assert!(seconds(timeout) > 0.0 && seconds(timeout) < 5.0);
    for forbidden in [
        "failure_mode_allow",
        "failure_mode_allow_header_add",
        "filter_enabled",
        "deny_at_disable",
    ] {
        assert!(all(&envoy(), forbidden).is_empty(), "{forbidden}");
    }
}

#[test]
fn only_the_page_and_the_sign_in_pass_without_the_check() {
    let front = front();
    let mut open = Vec::new();
    for route in front["route_config"]["virtual_hosts"][0]["routes"].as_array().unwrap() {
        let exempt = &route["typed_per_filter_config"]["envoy.filters.http.ext_authz"];
        if exempt["disabled"] == true {
            open.push(route["name"].as_str().unwrap());
            let to = &route["route"]["cluster"];
            assert!(to == "gateway" || route["direct_response"].is_object(), "{route}");
        }
    }
    assert_eq!(open, ["empty-segment", "check", "sign-in", "page"]);
}

#[test]
fn certificate_is_mounted_where_it_is_looked_for_and_watched() {
    let file = deploy().join("overlays/envoy/certificate.yaml");
    let secret = &read(&std::fs::read_to_string(file).unwrap()).unwrap()["resources"][0];
    let own = all(&envoy(), "tls_certificate_sds_secret_configs")[0][0].clone();
    assert_eq!(own["name"], secret["name"]);
    let path = &own["sds_config"]["path_config_source"]["path"];
    assert_eq!(path, "/etc/envoy/certificate.yaml");
    assert!(
        all(&envoy(), "tls_certificates").is_empty(),
        "would be read at start only"
    );
    let certificate = &secret["tls_certificate"];
    let folder = certificate["watched_directory"]["path"].as_str().unwrap();
    for (key, name) in [("certificate_chain", "tls.crt"), ("private_key", "tls.key")] {
        assert_eq!(certificate[key]["filename"], format!("{folder}/{name}"));
    }
    let objects = golden_objects("envoy").unwrap();
    let pod = objects
        .iter()
        .find(|object| name(object) == "Deployment/flowdeck-envoy")
        .and_then(pod_spec)
        .unwrap();
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().any(|mount| mount["mountPath"] == folder), "{mounts:?}");
}

#[test]
fn no_timeout_cuts_a_watch() {
    let front = front();
    assert_eq!(seconds(front["stream_idle_timeout"].as_str().unwrap()), 0.0);
    let routes = front["route_config"]["virtual_hosts"][0]["routes"].as_array().unwrap();
    let kubernetes = routes.iter().find(|route| route["name"] == "kubernetes").unwrap();
    for timeout in ["timeout", "idle_timeout"] {
        assert_eq!(
            seconds(kubernetes["route"][timeout].as_str().unwrap()),
            0.0,
            "{timeout}"
        );
    }
    for cutting in ["max_stream_duration", "max_connection_duration", "retry_policy"] {
        assert!(all(&envoy(), cutting).is_empty(), "{cutting}");
    }
    let upgrade = &kubernetes["route"]["upgrade_configs"][0];
    assert_eq!(
        (&upgrade["upgrade_type"], &upgrade["enabled"]),
        (&"websocket".into(), &true.into())
    );
}

#[test]
fn connections_that_ask_for_nothing_are_closed_soon() {
    let envoy = envoy();
    for listener in envoy["static_resources"]["listeners"].as_array().unwrap() {
        let chain = &listener["filter_chains"][0];
        if chain["transport_socket"].is_object() {
            assert!(seconds(chain["transport_socket_connect_timeout"].as_str().unwrap()) <= 10.0);
        }
        // The kubelet's port is not for the public.
        if listener["name"] != "probes" {
            let manager = &chain["filters"][0]["typed_config"];
            let idle = manager["common_http_protocol_options"]["idle_timeout"].as_str();
            assert!(idle.is_some_and(|idle| seconds(idle) <= 300.0), "{listener}");
        }
    }
}

#[test]
fn paths_have_one_reading_and_logs_no_query() {
    let front = front();
    assert_eq!(front["normalize_path"], true);
    assert_eq!(front["path_with_escaped_slashes_action"], "REJECT_REQUEST");
    assert_eq!(front["use_remote_address"], true);
    let line = front["access_log"][0]["typed_config"]["log_format"]["json_format"].to_string();
    for secret in [
        "REQ(:PATH)",
        "QUERY",
        "COOKIE",
        "AUTHORIZATION",
        "X-ENVOY-ORIGINAL-PATH",
        "SEC-WEBSOCKET",
    ] {
        assert!(!line.to_ascii_uppercase().contains(secret), "{secret}");
    }
}

fn seconds(text: &str) -> f64 {
    text.strip_suffix('s').unwrap().parse().unwrap()
}
