//! Trusted headers: cases 1–6, 9, 10, 20, 22, 25, 41, 42 and 47 where a proxy in front names the user.

use std::time::{Duration, Instant};

use crate::support::{ALICE, Ask, World};

const TARGET: &str = "/k8s/api/v1/namespaces/a/pods";
const SECRET: &str = "a-secret-that-nobody-guesses";

/// A gateway that believes this machine, if it knows the secret.
async fn world(flags: &str) -> (World, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), format!("{SECRET}\n")).unwrap();
    let peer = if flags.contains("--trusted-header-peer") {
        ""
    } else {
        "--trusted-header-peer 127.0.0.0/8"
    };
    let file = dir.path().join("secret");
    let flags = format!("{peer} --trusted-header-secret-file {} {flags}", file.display());
    (World::with(&flags).await, dir)
}

fn named(ask: Ask, user: &str) -> Ask {
    ask.header("X-Flowdeck-Secret", SECRET).header("kubeflow-userid", user)
}

#[tokio::test]
async fn name_and_groups_of_a_trusted_proxy_reach_the_cluster() {
    let (world, _dir) = world("").await;
    let ask = named(world.ask("GET", TARGET), "carol@example.com").header("kubeflow-groups", "vision, speech,,vision");
    let answer = ask.header("kubeflow-groups", "music").send().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let seen = world.arrived();
    assert_eq!(seen.all("impersonate-user"), ["carol@example.com"]);
    assert_eq!(seen.all("impersonate-group"), ["vision", "speech", "music"]);
    for name in ["kubeflow-userid", "kubeflow-groups", "x-flowdeck-secret"] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
    let session = named(world.ask("GET", "/auth/session"), "carol@example.com")
        .send()
        .await;
    assert!(
        session.body.contains("\"user\":\"carol@example.com\""),
        "{}",
        session.body
    );
    // The proxy's word counts more than an old cookie; without a name the cookie counts.
    named(world.get(TARGET), "carol@example.com").send().await;
    assert_eq!(world.arrived().all("impersonate-user"), ["carol@example.com"]);
    world.get(TARGET).header("X-Flowdeck-Secret", SECRET).send().await;
    assert_eq!(world.arrived().all("impersonate-user"), [ALICE]);
}

#[tokio::test]
async fn t01_headers_without_the_secret_are_as_if_not_there() {
    let (world, _dir) = world("").await;
    let bare = || world.ask("GET", TARGET).header("kubeflow-userid", "admin@x");
    for (why, ask) in [
        ("no secret", bare()),
        ("an empty secret", bare().header("X-Flowdeck-Secret", "")),
        (
            "a wrong secret",
            bare().header("X-Flowdeck-Secret", "a-secret-that-nobody-guessed"),
        ),
        ("a part of it", bare().header("X-Flowdeck-Secret", &SECRET[..16])),
        (
            "more than it",
            bare().header("X-Flowdeck-Secret", &format!("{SECRET}x")),
        ),
        (
            "two secrets",
            bare()
                .header("X-Flowdeck-Secret", SECRET)
                .header("X-Flowdeck-Secret", "other"),
        ),
        ("another spelling", bare().header("X_Flowdeck_Secret", SECRET)),
        (
            "a secret in a cookie",
            bare().cookie(&format!("X-Flowdeck-Secret={SECRET}")),
        ),
    ] {
        let answer = ask.send().await;
        assert_eq!((answer.status, answer.slug().as_str()), (401, "signed-out"), "{why}");
        world.nothing_arrived(why);
    }
    // Case 2: with a session beside it, the session counts.
    let ask = world.get(TARGET).header("kubeflow-userid", "admin@x");
    assert_eq!(ask.header("kubeflow-groups", "admins").send().await.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.all("impersonate-user"), [ALICE]);
    assert!(seen.all("impersonate-group").is_empty());
}

#[tokio::test]
async fn t47_forged_headers_of_another_pod_are_dropped() {
    let (world, _dir) = world("--trusted-header-peer 10.0.0.0/8,fd00::/8,127.0.0.2").await;
    for header in ["X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Envoy-External-Address"] {
        // It even knows the secret, and claims to come from the proxy.
        let ask = named(world.ask("GET", TARGET), "admin@x").header(header, "10.0.0.1");
        let answer = ask.send().await;
        assert_eq!((answer.status, answer.slug().as_str()), (401, "signed-out"), "{header}");
    }
    world.nothing_arrived("forged headers");
}

