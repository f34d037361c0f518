//! `/auth/check`: the answers to gateways that forward by themselves are those of forwarding.
//!
//! Cases 1–6, 12–15, 17–22, 25, 40 and 43, asked as Envoy, nginx and Traefik ask.

use crate::support::{ALICE, Answer, Ask, BOB, World};

const PODS: &str = "/k8s/api/v1/namespaces/a/pods";

/// Envoy's question about a request.
fn check(target: &str) -> String {
    format!("/auth/check{target}")
}

#[tokio::test]
async fn yes_is_a_bare_200_with_every_identity_header() {
    let world = World::with("--check-headers kubeflow,x-auth-request").await;
    for (method, target) in [("GET", PODS), ("HEAD", PODS), ("GET", "/k8s/api/v1/pods?watch=1")] {
        let answer = world.ask(method, &check(target)).cookie(&world.alice).send().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{method} {target}");
        let value = |name: &str| answer.header(name).unwrap_or_else(|| panic!("{name} is missing"));
        for name in ["kubeflow-userid", "x-auth-request-user", "x-auth-request-email"] {
            assert_eq!(value(name), ALICE, "{name}");
        }
        for name in [
            "kubeflow-groups",
            "x-auth-request-groups",
            "x-auth-request-access-token",
        ] {
            assert_eq!(value(name), "", "{name}");
        }
        assert_eq!(value("cache-control"), "private, no-store");
        assert!(answer.header("set-cookie").is_none());
    }
    let bob = world.ask("GET", &check(PODS)).cookie(&world.bob).send().await;
    assert_eq!(bob.header("kubeflow-groups").as_deref(), Some("vision"));
    let write = world.post(&check(PODS)).cookie(&world.alice).body("{}").send().await;
    assert_eq!(write.status, 200);
    world.nothing_arrived("a check");
}

#[tokio::test]
async fn t01_nobody_gets_401_and_no_identity() {
    let world = World::new().await;
    for name in [
        "kubeflow-userid",
        "X-Auth-Request-User",
        "X-Remote-User",
        "X_Flowdeck_Secret",
    ] {
        let answer = world.ask("GET", &check(PODS)).header(name, "admin@x").send().await;
        assert_eq!((answer.status, answer.slug().as_str()), (401, "signed-out"), "{name}");
        assert!(answer.body.contains("\"kind\":\"Status\""), "{}", answer.body);
        assert!(answer.header("kubeflow-userid").is_none());
    }
    // Case 20: nobody is let in for the name of their program.
    let probe = world
        .ask("GET", &check(PODS))
        .header("User-Agent", "kube-probe/GoogleHC");
    assert_eq!(probe.send().await.status, 401);
}

#[tokio::test]
async fn t02_t03_t05_identity_of_the_client_is_overwritten() {
    let world = World::new().await;
    let ask = world.get(&check(PODS)).header("kubeflow-userid", "admin@x");
    let ask = ask.header("kubeflow-userid", "a,b").header("kubeflow-groups", "admins");
    let answer = ask.send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("kubeflow-userid").as_deref(), Some(ALICE));
    assert_eq!(answer.header("kubeflow-groups").as_deref(), Some(""));
}

#[tokio::test]
async fn t06_request_with_impersonation_is_refused_and_ours_is_complete() {
    let world = World::with("--check-headers impersonate").await;
    for name in [
        "Impersonate-User",
        "impersonate-group",
        "IMPERSONATE-UID",
        "Impersonate-Extra-scopes",
    ] {
        let answer = world.get(&check(PODS)).header(name, "system:masters").send().await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (400, "identity-header"),
            "{name}"
        );
    }
    let alice = world.get(&check(PODS)).send().await;
    assert_eq!(alice.header("impersonate-user").as_deref(), Some(ALICE));
    assert_eq!(
        alice.header("impersonate-group").as_deref(),
        Some("system:authenticated")
    );
    assert_eq!(alice.header("impersonate-uid").as_deref(), Some(""));
    let bob = world.ask("GET", &check(PODS)).cookie(&world.bob).send().await;
    assert_eq!(bob.header("impersonate-user").as_deref(), Some(BOB));
    assert_eq!(bob.header("impersonate-group").as_deref(), Some("vision"));
    // What everybody may have never goes on as the asking gateway itself.
    let page = world.ask("GET", &check("/sign-in")).send().await;
    assert_eq!(page.header("impersonate-user").as_deref(), Some("system:anonymous"));
    assert_eq!(
        page.header("impersonate-group").as_deref(),
        Some("system:unauthenticated")
    );
}

