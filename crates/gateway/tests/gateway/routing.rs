//! Cases 12–18: a path has one reading, and only the cluster's API is behind it.

use proptest::{
    prelude::*,
    test_runner::{Config as Runs, TestRunner},
};

use crate::support::{World, raw};

/// Refused; or, by an Envoy in front, read once in its plain form by everybody, also by who decides.
async fn refused(world: &World, target: &str, status: u16) {
    let answer = world.get(target).send().await;
    let plain = normalised(target);
    if world.front.is_some() && plain != target {
        let seen: Vec<_> = world.echo.take().into_iter().map(|seen| seen.target).collect();
        match plain.strip_prefix("/k8s/") {
            Some(rest) if !seen.is_empty() => assert_eq!(seen, [format!("/{rest}")], "{target}"),
            _ => assert!(seen.is_empty(), "{target}: {seen:?}"),
        }
        return;
    }
    if world.front.is_some() {
        answer.refused(status, &answer.slug(), target);
    } else {
        assert_eq!(answer.status, status, "{target}: {}", answer.body);
    }
    world.nothing_arrived(target);
}

/// A path without dot segments (RFC 3986 §5.2.4) and without escapes of what needs none; Envoy takes a backslash for a slash.
fn normalised(target: &str) -> String {
    let mut plain = target.to_owned();
    for (escaped, meant) in [("%2e", "."), ("%2E", "."), ("%70", "p"), ("\\", "/")] {
        plain = plain.replace(escaped, meant);
    }
    let dots = |segment: &str| matches!(segment, "." | "..");
    let ends_in_dots = plain.rsplit('/').next().is_some_and(dots);
    let mut kept: Vec<&str> = Vec::new();
    for segment in plain.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{}", kept.join("/"), if ends_in_dots { "/" } else { "" })
}

#[tokio::test]
async fn t12_dot_segments_never_reach_the_upstream() {
    let world = World::new().await;
    for target in [
        "/k8s/../internal",
        "/k8s/%2e%2e/internal",
        "/k8s/..%2finternal",
        "/k8s/..%2f",
        "/k8s/%252e%252e/internal",
        "/k8s/api/v1/..\\secrets",
        "/k8s/api/v1\\secrets",
        "/k8s/api/v1/pods;x=../secrets",
        "/k8s/api/v1/./secrets",
        "/k8s/api/v1/.",
        "/k8s/api/v1/..",
        "/k8s/./api/v1",
        "/k8s/api/v1/pods/..",
        "/k8s/api/v1/%2E/pods",
        "/./k8s/api/v1",
        "/../k8s/api/v1",
    ] {
        refused(&world, target, 400).await;
    }
}

#[tokio::test]
async fn t13_empty_segments_and_escaped_slashes_are_refused() {
    let world = World::new().await;
    for target in [
        "/k8s//api/v1/secrets",
        "//k8s/api/v1/secrets",
        "/k8s/api//v1/secrets",
        "/k8s/api/v1/secrets//",
        "/k8s/api/v1/secrets/",
        "/k8s/api/v1/namespaces/a%2fb/pods",
        "/k8s/api/v1/namespaces/a%2Fb/pods",
        "/k8s/api/v1/namespaces/a%5cb/pods",
        "/k8s%2fapi/v1/secrets",
    ] {
        refused(&world, target, 400).await;
    }
}

#[tokio::test]
async fn t14_signs_that_end_a_path_are_refused() {
    let world = World::new().await;
    for target in [
        "/k8s/api/v1/pods#/../secrets",
        "/k8s/api/v1/pods%23",
        "/k8s/api/v1/pods%3fwatch=1",
        "/k8s/api/v1/pods%3Fwatch=1",
        "/k8s/api/v1/pods%00",
        "/k8s/api/v1/pods%0d%0aX: y",
        "/k8s/api/v1/pods%0d%0aX",
        "/k8s/api/v1/pods?limit=1#x",
        "/k8s/api/v1/pods%7f",
        "/k8s/api/v1/%c0%ae%c0%ae/pods",
        "/k8s/api/v1/pöds",
    ] {
        refused(&world, target, 400).await;
    }
    // A question mark begins the query, which is the cluster's to read; it goes as it came.
    world.get("/k8s/api/v1/pods?fieldSelector=a%3Db&x=/../y").send().await;
    assert_eq!(world.arrived().target, "/api/v1/pods?fieldSelector=a%3Db&x=/../y");
}