#[tokio::test]
async fn t04_other_spellings_name_nobody() {
    let (world, _dir) = world("").await;
    for name in [
        "kubeflow_userid",
        "X-Auth-Request-User",
        "X-Forwarded-User",
        "X-Remote-User",
        "Impersonate-User",
        "X-Goog-Authenticated-User-Email",
    ] {
        let ask = world.ask("GET", TARGET).header("X-Flowdeck-Secret", SECRET);
        assert_eq!(ask.header(name, "admin@x").send().await.status, 401, "{name}");
    }
    world.nothing_arrived("other spellings");
    let shouted = world.ask("GET", TARGET).header("X-Flowdeck-Secret", SECRET);
    assert_eq!(shouted.header("KUBEFLOW-UserId", "carol@x").send().await.status, 200);
    assert_eq!(world.arrived().all("impersonate-user"), ["carol@x"]);
}

#[tokio::test]
async fn t05_t06_groups_and_impersonation_of_the_client_are_dropped() {
    let (world, _dir) = world("").await;
    let ask = named(world.ask("GET", TARGET), "carol@example.com")
        .header("Impersonate-User", "system:admin")
        .header("Impersonate-Group", "system:masters")
        .header("Impersonate-Uid", "0")
        .header("Impersonate-Extra-scopes", "all")
        .header("X-Auth-Request-Groups", "admins");
    assert_eq!(ask.send().await.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.all("impersonate-user"), ["carol@example.com"]);
    for name in ["impersonate-group", "impersonate-uid", "impersonate-extra-scopes"] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn t09_malformed_identities_are_refused() {
    let (world, _dir) = world("--allow-system-name system:serviceaccount:ci:bot").await;
    let long = "a".repeat(10_000);
    for user in [
        "a,b",
        "a b",
        "a\tb",
        "a\u{1b}[31m",
        "ä@example.com",
        "a@b@c",
        "system:serviceaccount:kube-system:x",
        "system:serviceaccount:ci:bot2",
        "System:serviceaccount:ci:bot",
        "system:masters",
        "<script>",
        "a\"b",
        &long,
    ] {
        let answer = named(world.ask("GET", TARGET), user).send().await;
        assert!(matches!(answer.status, 400 | 403), "{user:.40}: {}", answer.status);
        let session = named(world.ask("GET", "/auth/session"), user).send().await;
        assert!(matches!(session.status, 400 | 403), "{user:.40}: {}", session.status);
    }
    let two = named(world.ask("GET", TARGET), "carol@x").header("kubeflow-userid", "carol@x");
    assert_eq!(two.send().await.slug(), "identity-header");
    for groups in [
        "system:masters",
        "vision,system:masters",
        "System:Masters",
        "system:nodes",
        "a b",
        &long,
    ] {
        let ask = named(world.ask("GET", TARGET), "carol@x").header("kubeflow-groups", groups);
        assert_eq!(ask.send().await.slug(), "identity", "{groups:.40}");
    }
    let many: Vec<_> = (0..65).map(|at| format!("g{at}")).collect();
    let ask = named(world.ask("GET", TARGET), "carol@x").header("kubeflow-groups", &many.join(","));
    assert_eq!(ask.send().await.slug(), "identity");
    // Line breaks and NUL do not even get to be a header.
    for user in ["a\r\nImpersonate-User: admin", "a\0b"] {
        let answer = named(world.ask("GET", TARGET), user).send().await;
        if answer.status == 200 {
            assert_eq!(
                world.arrived().all("impersonate-user"),
                ["a"],
                "the line after it is another header"
            );
        } else {
            assert_eq!(answer.status, 400);
        }
    }
    world.nothing_arrived("malformed identities");
    let bot = named(world.ask("GET", TARGET), "system:serviceaccount:ci:bot")
        .send()
        .await;
    assert_eq!(bot.status, 200);
    assert_eq!(
        world.arrived().all("impersonate-user"),
        ["system:serviceaccount:ci:bot"]
    );
}

#[tokio::test]
async fn t10_t42_tokens_cookies_and_the_secret_go_no_further() {
    let (world, _dir) = world("").await;
    let ask = named(world.ask("GET", TARGET), "carol@x")
        .header("Authorization", "Bearer own")
        .header("X-Forwarded-Access-Token", "t")
        .cookie("oauth2_proxy=1");
    let answer = ask.send().await;
    assert_eq!(answer.status, 200);
    let seen = world.arrived();
    for name in [
        "authorization",
        "x-forwarded-access-token",
        "cookie",
        "x-flowdeck-secret",
    ] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
    assert_eq!(answer.header("cache-control").as_deref(), Some("private, no-store"));
}

#[tokio::test]
async fn t20_user_agent_of_a_probe_opens_nothing() {
    let (world, _dir) = world("").await;
    for agent in ["kube-probe/1.36", "GoogleHC/1.0", "kube-probe/GoogleHC", "Envoy/HC"] {
        for target in [TARGET, "/auth/session", "/auth/check/k8s/api"] {
            let answer = world.ask("GET", target).header("User-Agent", agent).send().await;
            assert_eq!(answer.status, 401, "{agent} {target}");
        }
    }
    world.nothing_arrived("probes");
}

#[tokio::test]
async fn t22_t25_writes_and_sockets_need_the_signs_of_our_page_all_the_same() {
    let (world, _dir) = world("").await;
    let write = |ask: Ask| named(ask, "carol@x").body("{}");
    let form = world.ask("POST", TARGET).header("Content-Type", "text/plain");
    assert_eq!(write(form).send().await.slug(), "custom-header");
    let sibling = world.post(TARGET).header("Sec-Fetch-Site", "same-site");
    assert_eq!(write(sibling).send().await.slug(), "cross-site");
    for origin in ["https://evil", "null"] {
        let socket = world
            .ask("GET", &format!("{TARGET}/p/exec?command=sh"))
            .websocket(origin);
        assert_eq!(named(socket, "carol@x").send().await.slug(), "origin", "{origin}");
    }
    world.nothing_arrived("requests of other sites");
    assert_eq!(write(world.post(TARGET)).send().await.status, 200);
    assert_eq!(world.arrived().all("impersonate-user"), ["carol@x"]);
    let exec = format!("{TARGET}/p/exec?command=sh");
    let socket = world.ask("GET", &exec).websocket(&world.origin());
    let answer = named(socket, "carol@x").open().await.head().await;
    assert_eq!(answer.status, 101);
    assert_eq!(world.arrived().all("impersonate-user"), ["carol@x"]);
}

#[tokio::test]
async fn stream_of_a_header_ends_in_time() {
    let (world, _dir) = world("--session-idle 1s").await;
    let watch = world.ask("GET", &format!("{TARGET}?watch=1"));
    let mut wire = named(watch, "carol@x").open().await;
    wire.until("\"n\":0}}\n").await;
    wire.until("0\r\n\r\n").await;
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn renewed_secret_takes_the_place_of_the_old_one() {
    let (world, dir) = world("").await;
    let fresh = "another-secret-that-nobody-guesses";
    std::fs::write(dir.path().join("secret"), fresh).unwrap();
    let status = async |secret: &str| {
        let ask = world.ask("GET", "/auth/session").header("kubeflow-userid", "carol@x");
        ask.header("X-Flowdeck-Secret", secret).send().await.status
    };
    let began = Instant::now();
    while status(fresh).await != 200 {
        assert!(began.elapsed() < Duration::from_secs(10), "the new secret is not taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(SECRET).await, 401);
    // A file that was emptied by mistake locks nobody out and lets nobody in.
    std::fs::write(dir.path().join("secret"), "").unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!((status(fresh).await, status("").await), (200, 401));
}

#[tokio::test]
async fn t41_name_from_a_header_cannot_forge_a_log_line() {
    let (world, _dir) = world("").await;
    named(world.ask("GET", TARGET), "a\u{1b}[31m{\"user\":\"root\"}")
        .send()
        .await;
    named(world.ask("GET", TARGET), "carol@x").send().await;
    let began = Instant::now();
    while !world.log_text().contains("\"user\":\"carol@x\"") {
        assert!(began.elapsed() < Duration::from_secs(5), "{}", world.log_text());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = world.log_text();
    assert!(!log.contains('\u{1b}') && !log.contains(SECRET), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok(), "{line}");
    }
}