/// Whatever is refused when we forward is refused in the same words when somebody else does, and the
/// other way round: cases 12–14, 17 and 18 of the paths, 22 and 23 of the writes.
#[tokio::test]
async fn t12_to_t18_and_t22_check_answers_as_forwarding_does() {
    let world = World::new().await;
    let targets = [
        PODS,
        "/k8s/api/v1/namespaces/a/pods?limit=1&x=%2f",
        "/k8s/../internal",
        "/k8s/%2e%2e/internal",
        "/k8s/..%2finternal",
        "/k8s/%252e%252e/internal",
        "/k8s/api/v1/..\\secrets",
        "/k8s/api/v1/pods;x=../secrets",
        "/k8s/./api/v1",
        "/k8s//api/v1/secrets",
        "//k8s/api/v1/secrets",
        "/k8s/api/v1/secrets/",
        "/k8s/api/v1/namespaces/a%2fb/pods",
        "/k8s/api/v1/pods%23",
        "/k8s/api/v1/pods%3fwatch=1",
        "/k8s/api/v1/pods%00",
        "/k8s/api/v1/pods%0d%0aX",
        "/k8s/api/v1/pods#x",
        "/k8s/api/v1/namespaces/x/services/http:evil:80/proxy/",
        "/k8s/api/v1/namespaces/x/pods/x/proxy",
        "/k8s/api/v1/nodes/x/proxy",
        "/k8s/api/v1/watch/pods",
        "/k8s/metrics",
        "/k8s/debug/pprof",
        "/k8s/logs",
        "/k8s",
        "/k8s/",
        "/k8s/version",
        "/k8s/openapi/v3",
        "/k8s/api/v1/namespaces/a/pods/p/exec",
    ];
    let dress: [(&str, &[(&str, &str)]); 8] = [
        ("GET", &[]),
        ("HEAD", &[]),
        ("GET", &[("Sec-Fetch-Site", "cross-site")]),
        ("POST", &[]),
        ("POST", &[("Content-Type", "text/plain"), ("X-Flowdeck", "1")]),
        (
            "PATCH",
            &[("Content-Type", "application/merge-patch+json"), ("X-Flowdeck", "1")],
        ),
        (
            "DELETE",
            &[
                ("Content-Type", "application/json"),
                ("X-Flowdeck", "1"),
                ("Sec-Fetch-Site", "same-site"),
            ],
        ),
        ("OPTIONS", &[]),
    ];
    let mut agreed = std::collections::BTreeSet::new();
    for target in targets {
        for (method, headers) in dress {
            for cookie in [Some(&world.alice), None] {
                let ask = |target: &str| {
                    let mut ask = world.ask(method, target);
                    for (name, value) in headers {
                        ask = ask.header(name, value);
                    }
                    cookie.map_or(ask.clone(), |cookie| ask.cookie(cookie))
                };
                let forwarded = ask(target).send().await;
                world.echo.take();
                let checked = ask(&check(target)).send().await;
                let why = |answer: &Answer| (answer.status, answer.slug());
                assert_eq!(why(&checked), why(&forwarded), "{method} {target} {headers:?}");
                agreed.insert(forwarded.slug());
            }
        }
    }
    world.nothing_arrived("checks");
    let agreed: Vec<_> = agreed.iter().map(String::as_str).collect();
    assert_eq!(
        agreed,
        [
            "",
            "ambiguous-path",
            "content-type",
            "cross-site",
            "custom-header",
            "method",
            "not-an-api",
            "proxy-subresource",
            "request-target",
            "signed-out",
            "websocket-only"
        ],
        "the table has every kind of answer"
    );
}

