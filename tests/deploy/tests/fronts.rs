//! Tests what the overlays for Emissary, Istio and nginx promise, by reading them: no Emissary and no Istio runs here.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use flowdeck_deploy::{CHECK_SAYS, CHECK_SEES, all, deploy, golden_objects, name, read};
use flowdeck_gateway::outside_headers::{NAMES, PREFIXES, is_one};
use serde_json::Value;

fn owned(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn texts(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn object(rendering: &str, wanted: &str) -> Value {
    let objects = golden_objects(rendering).unwrap();
    objects.into_iter().find(|object| name(object) == wanted).expect(wanted)
}

fn source(file: &str) -> String {
    std::fs::read_to_string(deploy().join("overlays").join(file)).unwrap()
}

/// The words of `local <variable> = {…}` in a script.
fn lua_list(script: &str, variable: &str) -> BTreeSet<String> {
    let start = format!("local {variable} = {{");
    let list = script.split(&start).nth(1).unwrap().split('}').next().unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The script of Emissary's Module and that of Istio's filter.
fn scripts() -> [String; 2] {
    let module = object("emissary", "Module/ambassador");
    let filter = object("istio", "EnvoyFilter/flowdeck-strip");
    let filter = all(&filter, "inline_string")[0].clone();
    [&module["spec"]["config"]["lua_scripts"], &filter].map(|script| script.as_str().unwrap().to_owned())
}

#[test]
fn scripts_remove_what_nobody_may_send() {
    let [emissary, istio] = scripts();
    assert_eq!(emissary, istio);
    assert_eq!(lua_list(&emissary, "names"), owned(NAMES));
    assert_eq!(lua_list(&emissary, "prefixes"), owned(PREFIXES));
}

#[test]
fn underscores_and_escaped_slashes_are_refused() {
    let module = object("emissary", "Module/ambassador");
    let config = &module["spec"]["config"];
    assert_eq!(config["headers_with_underscores_action"], "REJECT_REQUEST");
    assert_eq!(config["reject_requests_with_escaped_slashes"], true);
    let filter = object("istio", "EnvoyFilter/flowdeck-strip");
    assert_eq!(*all(&filter, "headers_with_underscores_action")[0], "REJECT_REQUEST");
    assert_eq!(*all(&filter, "path_with_escaped_slashes_action")[0], "REJECT_REQUEST");
    assert_eq!(*all(&filter, "operation")[1], "INSERT_FIRST");
}

#[test]
fn emissary_asks_the_gateway_and_fails_closed() {
    let service = object("emissary", "AuthService/flowdeck-check");
    let spec = &service["spec"];
    assert_eq!(spec["status_on_error"]["code"], 503);
    assert!(spec["failure_mode_allow"].is_null());
    assert!(spec["timeout_ms"].as_u64().unwrap() < 5000);
    // Emissary passes these two by itself.
    let mut seen = texts(&spec["allowed_request_headers"]);
    seen.extend(owned(&["cookie", "x-forwarded-for"]));
    assert_eq!(seen, owned(CHECK_SEES));
    let mut said = texts(&spec["allowed_authorization_headers"]);
    assert!(said.remove("x-flowdeck-rejection"));
    assert_eq!(said, owned(CHECK_SAYS));
    assert!(said.iter().all(|name| is_one(name)));
}

#[test]
fn emissarys_open_routes_go_to_the_gateway_and_watches_have_no_end() {
    let mut open = BTreeSet::new();
    for mapping in golden_objects("emissary").unwrap() {
        let spec = &mapping["spec"];
        if mapping["kind"] != "Mapping" {
            continue;
        }
        if spec["bypass_auth"] == true {
            assert_eq!(spec["service"], "flowdeck-gateway:80");
            open.insert(spec["prefix"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(open, owned(&["/", "/auth/"]));
    let watches = object("emissary", "Mapping/flowdeck-kubernetes");
    assert_eq!(watches["spec"]["timeout_ms"], 0);
    assert!(watches["spec"]["idle_timeout_ms"].as_u64().unwrap() >= 3_600_000);
    assert_eq!(watches["spec"]["allow_upgrade"], serde_json::json!(["websocket"]));
    let others = object("emissary", "Mapping/flowdeck-pipelines");
    assert!(texts(&others["spec"]["remove_request_headers"]).contains("cookie"));
}

#[test]
fn istio_asks_the_gateway_and_fails_closed() {
    let mesh = read(&source("istio/mesh-config.yaml")).unwrap();
    let provider = &mesh["extensionProviders"][0];
    let check = &provider["envoyExtAuthzHttp"];
    assert_eq!(check["failOpen"], false);
    assert_eq!(check["statusOnError"], "503");
    assert_eq!(check["timeout"], "4s");
    assert_eq!(texts(&check["includeRequestHeadersInCheck"]), owned(CHECK_SEES));
    assert_eq!(texts(&check["headersToUpstreamOnAllow"]), owned(CHECK_SAYS));
    let policy = object("istio", "AuthorizationPolicy/flowdeck-check");
    assert_eq!(policy["spec"]["action"], "CUSTOM");
    assert_eq!(policy["spec"]["provider"]["name"], provider["name"]);
}

#[test]
fn istios_check_covers_every_route_but_the_page_and_no_route_cuts_a_watch() {
    let routes = object("istio", "VirtualService/flowdeck");
    let policy = object("istio", "AuthorizationPolicy/flowdeck-check");
    let mut to_check = BTreeSet::new();
    for route in routes["spec"]["http"].as_array().unwrap() {
        assert_eq!(route["retries"]["attempts"], 0, "{route}");
        match route["match"][0]["uri"]["prefix"].as_str() {
            Some(prefix) => {
                to_check.insert(format!("{prefix}*"));
            }
            None => assert_eq!(route["name"], "page"),
        }
        if route["name"] == "kubernetes" {
            assert_eq!(route["timeout"], "0s");
        }
        if route["name"] == "pipelines" {
            assert!(texts(&route["headers"]["request"]["remove"]).contains("cookie"));
        }
    }
    let operation = &policy["spec"]["rules"][0]["to"][0]["operation"];
    assert_eq!(texts(&operation["paths"]), to_check);
    let pool = object("istio", "DestinationRule/flowdeck-gateway");
    assert!(all(&pool, "maxRequestsPerConnection").is_empty());
}

/// The lines of a `location` in nginx.conf.
fn location(conf: &str, name: &str) -> Vec<String> {
    let start = format!("location {name} {{\n");
    let block = conf
        .split(&start)
        .nth(1)
        .expect(name)
        .split("\n        }\n")
        .next()
        .unwrap();
    block.lines().map(|line| line.trim().to_owned()).collect()
}

/// The names of the headers that a piece of nginx's configuration sets.
fn set_headers(conf: &str) -> BTreeSet<String> {
    let lines = conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("proxy_set_header "));
    lines
        .map(|line| line.split_whitespace().next().unwrap().to_ascii_lowercase())
        .collect()
}

#[test]
fn nginx_passes_on_only_what_is_named_and_nothing_that_nobody_may_send() {
    let conf = source("nginx/nginx.conf");
    assert!(conf.contains("\n    proxy_pass_request_headers off;\n"));
    assert!(!conf.contains("proxy_pass_request_headers on"));
    let passed = source("nginx/passed.conf");
    let names = set_headers(&passed);
    assert!(names.iter().all(|name| !is_one(name)), "{names:?}");
    assert!(names.is_superset(&owned(CHECK_SEES)));
    // The client's own word for its address is not passed on, and everything else is what the client sent.
    assert!(passed.contains("proxy_set_header X-Forwarded-For $remote_addr;"));
    let own: BTreeSet<String> = set_headers(&location(&conf, "/pipeline/").join("\n"));
    assert!(!own.contains("cookie") && !own.contains("authorization"));
    assert!(own.is_superset(&owned(CHECK_SAYS)));
    for said in CHECK_SAYS {
        let variable = format!("$upstream_http_{}", said.replace('-', "_"));
        assert!(conf.contains(&variable), "{said} comes from the check");
        assert!(!conf.contains(&format!("$http_{}", said.replace('-', "_"))), "{said}");
    }
}

#[test]
fn nginx_reads_a_renewed_certificate_and_may_open_a_file_for_each_connection() {
    let conf = source("nginx/nginx.conf");
    // Without a variable in it, the name would be read at start only.
    for line in [
        "ssl_certificate $certificate.crt;",
        "ssl_certificate_key $certificate.key;",
        "default /etc/nginx-tls/tls;",
    ] {
        assert!(conf.contains(line), "{line}");
    }
    let number = |name: &str| -> u64 {
        let line = conf
            .lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .expect(name);
        line.trim().trim_end_matches(';').parse().unwrap()
    };
    assert!(number("worker_rlimit_nofile ") > 2 * number("worker_connections "));
}

#[test]
fn nginx_fails_closed_and_cuts_no_watch() {
    let conf = source("nginx/nginx.conf");
    let pipelines = location(&conf, "/pipeline/");
    for line in ["auth_request /_check;", "error_page 500 =503 @unavailable;"] {
        assert!(pipelines.iter().any(|one| one == line), "{line}");
    }
    let watches = location(&conf, "/k8s/");
    for line in [
        "proxy_buffering off;",
        "proxy_read_timeout 1h;",
        "proxy_set_header Upgrade $http_upgrade;",
    ] {
        assert!(watches.iter().any(|one| one == line), "{line}");
    }
    let check = location(&conf, "= /_check");
    let mut seen = owned(CHECK_SEES);
    // A redirect to the sign-in would be a 500 to auth_request.
    assert!(seen.remove("accept") && seen.remove("sec-fetch-dest"));
    seen.extend(owned(&["host", "connection", "content-length", "x-forwarded-proto"]));
    seen.extend(owned(&["x-original-method", "x-original-uri"]));
    assert_eq!(set_headers(&check.join("\n")), seen);
    for line in [
        "internal;",
        "proxy_set_header X-Original-URI $request_uri;",
        "proxy_pass_request_body off;",
    ] {
        assert!(check.iter().any(|one| one == line), "{line}");
    }
    assert!(conf.contains("proxy_next_upstream off;"));
    let log = conf.split("log_format").nth(1).unwrap().split(';').next().unwrap();
    assert!(
        !log.contains("$request ") && !log.contains("request_uri") && !log.contains("args"),
        "{log}"
    );
}