#[tokio::test]
async fn t15_other_forms_of_target_and_methods_are_refused() {
    let world = World::new().await;
    let address = world.door;
    let cookie = &world.alice;
    for (line, status) in [
        ("GET http://169.254.169.254/ HTTP/1.1", 400),
        ("GET http://169.254.169.254/k8s/api HTTP/1.1", 400),
        ("GET https://127.0.0.1/k8s/api HTTP/1.1", 400),
        ("CONNECT 169.254.169.254:80 HTTP/1.1", 405),
        ("TRACE /k8s/api HTTP/1.1", 405),
        ("OPTIONS * HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("GET k8s/api HTTP/1.1", 400),
        ("BREW /k8s/api HTTP/1.1", 405),
    ] {
        let text = format!("{line}\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        let answer = raw(address, text.as_bytes()).await;
        if world.front.is_some() {
            assert!(matches!(answer.status, 400 | 403 | 404 | 405), "{line}: {answer:?}");
        } else {
            assert_eq!(answer.status, status, "{line}");
        }
        world.nothing_arrived(line);
    }
}

#[tokio::test]
async fn t16_client_cannot_choose_the_upstream() {
    let world = World::new().await;
    let target = "/k8s/api/v1/pods?url=http://169.254.169.254/&proxy-to=x";
    let ask = world.get(target).without("Host").header("Host", "kubernetes.default");
    let ask = ask
        .header("proxy-to", "http://169.254.169.254/")
        .header("Forward-to", "http://169.254.169.254/")
        .header("X-Forwarded-Host", "169.254.169.254")
        .header("Forwarded", "host=169.254.169.254")
        .header("X-Original-URL", "/api/v1/secrets")
        .header("X-Rewrite-URL", "/api/v1/secrets")
        .header("X-HTTP-Method-Override", "DELETE");
    assert_eq!(ask.send().await.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.method, "GET");
    assert_eq!(seen.target, "/api/v1/pods?url=http://169.254.169.254/&proxy-to=x");
    assert_eq!(seen.all("host"), [world.echo.address.to_string()]);
}

#[tokio::test]
async fn t17_proxy_subresources_are_refused() {
    let world = World::new().await;
    for target in [
        "/k8s/api/v1/namespaces/x/services/http:evil:80/proxy/",
        "/k8s/api/v1/namespaces/x/services/http:evil:80/proxy",
        "/k8s/api/v1/namespaces/x/services/http:evil:80/proxy/metrics",
        "/k8s/api/v1/namespaces/x/pods/x/proxy",
        "/k8s/api/v1/namespaces/x/pods/https:x:443/proxy/a/b",
        "/k8s/api/v1/nodes/x/proxy",
        "/k8s/api/v1/nodes/x/proxy/logs/",
        "/k8s/api/v1/proxy/nodes/x",
        "/k8s/apis/some.group/v1/namespaces/x/things/y/proxy",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let ask = world.ask(method, target).cookie(&world.alice);
            let ask = ask.header("X-Flowdeck", "1").header("Content-Type", "application/json");
            let answer = ask.send().await;
            assert_eq!(
                (answer.status, answer.slug().as_str()),
                (403, "proxy-subresource"),
                "{method} {target}"
            );
        }
        let socket = world.get(target).websocket(&world.origin()).send().await;
        assert_eq!(socket.status, 403, "{target}");
        world.nothing_arrived(target);
    }
    refused(&world, "/k8s/api/v1/nodes/x/%70roxy", 400).await;
    // An object may be called proxy.
    world.get("/k8s/api/v1/namespaces/proxy/services/proxy").send().await;
    assert_eq!(world.arrived().target, "/api/v1/namespaces/proxy/services/proxy");
}

#[tokio::test]
async fn t18_only_the_listed_prefixes_pass() {
    let world = World::new().await;
    for target in [
        "/k8s/metrics",
        "/k8s/debug/pprof",
        "/k8s/logs",
        "/k8s/healthz",
        "/k8s/livez",
        "/k8s/apiextensions",
        "/k8s/API/v1/pods",
        "/k8s/ui",
        "/k8s/",
        "/k8s",
    ] {
        refused(&world, target, 404).await;
    }
    for (target, sent) in [
        ("/k8s/version", "/version"),
        ("/k8s/api", "/api"),
        ("/k8s/apis", "/apis"),
        ("/k8s/openapi/v3", "/openapi/v3"),
        ("/k8s/openapi/v3/apis/apps/v1", "/openapi/v3/apis/apps/v1"),
        (
            "/k8s/apis/kubeflow.org/v1/namespaces/a/notebooks?limit=500",
            "/apis/kubeflow.org/v1/namespaces/a/notebooks?limit=500",
        ),
    ] {
        assert_eq!(world.get(target).send().await.status, 200, "{target}");
        assert_eq!(world.arrived().target, sent);
    }
}

#[tokio::test]
async fn t19_headers_cannot_turn_a_request_into_another() {
    let world = World::new().await;
    let target = "/k8s/api/v1/namespaces/a/pods";
    for (name, value) in [
        ("X-Forwarded-Uri", "/healthz"),
        ("X-Forwarded-Method", "OPTIONS"),
        ("X-Original-URL", "/healthz"),
        ("X-Original-URI", "/auth/session"),
        ("X-Original-Method", "GET"),
        ("X-Rewrite-URL", "/config.json"),
        ("X-Forwarded-Prefix", "/healthz"),
        ("X-Envoy-Original-Path", "/healthz"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "DELETE"),
        ("X-Method-Override", "DELETE"),
    ] {
        let nobody = world.ask("GET", target).header(name, value).send().await;
        assert_eq!(nobody.status, 401, "{name}");
        world.nothing_arrived(name);
        assert_eq!(world.get(target).header(name, value).send().await.status, 200, "{name}");
        let seen = world.arrived();
        assert_eq!(
            (seen.method.as_str(), seen.target.as_str()),
            ("GET", "/api/v1/namespaces/a/pods")
        );
        assert!(seen.all(&name.to_ascii_lowercase()).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn t20_name_of_a_probe_opens_nothing() {
    let world = World::new().await;
    for agent in [
        "kube-probe/1.36",
        "GoogleHC/1.0",
        "ELB-HealthChecker/2.0",
        "kube-probe/GoogleHC",
    ] {
        let answer = world
            .ask("GET", "/k8s/api/v1/pods")
            .header("User-Agent", agent)
            .send()
            .await;
        assert_eq!(answer.status, 401, "{agent}");
    }
    world.nothing_arrived("probes");
}

#[tokio::test]
async fn t21_path_that_looks_public_is_not() {
    let world = World::new().await;
    for target in [
        "/k8s/api/v1/pods?x=/public/",
        "/k8s/api/v1/pods?/healthz",
        "/k8s/api/v1/pods?x=/auth/sign-in",
        "/public/../k8s/api/v1/pods",
        "/healthz/../k8s/api/v1/pods",
        "/auth/../k8s/api/v1/pods",
        "/auth/%2e%2e/k8s/api/v1/pods",
        "/auth/..%2fk8s/api/v1/pods",
        "/fonts/inter.woff2/../../k8s/api/v1/pods",
        "/auth/check/k8s/api/v1/pods",
    ] {
        let answer = world.ask("GET", target).send().await;
        assert!(matches!(answer.status, 400 | 401 | 404), "{target}: {answer:?}");
        world.nothing_arrived(target);
    }
}

#[tokio::test]
async fn t33_many_strangers_at_once_begin_nothing() {
    let world = World::new().await;
    let asks = (0..50).map(|_| world.ask("GET", "/k8s/api/v1/pods").send());
    for answer in futures::future::join_all(asks).await {
        assert_eq!(answer.status, 401);
        assert!(answer.header("set-cookie").is_none() && answer.header("location").is_none());
    }
    world.nothing_arrived("strangers");
}

#[tokio::test]
async fn prefix_of_the_clusters_address_is_kept() {
    let echo = crate::support::Echo::start().await;
    let dir = crate::support::folder();
    let upstream = format!("{}/k8s/clusters/c-1/", echo.url());
    let started = World::start(dir.path(), &upstream, "", &std::sync::Arc::default()).await;
    let token = started.links[0].1.split_once("#sign-in=").unwrap().1.to_owned();
    let ask = crate::support::Ask::new(started.running.address, "POST", "/auth/link");
    let ask = ask.header("X-Flowdeck", "1").header("Content-Type", "application/json");
    let cookie = ask.body(format!("{{\"token\":\"{token}\"}}")).send().await.cookie();
    let ask = crate::support::Ask::new(started.running.address, "GET", "/k8s/api/v1/pods").cookie(&cookie);
    assert_eq!(ask.send().await.status, 200);
    assert_eq!(echo.take()[0].target, "/k8s/clusters/c-1/api/v1/pods");
}

/// What the policy judged is what is sent, byte for byte: for any path and query that pass.
#[test]
fn accepted_target_arrives_byte_for_byte() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let segment = prop_oneof![
        4 => "[a-z0-9][a-z0-9.-]{0,12}",
        1 => "[a-zA-Z0-9._~:@+,=$!*()%;&'\\\\-]{0,10}",
        1 => Just("..".to_owned()),
        1 => Just("proxy".to_owned()),
        1 => Just("%3A".to_owned()),
    ];
    let path = (
        prop_oneof![Just("api/v1"), Just("apis/kubeflow.org/v1"), Just("version"), Just("x")],
        prop::collection::vec(segment, 0..5),
    );
    let query = prop::option::of("[a-zA-Z0-9=&%/?:.,~+!*'()@-]{0,30}");
    let mut runner = TestRunner::new(Runs::with_cases(400));
    let passed = std::cell::Cell::new(0);
    runner
        .run(&(path, query), |((prefix, segments), query)| {
            let mut target = format!("/{prefix}");
            for one in segments {
                target.push('/');
                target.push_str(&one);
            }
            if let Some(query) = query {
                target.push('?');
                target.push_str(&query);
            }
            if target.contains("watch") || target.contains("follow") {
                return Ok(());
            }
            let answer = runtime.block_on(world.get(&format!("/k8s{target}")).send());
            let seen = world.echo.take();
            if answer.slug().is_empty() && answer.status != 400 {
                prop_assert_eq!(seen.len(), 1);
                prop_assert_eq!(&seen[0].target, &target);
                passed.set(passed.get() + 1);
            } else {
                prop_assert!(seen.is_empty(), "{} was refused and sent", target);
            }
            Ok(())
        })
        .unwrap();
    assert!(passed.get() > 50, "only {} targets passed", passed.get());
}
