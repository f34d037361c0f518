//! Logs, metrics and health.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::net::TcpListener;

use crate::support::{ALICE, Ask, PASSWORD, Wire, World, folder};

#[tokio::test]
async fn each_request_is_one_line_without_secrets() {
    let world = World::new().await;
    let target = "/k8s/apis/kubeflow.org/v1/namespaces/a/notebooks/mine?secret=in-the-query";
    world
        .get(target)
        .header("Authorization", "Bearer own-token")
        .send()
        .await;
    let body = format!("{{\"user\":\"{ALICE}\",\"password\":\"{PASSWORD}\"}}");
    world.post("/auth/sign-in").body(body).send().await;
    world
        .get("/k8s/api/v1/pods%0a%1b[31m")
        .header("User-Agent", "x\u{1b}[31m")
        .send()
        .await;
    world.get("/k8s/api/v1/namespaces/a/pods/p/exec").send().await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let log = world.log_text();
    for secret in ["in-the-query", "own-token", PASSWORD, &world.alice[9..], "#sign-in"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert!(!log.contains('\u{1b}'));
    let line = log.lines().find(|line| line.contains("\"name\":\"mine\"")).unwrap();
    for part in [
        "\"user\":\"alice@example.com\"",
        "\"verb\":\"get\"",
        "\"group\":\"kubeflow.org\"",
        "\"version\":\"v1\"",
        "\"resource\":\"notebooks\"",
        "\"namespace\":\"a\"",
        "\"status\":200",
        "\"bytes\":",
        "\"ms\":",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok())
    );
    assert!(log.contains("\"rejection\":\"websocket-only\""), "{log}");
}

#[tokio::test]
async fn metrics_are_on_their_own_address_only() {
    let world = World::with("--metrics-listen 127.0.0.1:0").await;
    world.get("/k8s/api").send().await;
    world.ask("GET", "/k8s/api").send().await;
    let mut wire = world.get("/k8s/api/v1/pods?watch=1").open().await;
    wire.until("\"n\":0}}\n").await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(world.get("/metrics").send().await.status, 404);
    let address = world.gateway.running.metrics_address.unwrap();
    let page = Ask::new(address, "GET", "/metrics").send().await.body;
    for line in [
        "flowdeck_sessions 2\n",
        "flowdeck_streams 1\n",
        "flowdeck_requests_total{route=\"k8s\",code=\"200\"} 1\n",
        "flowdeck_requests_total{route=\"k8s\",code=\"401\"} 1\n",
        "flowdeck_rejections_total{why=\"signed-out\"} 1\n",
        "flowdeck_sign_ins_total{way=\"link\",result=\"ok\"} 2\n",
    ] {
        assert!(page.contains(line), "{line} in {page}");
    }
    assert_eq!(Ask::new(address, "GET", "/").send().await.status, 404);
}

#[tokio::test]
async fn health_needs_no_session_and_asks_the_cluster_as_nobody() {
    let world = World::new().await;
    assert_eq!(world.ask("GET", "/healthz").send().await.body, "ok\n");
    assert_eq!(world.ask("GET", "/readyz").send().await.status, 200);
    let seen = world.arrived();
    assert_eq!(seen.target, "/version");
    // A crowd of health checks does not reach the cluster.
    for _ in 0..10 {
        world.ask("GET", "/readyz").send().await;
    }
    world.nothing_arrived("remembered readiness");
    assert_eq!(world.ask("POST", "/healthz").send().await.status, 405);
}

#[tokio::test]
async fn crowd_of_health_checks_asks_a_slow_cluster_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let cluster = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            // It hangs for a while, then breaks off.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                drop(socket);
            });
        }
    });
    let dir = folder();
    let gateway = World::start(dir.path(), &url, "", &Arc::new(Mutex::new(Vec::new()))).await;
    let crowd = (0..20).map(|_| Ask::new(gateway.running.address, "GET", "/readyz").send());
    for answer in futures::future::join_all(crowd).await {
        assert_eq!(answer.status, 503);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    cluster.abort();
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let dir = folder();
    let gateway = World::start(dir.path(), "http://127.0.0.1:1", "--max-connections 1", &Arc::default()).await;
    let address = gateway.running.address;
    let mut first = Wire::connect(address).await;
    first.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(first.head().await.status, 200);
    let mut second = Box::pin(Ask::new(address, "GET", "/healthz").send());
    let early = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
    assert!(early.is_err(), "there is only one place");
    drop(first);
    assert_eq!(second.await.status, 200);
}
