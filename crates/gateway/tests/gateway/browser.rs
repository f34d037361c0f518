//! Cases 22–30 and 43: other sites, other origins, caches and cookies.

use crate::support::{ALICE, Ask, PASSWORD, World};

const PODS: &str = "/k8s/api/v1/namespaces/a/pods";

#[tokio::test]
async fn t22_write_without_the_signs_of_our_page_is_refused() {
    let world = World::new().await;
    let form = world
        .ask("POST", PODS)
        .cookie(&world.alice)
        .header("Content-Type", "text/plain")
        .body("{}");
    assert_eq!(form.clone().send().await.slug(), "custom-header");
    for (content_type, status) in [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain; application/json", 415),
        ("application/json, text/plain", 415),
        ("application/yaml", 415),
    ] {
        let ask = world.ask("POST", PODS).cookie(&world.alice).header("X-Flowdeck", "1");
        let answer = ask.header("Content-Type", content_type).body("{}").send().await;
        assert_eq!(answer.status, status, "{content_type}");
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        let ask = world.ask(method, &format!("{PODS}/p")).cookie(&world.alice);
        assert_eq!(
            ask.header("Content-Type", "application/json").send().await.slug(),
            "custom-header"
        );
        let ask = world
            .ask(method, &format!("{PODS}/p"))
            .cookie(&world.alice)
            .header("X-Flowdeck", "1");
        assert_eq!(ask.send().await.slug(), "content-type");
    }
    world.nothing_arrived("writes without signs");
    for content_type in [
        "application/json",
        "application/merge-patch+json",
        "application/json-patch+json; charset=utf-8",
    ] {
        let ask = world
            .ask("PATCH", &format!("{PODS}/p"))
            .cookie(&world.alice)
            .header("X-Flowdeck", "1");
        assert_eq!(
            ask.header("Content-Type", content_type).body("{}").send().await.status,
            200
        );
        assert_eq!(world.arrived().all("content-type"), [content_type]);
    }
}

#[tokio::test]
async fn t23_write_started_by_another_site_is_refused() {
    let world = World::new().await;
    for site in ["cross-site", "same-site", "none", "SAME-ORIGIN", ""] {
        let ask = world
            .post(PODS)
            .cookie(&world.alice)
            .header("Sec-Fetch-Site", site)
            .body("{}");
        let answer = ask.send().await;
        assert_eq!((answer.status, answer.slug().as_str()), (403, "cross-site"), "{site}");
    }
    let two = world
        .post(PODS)
        .cookie(&world.alice)
        .header("Sec-Fetch-Site", "same-origin");
    assert_eq!(
        two.header("Sec-Fetch-Site", "cross-site")
            .body("{}")
            .send()
            .await
            .status,
        403
    );
    // Reads too: another site must not even learn that they work.
    for site in ["cross-site", "same-site"] {
        assert_eq!(
            world.get(PODS).header("Sec-Fetch-Site", site).send().await.slug(),
            "cross-site"
        );
        assert_eq!(
            world
                .get("/auth/session")
                .header("Sec-Fetch-Site", site)
                .send()
                .await
                .slug(),
            "cross-site"
        );
    }
    world.nothing_arrived("requests of other sites");
    let ours = world
        .post(PODS)
        .cookie(&world.alice)
        .header("Sec-Fetch-Site", "same-origin")
        .body("{}");
    assert_eq!(ours.send().await.status, 200);
}

#[tokio::test]
async fn t24_form_of_another_origin_is_refused() {
    let world = World::new().await;
    for origin in ["https://evil.example", "null", ""] {
        let form = world.ask("POST", PODS).cookie(&world.alice).header("Origin", origin);
        let form = form
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("a=b");
        assert_eq!(form.send().await.status, 403, "{origin}");
        let dressed = world
            .post(PODS)
            .cookie(&world.alice)
            .header("Origin", origin)
            .body("{}");
        assert_eq!(dressed.send().await.slug(), "origin", "{origin}");
        let sign_in = world.post("/auth/sign-in").header("Origin", origin).body("{}");
        assert_eq!(sign_in.send().await.slug(), "origin", "{origin}");
    }
    world.nothing_arrived("forms of other origins");
    let ours = world
        .post(PODS)
        .cookie(&world.alice)
        .header("Origin", &world.origin())
        .body("{}");
    assert_eq!(ours.send().await.status, 200);
}