#[tokio::test]
async fn t15_methods_that_reach_elsewhere_are_refused() {
    let world = World::new().await;
    for target in [PODS, "/pipeline/x"] {
        let answer = world.ask("TRACE", &check(target)).cookie(&world.alice).send().await;
        assert_eq!(answer.status, 405, "{target}");
    }
    for target in ["/auth/checkers", "/auth/check*", "/auth/check?x=/k8s"] {
        let answer = world.get(target).send().await;
        assert!(matches!(answer.status, 403 | 404), "{target}: {}", answer.status);
    }
}

#[tokio::test]
async fn t19_t21_nothing_but_the_path_says_what_was_asked_for() {
    let world = World::with("--trusted-proxy 127.0.0.1").await;
    let spoofs = [
        ("X-Forwarded-Uri", "/healthz"),
        ("X-Original-URI", "/sign-in"),
        ("X-Original-URL", "/config.json"),
        ("X-Rewrite-URL", "/auth/session"),
        ("X-Envoy-Original-Path", "/sign-in"),
        ("X-HTTP-Method-Override", "OPTIONS"),
        ("X-Original-Method", "OPTIONS"),
        ("X-Forwarded-Method", "OPTIONS"),
    ];
    for (name, value) in spoofs {
        let answer = world.ask("GET", &check(PODS)).header(name, value).send().await;
        assert_eq!((answer.status, answer.slug().as_str()), (401, "signed-out"), "{name}");
        let answer = world
            .ask("POST", &check(PODS))
            .cookie(&world.alice)
            .header(name, value)
            .send()
            .await;
        assert_eq!(answer.slug(), "custom-header", "{name}");
    }
    for target in [
        "/k8s/api?x=/sign-in",
        "/k8s/api?/auth/",
        "/notebooks?x=/config.json",
        "/config.json/x",
        "/fonts",
        "/.secret",
        "/csp-hashes.txt",
        "/authx/",
        "/auth",
        "/healthz/x",
        "/pipeline/apis",
    ] {
        let answer = world.ask("GET", &check(target)).send().await;
        assert_eq!(answer.status, 401, "{target}");
    }
    for target in [
        "/sign-in/../k8s/api",
        "/auth/../k8s/api",
        "/auth//k8s",
        "/config.json%2f..%2fk8s",
    ] {
        let answer = world.ask("GET", &check(target)).send().await;
        assert_eq!(answer.status, 400, "{target}");
    }
}

#[tokio::test]
async fn everybody_gets_the_page_and_the_endpoints_that_decide_for_themselves() {
    let world = World::new().await;
    for target in [
        "/sign-in",
        "/auth/session",
        "/healthz",
        "/readyz",
        "/config.json",
        "/fonts/inter.woff2",
        "/flowdeck-0123456789abcdef_bg.wasm",
    ] {
        let ask = world.ask("GET", &check(target)).header("kubeflow-userid", "admin@x");
        let answer = ask.send().await;
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.header("kubeflow-userid").as_deref(), Some(""), "{target}");
        assert_eq!(answer.header("kubeflow-groups").as_deref(), Some(""), "{target}");
    }
    assert_eq!(world.post(&check("/auth/sign-in")).send().await.status, 200);
    assert_eq!(world.post(&check("/config.json")).send().await.status, 401);
}

