//! Tests that the settings in `deploy/` are settings of this gateway, and that it would start with them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use flowdeck_deploy::{RENDERINGS, golden_objects, pod_spec};
use flowdeck_gateway::cli::Settings;
use flowdeck_gateway::config::{Cluster, Config};
use serde_json::Value;

/// The text of `flowdeck.toml` in a rendering.
fn toml_of(rendering: &str) -> String {
    let objects = golden_objects(rendering).unwrap();
    let mut texts = objects
        .iter()
        .filter_map(|object| object["data"]["flowdeck.toml"].as_str());
    let text = texts.next().expect(rendering);
    assert_eq!(texts.next(), None, "{rendering}: two settings files");
    text.to_owned()
}

/// The gateway's container in a rendering.
fn gateway_of(rendering: &str) -> Value {
    let objects = golden_objects(rendering).unwrap();
    let ours = |object: &&Value| object["kind"] == "Deployment" && object["metadata"]["name"] == "flowdeck-gateway";
    let deployment = objects.iter().find(ours).expect(rendering);
    pod_spec(deployment).unwrap()["containers"][0].clone()
}

#[test]
fn the_gateway_accepts_its_settings() {
    for (_, rendering) in RENDERINGS {
        let mut settings: Settings = toml::from_str(&toml_of(rendering)).expect(rendering);
        // The image has the page at /app and the Secret's files; here a folder stands for both.
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
        assert_eq!(
            settings.app.as_deref(),
            Some(std::path::Path::new("/app")),
            "{rendering}"
        );
        settings.app = Some(folder.path().to_owned());
        let secret = settings.oidc_client_secret_file.as_mut().expect(rendering);
        let mounted = gateway_of(rendering)["volumeMounts"].as_array().unwrap().clone();
        assert!(
            mounted
                .iter()
                .any(|mount| mount["name"] == "secrets" && secret.starts_with(mount["mountPath"].as_str().unwrap()))
        );
        *secret = folder.path().join("secret");
        std::fs::write(&*secret, "a secret").unwrap();
        let config = Config::check(settings).expect(rendering);
        assert!(matches!(config.cluster, Cluster::InCluster), "{rendering}");
        assert!(config.https, "{rendering}: people would come over plain http");
        assert!(config.oidc.is_some(), "{rendering}");
        assert!(config.sign_in_links.is_empty(), "{rendering}");
    }
}

#[test]
fn ports_and_probes_are_where_the_gateway_listens() {
    for (_, rendering) in RENDERINGS {
        let settings: Settings = toml::from_str(&toml_of(rendering)).unwrap();
        let gateway = gateway_of(rendering);
        let port = |name: &str| {
            let ports = gateway["ports"].as_array().unwrap();
            let port = ports.iter().find(|port| port["name"] == name).expect(rendering);
            port["containerPort"].as_u64().unwrap()
        };
        let listens = |setting: &Option<String>| {
            setting
                .as_deref()
                .unwrap()
                .rsplit_once(':')
                .unwrap()
                .1
                .parse::<u64>()
                .unwrap()
        };
        assert_eq!(port("http"), listens(&settings.listen), "{rendering}");
        assert_eq!(port("metrics"), listens(&settings.metrics_listen), "{rendering}");
        for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
            assert_eq!(gateway[probe]["httpGet"]["path"], path, "{rendering}");
            assert_eq!(gateway[probe]["httpGet"]["port"], "http", "{rendering}");
        }
    }
}

#[test]
fn nginx_needs_one_setting_more_than_the_others() {
    let more: Vec<String> = toml_of("nginx")
        .strip_prefix(&toml_of("base"))
        .expect("the base's settings first")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert_eq!(more, ["check-original = \"x-original\""]);
    for rendering in ["emissary", "envoy", "istio", "constrained"] {
        assert_eq!(toml_of(rendering), toml_of("base"), "{rendering}");
    }
}