#[tokio::test]
async fn t25_websocket_of_another_origin_is_refused() {
    let world = World::with("--public-url https://good.example").await;
    for target in [
        "/k8s/api/v1/pods?watch=true",
        "/k8s/api/v1/namespaces/a/pods/p/exec?command=sh&stdin=true",
        "/k8s/api/v1/namespaces/a/pods/p/attach",
        "/k8s/api/v1/namespaces/a/pods/p/log?follow=true",
    ] {
        for origin in [
            "https://evil",
            "null",
            "https://good.evil.com",
            "https://good.example.evil.com",
            "http://good.example",
            "https://good.example:8443",
            "https://good.example/",
            "https://GOOD.example",
            "https://evil@good.example",
            "",
        ] {
            for protocol in ["v5.channel.k8s.io", "stream.flowdeck.dev"] {
                let ask = world
                    .get(target)
                    .websocket(origin)
                    .header("Sec-WebSocket-Protocol", protocol);
                let answer = ask.send().await;
                assert_eq!(
                    (answer.status, answer.slug().as_str()),
                    (403, "origin"),
                    "{target} {origin}"
                );
            }
        }
        let missing = world.get(target).websocket("x").without("Origin").send().await;
        assert_eq!(missing.status, 403, "{target}");
        let two = world
            .get(target)
            .websocket("https://good.example")
            .header("Origin", "https://evil")
            .send()
            .await;
        assert_eq!(two.status, 403, "{target}");
        let nobody = world.ask("GET", target).websocket("https://good.example").send().await;
        assert_eq!(nobody.status, 401, "{target}");
    }
    world.nothing_arrived("sockets of other origins");
}

#[tokio::test]
async fn t25_other_upgrades_are_refused() {
    let world = World::new().await;
    let exec = "/k8s/api/v1/namespaces/a/pods/p/exec";
    for (name, value) in [
        ("Upgrade", "SPDY/3.1"),
        ("Upgrade", "h2c"),
        ("Sec-WebSocket-Version", "8"),
        ("Sec-WebSocket-Key", ""),
    ] {
        let mut ask = world.get(exec).websocket(&world.origin()).without(name);
        if !value.is_empty() {
            ask = ask.header(name, value);
        }
        let answer = ask.send().await;
        // Behind Envoy, who keeps the upgrade to itself, an opening without a key is none.
        let no_opening = world.front.is_some() && answer.slug() == "websocket-only";
        if !no_opening {
            answer.refused(400, "upgrade", &format!("{name}: {value}"));
        }
    }
    let post = world
        .post(exec)
        .cookie(&world.alice)
        .websocket(&world.origin())
        .send()
        .await;
    assert_eq!(post.status, 400);
    // Without an upgrade an exec is nothing: a plain POST would run a command.
    for method in ["GET", "POST"] {
        let ask = world.ask(method, exec).cookie(&world.alice).header("X-Flowdeck", "1");
        assert_eq!(
            ask.header("Content-Type", "application/json").send().await.slug(),
            "websocket-only"
        );
    }
    world.nothing_arrived("odd upgrades");
}

