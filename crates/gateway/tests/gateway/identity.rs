//! Cases 1–8 and 42, 48: nobody can say who they are except by their session.

use crate::support::{ALICE, BOB, World};

const TARGET: &str = "/k8s/api/v1/namespaces/a/pods";

/// Header lines with which products upstream and downstream pass identity on.
const SPOOFS: [(&str, &str); 28] = [
    ("kubeflow-userid", "admin@x"),
    ("Kubeflow-UserId", "admin@x"),
    ("kubeflow_userid", "admin@x"),
    ("kubeflow-groups", "admins"),
    ("X_Auth_Request_User", "admin@x"),
    ("X-Auth-Request-User", "admin@x"),
    ("X-Auth-Request-Groups", "admins"),
    ("X-Auth-Request-Email", "admin@x"),
    ("X-Auth-Request-Access-Token", "t"),
    ("X-Forwarded-User", "admin@x"),
    ("X_Forwarded_User", "admin@x"),
    ("X-Forwarded-Email", "admin@x"),
    ("X-Forwarded-Groups", "admins"),
    ("X-Forwarded-Access-Token", "t"),
    ("X-Forwarded-Id-Token", "t"),
    ("X-Remote-User", "admin@x"),
    ("X-Remote-Group", "system:masters"),
    ("X-Remote-Extra-Scopes", "all"),
    ("X-Remote-Uid", "1"),
    ("X-Goog-Authenticated-User-Email", "admin@x"),
    ("X-Envoy-Internal", "true"),
    ("Impersonate-User", "system:admin"),
    ("IMPERSONATE-USER", "system:admin"),
    ("Impersonate-Group", "system:masters"),
    ("impersonate-group", "system:masters"),
    ("Impersonate-Uid", "0"),
    ("Impersonate-Extra-scopes", "all"),
    ("Impersonate_User", "system:admin"),
];

#[tokio::test]
async fn t01_trusted_header_without_session_gives_401() {
    let world = World::new().await;
    for (name, value) in SPOOFS {
        let answer = world.ask("GET", TARGET).header(name, value).send().await;
        answer.refused(401, "signed-out", name);
        let told = answer.body.contains("\"kind\":\"Status\"") && answer.body.contains("\"reason\":\"Unauthorized\"");
        assert!(told || name.contains('_'), "{name}: {}", answer.body);
    }
    world.nothing_arrived("headers without a session");
}

#[tokio::test]
async fn t02_to_06_identity_of_the_client_never_reaches_the_cluster() {
    let world = World::new().await;
    for (name, value) in SPOOFS {
        let answer = world.get(TARGET).header(name, value).header(name, "a,b").send().await;
        // What nginx and CGI would read as a dash, Envoy does not let in at all.
        if world.front.is_some() && name.contains('_') {
            assert_eq!(answer.status, 400, "{name}");
            world.nothing_arrived(name);
            continue;
        }
        assert_eq!(answer.status, 200, "{name}");
        let seen = world.arrived();
        assert_eq!(seen.all("impersonate-user"), [ALICE], "{name}");
        let foreign: Vec<_> = seen
            .headers
            .keys()
            .map(|k| k.as_str())
            .filter(|k| !matches!(*k, "host" | "impersonate-user" | "accept" | "content-length"))
            .collect();
        assert!(foreign.is_empty(), "{name} let {foreign:?} through");
    }
}

#[tokio::test]
async fn t03_two_copies_of_an_identity_header_are_both_dropped() {
    let world = World::new().await;
    let two = world
        .get(TARGET)
        .header("kubeflow-userid", "admin@x")
        .header("kubeflow-userid", "root@x");
    assert_eq!(two.send().await.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.all("impersonate-user"), [ALICE]);
    assert!(seen.all("kubeflow-userid").is_empty());
}

#[tokio::test]
async fn t04_header_name_with_a_trailing_space_is_not_http() {
    let world = World::new().await;
    let answer = world.get(TARGET).header("kubeflow-userid ", "admin@x").send().await;
    assert_eq!(answer.status, 400);
    world.nothing_arrived("a header name with a space");
}

#[tokio::test]
async fn t05_groups_are_those_of_the_account() {
    let world = World::new().await;
    world
        .get(TARGET)
        .header("kubeflow-groups", "admins")
        .header("Impersonate-Group", "admins")
        .send()
        .await;
    assert!(world.arrived().all("impersonate-group").is_empty());
    world
        .ask("GET", TARGET)
        .cookie(&world.bob)
        .header("Impersonate-Group", "admins")
        .send()
        .await;
    assert_eq!(world.arrived().all("impersonate-group"), ["vision"]);
}