#[tokio::test]
async fn documents_are_sent_to_sign_in_and_nothing_else_is() {
    let world = World::new().await;
    let document = |target: &str| {
        let ask = world.ask("GET", &check(target)).header("Accept", "text/html,*/*");
        ask.header("Sec-Fetch-Dest", "document")
            .header("Sec-Fetch-Site", "cross-site")
    };
    for target in ["/", "/notebooks?ns=a", "/pipeline/"] {
        let answer = document(target).send().await;
        assert_eq!(answer.status, 302, "{target}");
        assert_eq!(answer.header("location").as_deref(), Some("/sign-in"), "{target}");
        assert_eq!(answer.header("cache-control").as_deref(), Some("private, no-store"));
        assert!(answer.header("kubeflow-userid").is_none());
    }
    let old = world.ask("GET", &check("/notebooks")).header("Accept", "text/html");
    assert_eq!(old.send().await.status, 302);
    for ask in [
        document("/k8s/api"),
        document("/k8s"),
        world
            .ask("GET", &check("/notebooks"))
            .header("Accept", "application/json"),
        world
            .ask("GET", &check("/notebooks"))
            .header("Accept", "text/html")
            .header("Sec-Fetch-Dest", "empty"),
        world.ask("POST", &check("/notebooks")).header("Accept", "text/html"),
    ] {
        let answer = ask.send().await;
        assert!(
            answer.header("location").is_none() && answer.status != 302,
            "{answer:?}"
        );
        assert!(answer.body.contains("\"kind\":\"Status\""), "{answer:?}");
    }
}

#[tokio::test]
async fn t25_websocket_of_another_origin_is_refused() {
    let world = World::with("--public-url https://good.example").await;
    // As Envoy passes it on: without the upgrade itself, which belongs to its own connection.
    let bare = |target: &str, origin: &str| {
        let ask = world.get(&check(target)).websocket(origin);
        ask.without("Connection").without("Upgrade")
    };
    let cookie = format!("__Host-{}", world.alice.trim_start_matches("__Host-"));
    for target in [
        "/k8s/api/v1/pods?watch=1",
        "/k8s/api/v1/namespaces/a/pods/p/exec?command=sh",
        "/notebook/a/b/api",
    ] {
        for origin in [
            "https://evil",
            "null",
            "https://good.evil.com",
            "http://good.example",
            "https://good.example:8443",
            "",
        ] {
            for ask in [bare(target, origin), world.get(&check(target)).websocket(origin)] {
                let answer = ask.send().await;
                assert_eq!(
                    (answer.status, answer.slug().as_str()),
                    (403, "origin"),
                    "{target} {origin}"
                );
            }
        }
        let missing = bare(target, "x").without("Origin").send().await;
        assert_eq!(missing.status, 403, "{target}");
        // Not even the key arrived, but every browser names the origin.
        let hidden = bare(target, "https://evil").without("Sec-WebSocket-Key");
        assert_eq!(hidden.send().await.status, 403, "{target}");
        for ask in [
            bare(target, "https://good.example"),
            world.get(&check(target)).websocket("https://good.example"),
        ] {
            let answer = ask.without("Cookie").cookie(&cookie).send().await;
            assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        }
    }
    let protocol = bare("/k8s/api/v1/namespaces/a/pods/p/exec", "https://good.example");
    let answer = protocol
        .header("Sec-WebSocket-Protocol", "Impersonate-User.YWRtaW4=")
        .send()
        .await;
    assert_eq!(answer.slug(), "subprotocol");
}

