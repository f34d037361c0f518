//! What only holds with an Envoy in front: its own logs, its failing closed, and ways around it.

use std::time::{Duration, Instant};

use flowdeck_fronts::{Envoy, Places};
use tokio::net::{TcpListener, TcpSocket};

use crate::support::{ALICE, Ask, PASSWORD, World};

const PODS: &str = "/k8s/api/v1/namespaces/a/pods";

/// Envoy's request lines, once there are as many.
async fn access_log(world: &World, lines: usize) -> String {
    let envoy = world.front.as_ref().unwrap();
    for _ in 0..300 {
        let log = envoy.access_log();
        if log.lines().count() >= lines {
            return log;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("Envoy wrote no {lines} lines: {}", envoy.access_log());
}

#[tokio::test]
#[ignore = "through Envoy only"]
async fn t40_envoys_log_and_ours_have_no_secrets() {
    let world = World::new().await;
    let secrets = [
        world.alice.split_once('=').unwrap().1.to_owned(),
        "verysecret".to_owned(),
    ];
    let sign_in = format!("{{\"user\":\"{ALICE}\",\"password\":\"{PASSWORD}\"}}");
    world
        .post("/auth/sign-in?code=verysecret&state=verysecret")
        .body(sign_in)
        .send()
        .await;
    let bearer = world.get(PODS).header("Authorization", "Bearer verysecret");
    assert_eq!(bearer.send().await.status, 200);
    let exec = world
        .get(&format!("{PODS}/p/exec?command=verysecret"))
        .websocket(&world.origin());
    let protocol = "base64url.bearer.authorization.k8s.io.verysecret, v5.channel.k8s.io";
    assert_eq!(exec.header("Sec-WebSocket-Protocol", protocol).send().await.status, 403);
    world
        .get("/auth/oidc/callback?code=verysecret&state=verysecret&id_token=verysecret")
        .send()
        .await;
    // Two sign-ins by link, and these.
    let envoys = access_log(&world, 6).await;
    for log in [envoys, world.log_text(), world.front.as_ref().unwrap().said()] {
        for secret in &secrets {
            assert!(!log.contains(secret.as_str()), "{log}");
        }
        assert!(!log.contains(PASSWORD), "{log}");
    }
}

#[tokio::test]
#[ignore = "through Envoy only"]
async fn t41_no_request_forges_a_line_in_envoys_log_or_ours() {
    let world = World::new().await;
    for target in [
        "/k8s/api/v1/pods%0a%7b%22forged%22:1%7d",
        "/x%1b[31m%0d%0aforged",
        "/x\"},{\"forged\":\"1",
    ] {
        let ask = world.get(target).header("User-Agent", "a\x1b[2J\t{\"forged\":1}");
        ask.send().await;
    }
    let envoys = access_log(&world, 5).await;
    for line in envoys.lines().chain(world.log_text().lines()) {
        let read: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        assert!(read.get("forged").is_none(), "{line}");
        assert!(!line.contains('\x1b'), "{line}");
    }
}

/// An Envoy before an address that is no gateway.
async fn before(listener: &TcpListener) -> (Envoy, Ask) {
    let held = TcpSocket::new_v4().unwrap();
    held.set_reuseport(true).unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gateway = listener.local_addr().unwrap();
    let places = Places {
        listen: held.local_addr().unwrap(),
        gateway,
        pipelines: gateway,
    };
    let envoy =
        tokio::task::spawn_blocking(move || Envoy::start(places, crate::support::front::certificate()).unwrap());
    let envoy = envoy.await.unwrap();
    crate::support::front::is_an_envoy(envoy.address);
    let ask = Ask::new(envoy.address, "GET", PODS).cookie("__Host-flowdeck=x");
    (envoy, ask)
}

#[tokio::test]
#[ignore = "through Envoy only"]
async fn t46_gateway_that_is_slow_broken_or_gone_lets_nobody_through() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_envoy, ask) = before(&silent).await;
    let began = Instant::now();
    assert_eq!(ask.send().await.status, 503);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    let broken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_envoy, ask) = before(&broken).await;
    let answering = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut heads = Vec::new();
        while let Ok((mut socket, _)) = broken.accept().await {
            let mut head = vec![0; 8192];
            let read = socket.read(&mut head).await.unwrap();
            heads.push(String::from_utf8_lossy(&head[..read]).into_owned());
            let text = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.write_all(text.as_bytes()).await.unwrap();
            assert!(heads.iter().all(|head| head.contains(" /auth/check/k8s/")), "{heads:?}");
        }
    });
    assert_eq!(ask.send().await.status, 503);
    assert!(!answering.is_finished(), "only the check was asked");
    answering.abort();

    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_envoy, ask) = before(&gone).await;
    drop(gone);
    assert_eq!(ask.send().await.status, 503);
}

#[tokio::test]
#[ignore = "through Envoy only"]
async fn t47_way_around_envoy_leads_to_the_same_no() {
    let world = World::new().await;
    let past = |target: &str| Ask::new(world.gateway.running.address, "GET", target);
    for (name, value) in [
        ("kubeflow-userid", ALICE),
        ("x-auth-request-user", ALICE),
        ("x-forwarded-user", ALICE),
    ] {
        assert_eq!(past(PODS).header(name, value).send().await.status, 401, "{name}");
    }
    world.nothing_arrived("forged headers past Envoy");
    // Nor does the check answer people who ask for it through the front.
    let check = world.get(&format!("/auth/check{PODS}")).send().await;
    assert_eq!(check.status, 404);
    assert!(check.header("kubeflow-userid").is_none());
}

#[tokio::test]
#[ignore = "through Envoy only"]
async fn t42_other_back_ends_get_the_name_and_nothing_secret() {
    let world = World::new().await;
    let ask = world
        .get("/pipeline/apis/v2beta1/runs")
        .header("Authorization", "Bearer own");
    let ask = ask
        .header("kubeflow-userid", "admin@x")
        .header("kubeflow-groups", "admins");
    let ask = ask
        .header("X-Forwarded-Access-Token", "t")
        .header("X-Flowdeck-Secret", "s");
    assert_eq!(ask.send().await.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.target, "/apis/v2beta1/runs");
    assert_eq!(seen.all("kubeflow-userid"), [ALICE]);
    assert!(seen.all("kubeflow-groups").iter().all(|groups| groups.is_empty()));
    for name in [
        "cookie",
        "authorization",
        "x-forwarded-access-token",
        "x-flowdeck-secret",
    ] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
    let nobody = world
        .ask("GET", "/pipeline/apis/v2beta1/runs")
        .header("kubeflow-userid", ALICE);
    assert_eq!(nobody.send().await.status, 401);
    world.nothing_arrived("a stranger");
}