#[tokio::test]
async fn t26_preflight_gets_no_permission() {
    let world = World::new().await;
    for target in [PODS, "/auth/sign-in", "/", "/config.json"] {
        let ask = world
            .ask("OPTIONS", target)
            .cookie(&world.alice)
            .header("Origin", "https://evil.example");
        let ask = ask.header("Access-Control-Request-Method", "POST");
        let answer = ask.header("Access-Control-Request-Headers", "x-flowdeck").send().await;
        let by_the_check = world.front.is_some() && (answer.status, answer.slug().as_str()) == (403, "origin");
        assert!(answer.status == 405 || by_the_check, "{target}: {answer:?}");
        assert!(answer.header("access-control-allow-origin").is_none());
        assert!(answer.header("access-control-allow-headers").is_none());
    }
    world.nothing_arrived("preflights");
    // The cluster's own permission for everybody is taken away.
    let answer = world.get(PODS).header("Origin", "https://evil.example").send().await;
    assert!(answer.header("access-control-allow-origin").is_none());
    assert!(answer.header("server").is_none());
    assert!(answer.header("set-cookie").is_none());
    // A check, which a gateway in front asks, refuses another origin's reads altogether.
    let refused = world.front.is_some() && answer.slug() == "origin";
    assert!(
        refused || answer.header("audit-id").as_deref() == Some("42"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn t27_reads_change_nothing() {
    let world = World::new().await;
    for target in ["/auth/sign-out", "/auth/sign-in", "/auth/link", "/auth/sign-out?x=1"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(
                world.ask(method, target).cookie(&world.alice).send().await.status,
                405,
                "{target}"
            );
        }
    }
    assert_eq!(
        world
            .ask("GET", "/auth/logout")
            .cookie(&world.alice)
            .send()
            .await
            .status,
        404
    );
    let bare = world.ask("POST", "/auth/sign-out").cookie(&world.alice).send().await;
    assert_eq!(bare.slug(), "custom-header");
    assert_eq!(world.get("/auth/session").send().await.status, 200);
}

#[tokio::test]
async fn t28_no_answer_sends_the_browser_elsewhere() {
    let world = World::new().await;
    for to in [
        "//evil.com",
        "https:evil",
        "/\\evil",
        "/%09/evil",
        "javascript:alert(1)",
        "https://good@evil",
    ] {
        for target in [
            format!("/sign-in?rd={to}"),
            format!("/?next={to}"),
            format!("/auth/session?rd={to}"),
        ] {
            let answer = world.get(&target).send().await;
            assert_eq!(answer.status, 200, "{target}");
            assert!(
                answer.header("location").is_none() && answer.header("refresh").is_none(),
                "{target}"
            );
            assert!(!answer.body.contains("evil"), "{target}");
        }
        let ask = world.post(&format!("/auth/sign-in?rd={to}"));
        let answer = ask
            .body(format!("{{\"user\":\"{ALICE}\",\"password\":\"{PASSWORD}\"}}"))
            .send()
            .await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("location").is_none());
    }
}

#[tokio::test]
async fn t29_framing_is_forbidden_everywhere() {
    let world = World::new().await;
    for target in [
        "/",
        "/notebooks",
        "/config.json",
        PODS,
        "/auth/session",
        "/healthz",
        "/nothing.js",
    ] {
        let answer = world.get(target).send().await;
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{target}: {policy}");
        assert_eq!(
            answer.header("x-content-type-options").as_deref(),
            Some("nosniff"),
            "{target}"
        );
        assert_eq!(
            answer.header("cross-origin-resource-policy").as_deref(),
            Some("same-origin"),
            "{target}"
        );
        assert_eq!(
            answer.header("referrer-policy").as_deref(),
            Some("no-referrer"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn t30_cookie_over_https_has_all_guards() {
    let world = World::with("--public-url https://deck.example.com").await;
    let ask = world
        .post("/auth/sign-in")
        .body(format!("{{\"user\":\"{ALICE}\",\"password\":\"{PASSWORD}\"}}"));
    let answer = ask.send().await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-flowdeck="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert!(!cookie.contains("alice") && cookie.len() < 200, "{cookie}");
    assert!(answer.header("strict-transport-security").is_some());
    // The plain name, which a page of http could have planted, is not looked at.
    let planted = answer.cookie().replace("__Host-", "");
    assert_eq!(
        world.ask("GET", "/auth/session").cookie(&planted).send().await.status,
        401
    );
}

#[tokio::test]
async fn t30_too_many_cookies_are_refused() {
    let world = World::new().await;
    let big = format!("a={}", "x".repeat(9 * 1024));
    let answer = world.get(PODS).cookie(&big).send().await;
    assert_eq!((answer.status, answer.slug().as_str()), (431, "headers-too-large"));
    world.nothing_arrived("9 KiB of cookies");
}

#[tokio::test]
async fn t43_no_answer_of_the_cluster_may_be_kept_by_a_cache() {
    let world = World::new().await;
    for target in [
        "/k8s/apis",
        "/k8s/api/v1/pods/x.css",
        "/k8s/api/v1/namespaces/a/pods?limit=1&x=.js",
    ] {
        for method in ["GET", "HEAD"] {
            let alice = world
                .ask(method, target)
                .cookie(&world.alice)
                .header("Range", "bytes=0-1")
                .send()
                .await;
            assert_eq!(alice.status, 200, "{target}");
            assert_eq!(
                alice.header("cache-control").as_deref(),
                Some("private, no-store"),
                "{target}"
            );
            assert_eq!(
                alice.header("vary").as_deref(),
                Some("Cookie, Authorization"),
                "{target}"
            );
            assert!(alice.header("accept-ranges").is_none() && alice.header("content-range").is_none());
            assert!(world.arrived().all("range").is_empty());
            let nobody = world.ask(method, target).send().await;
            assert_eq!(nobody.status, 401, "{target}");
            assert_eq!(nobody.header("cache-control").as_deref(), Some("private, no-store"));
            world.nothing_arrived("an anonymous read");
        }
    }
    let deception = world.get("/k8s/api;x.js").send().await;
    assert_eq!(deception.status, 400);
}

#[tokio::test]
async fn t44_page_without_a_session_has_no_data() {
    let world = World::new().await;
    let page = |ask: Ask| async move { ask.send().await.body };
    let (mine, nobodys) = (page(world.get("/")).await, page(world.ask("GET", "/")).await);
    assert_eq!(mine, nobodys);
    assert!(!mine.contains(ALICE));
}