#[tokio::test]
async fn applications_of_others_need_an_identity_and_a_sign_of_the_browser() {
    let world = World::new().await;
    let run = "/pipeline/apis/v2beta1/runs";
    assert_eq!(world.ask("GET", &check(run)).send().await.status, 401);
    assert_eq!(world.get(&check(run)).send().await.status, 200);
    let write = || world.ask("POST", &check(run)).cookie(&world.alice);
    assert_eq!(write().send().await.slug(), "custom-header");
    assert_eq!(
        write().header("Sec-Fetch-Site", "same-site").send().await.slug(),
        "cross-site"
    );
    assert_eq!(write().header("Origin", "https://evil").send().await.slug(), "origin");
    for (name, value) in [
        ("X-Flowdeck", "1"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Origin", &world.origin()),
    ] {
        assert_eq!(write().header(name, value).send().await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn nginx_and_traefik_ask_at_one_address_from_trusted_peers_only() {
    for (flag, uri, method) in [
        ("x-original", "X-Original-URI", "X-Original-Method"),
        ("x-forwarded", "X-Forwarded-Uri", "X-Forwarded-Method"),
    ] {
        let world = World::with(&format!("--check-original {flag} --trusted-proxy 127.0.0.0/30")).await;
        let ask = |target: &str, verb: &str, cookie: &str| -> Ask {
            let ask = world.ask("GET", "/auth/check").cookie(cookie);
            ask.header(uri, target).header(method, verb)
        };
        let answer = ask(&format!("{PODS}?limit=1"), "GET", &world.alice).send().await;
        assert_eq!(answer.status, 200, "{flag}: {}", answer.body);
        assert_eq!(answer.header("kubeflow-userid").as_deref(), Some(ALICE));
        for (target, verb, slug) in [
            (PODS, "POST", "custom-header"),
            ("/k8s/api/v1/nodes/n/proxy", "GET", "proxy-subresource"),
            ("/k8s/api/v1/nodes/n/log?x=1#y", "GET", "request-target"),
            ("/k8s/../internal", "GET", "ambiguous-path"),
            ("/k8s%2fapi", "GET", "ambiguous-path"),
            ("http://evil/k8s/api", "GET", "request-target"),
            ("", "GET", "request-target"),
            (PODS, "", "original-request"),
            (PODS, "G T", "original-request"),
            ("/k8s/metrics", "GET", "not-an-api"),
        ] {
            let answer = ask(target, verb, &world.alice).send().await;
            assert_eq!(answer.slug(), slug, "{flag} {verb} {target}");
        }
        assert_eq!(ask(PODS, "GET", "x=y").send().await.status, 401);
        let twice = ask("/sign-in", "GET", "x=y").header(uri, PODS).send().await;
        assert_eq!(twice.slug(), "original-request");
        let appended = world.get(&check(PODS)).header(uri, PODS).header(method, "GET");
        let appended = appended.send().await;
        assert_eq!(appended.slug(), "original-request", "one way to say it, not two");
        world.nothing_arrived("checks");

        let other = World::with(&format!("--check-original {flag} --trusted-proxy 10.0.0.1")).await;
        let forged = other
            .ask("GET", "/auth/check")
            .header(uri, "/sign-in")
            .header(method, "GET");
        let answer = forged.send().await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (403, "original-request"),
            "{flag}"
        );
    }
}

#[tokio::test]
async fn streams_that_reconnect_do_not_keep_an_idle_session() {
    let world = World::with("--session-idle 2s").await;
    let began = std::time::Instant::now();
    while world.get(&check(&format!("{PODS}?watch=1"))).send().await.status == 200 {
        assert!(began.elapsed().as_secs() < 10, "the session is kept by its watch");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(world.get("/auth/session").send().await.status, 401);
}

#[tokio::test]
async fn t40_check_leaves_no_secret_in_the_log() {
    let world = World::new().await;
    let ask = world.get(&check(&format!("{PODS}?code=in-the-query&state=in-the-query")));
    let ask = ask.header("Authorization", "Bearer own-token");
    assert_eq!(ask.send().await.status, 200);
    let began = std::time::Instant::now();
    while !world.log_text().contains("/auth/check/k8s") {
        assert!(began.elapsed().as_secs() < 5);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let log = world.log_text();
    for secret in ["in-the-query", "own-token", &world.alice[9..]] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert!(log.contains("\"resource\":\"pods\"") && log.contains(ALICE), "{log}");
}