#[tokio::test]
async fn t07_websocket_protocol_with_an_identity_is_refused() {
    let world = World::new().await;
    for protocol in [
        "Impersonate-User.YWRtaW4=",
        "v4.channel.k8s.io, Impersonate-User.YWRtaW4",
        "base64url.bearer.authorization.k8s.io.dG9rZW4, v4.channel.k8s.io",
        "anything",
        "stream.flowdeck.dev, v4.channel.k8s.io",
        "",
    ] {
        let ask = world
            .get(&format!("{TARGET}/p/exec?command=sh"))
            .websocket(&world.origin());
        let answer = ask.header("Sec-WebSocket-Protocol", protocol).send().await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (403, "subprotocol"),
            "{protocol}"
        );
    }
    world.nothing_arrived("identity in a sub-protocol");
}

#[tokio::test]
async fn t08_connection_header_cannot_strip_the_identity() {
    let world = World::new().await;
    let listed = "impersonate-user, impersonate-group, authorization, kubeflow-userid, close";
    let answer = world
        .ask("GET", TARGET)
        .cookie(&world.bob)
        .header("Connection", listed)
        .send()
        .await;
    assert_eq!(answer.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.all("impersonate-user"), [BOB]);
    assert_eq!(seen.all("impersonate-group"), ["vision"]);
    assert!(seen.all("connection").iter().all(|v| !v.contains("impersonate")));
}

#[tokio::test]
async fn t10_token_of_the_client_is_never_forwarded() {
    let world = World::new().await;
    assert_eq!(
        world
            .get(TARGET)
            .header("Authorization", "Bearer own")
            .send()
            .await
            .status,
        200
    );
    assert!(world.arrived().all("authorization").is_empty());
    let alone = world
        .ask("GET", TARGET)
        .header("Authorization", "Bearer own")
        .send()
        .await;
    assert_eq!(alone.status, 401);
}

#[tokio::test]
async fn t42_cluster_never_receives_a_cookie() {
    let world = World::new().await;
    let post = world
        .post(TARGET)
        .cookie(&format!("{}; other=1", world.alice))
        .body("{}");
    assert_eq!(post.send().await.status, 200);
    let seen = world.arrived();
    for name in [
        "cookie",
        "authorization",
        "x-forwarded-access-token",
        "x-flowdeck",
        "origin",
        "referer",
    ] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
    assert_eq!(seen.body, "{}");
}

#[tokio::test]
async fn t42_gateway_presents_its_own_token_and_rereads_it() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    std::fs::write(&token, "the-gateways-own").unwrap();
    let world = World::with(&format!("--upstream-token-file {}", token.display())).await;
    world.get(TARGET).header("Authorization", "Bearer own").send().await;
    let seen = world.arrived();
    assert_eq!(seen.all("authorization"), ["Bearer the-gateways-own"]);
    assert_eq!(seen.all("impersonate-user"), [ALICE]);
}

#[tokio::test]
async fn t48_two_users_on_one_connection_never_mix() {
    let world = World::new().await;
    let mut wire = crate::support::Wire::connect(world.door).await;
    for turn in 0..20 {
        let (cookie, user) = if turn % 2 == 0 {
            (&world.alice, ALICE)
        } else {
            (&world.bob, BOB)
        };
        let answer = world.ask("GET", TARGET).cookie(cookie).on(&mut wire).await;
        assert!(answer.body.contains(&format!("\"user\":\"{user}\"")), "{}", answer.body);
        assert_eq!(world.arrived().all("impersonate-user"), [user]);
        let nobody = world.ask("GET", TARGET).on(&mut wire).await;
        assert_eq!(nobody.status, 401);
    }
}

#[tokio::test]
async fn t48_lost_right_is_felt_at_the_next_request() {
    let world = World::new().await;
    let mut wire = crate::support::Wire::connect(world.door).await;
    assert_eq!(world.get(TARGET).on(&mut wire).await.status, 200);
    let denied = world.get(&format!("{TARGET}/forbidden")).on(&mut wire).await;
    assert_eq!(denied.status, 403);
    assert!(denied.slug().is_empty(), "the cluster said no, not the gateway");
    // Every request asks the cluster: nothing was answered from memory.
    assert_eq!(world.get(TARGET).on(&mut wire).await.status, 200);
    assert_eq!(world.echo.take().len(), 3);
}

#[tokio::test]
async fn cookie_of_another_application_does_not_hide_the_session() {
    let world = World::new().await;
    for other in ["name=caf\u{e9}", "\u{e9}", "=", "a=\"b; c\""] {
        let both = format!("{other}; {}; {other}", world.alice);
        let answer = world.ask("GET", "/auth/session").cookie(&both).send().await;
        assert_eq!(answer.status, 200, "{other}");
    }
}
