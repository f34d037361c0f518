//! Streams pass at once, stop when they must, and are counted.

use std::time::{Duration, Instant};

use crate::support::{Wire, World};

const WATCH: &str = "/k8s/apis/kubeflow.org/v1/namespaces/a/notebooks?watch=true";
const ENDLESS: &str = "/k8s/api/v1/namespaces/a/pods/endless/log?follow=true";

#[tokio::test]
async fn line_arrives_before_the_next_one_is_written() {
    let world = World::new().await;
    let mut wire = world
        .get("/k8s/apis/kubeflow.org/v1/namespaces/held/notebooks?watch=true")
        .open()
        .await;
    assert_eq!(wire.head().await.status, 200);
    wire.until("\"n\":0}}\n").await;
    world.echo.release();
    wire.until("\"n\":1}}\n").await;
    assert_eq!(world.echo.open(), 1);
}

#[tokio::test]
async fn browser_that_leaves_ends_the_stream_at_the_cluster() {
    let world = World::new().await;
    let mut wire = world.get(WATCH).open().await;
    wire.until("\"n\":1}}\n").await;
    world.echo.until_open(1).await;
    drop(wire);
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn slow_reader_slows_the_cluster_down() {
    let world = World::new().await;
    let mut wire = world.get(ENDLESS).open().await;
    wire.head().await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let held = world.echo.sent();
    tokio::time::sleep(Duration::from_millis(400)).await;
    // Nothing moves while nobody reads, and what is under way is what sockets hold.
    assert!(
        world.echo.sent() - held < 1024 * 1024,
        "{} to {}",
        held,
        world.echo.sent()
    );
    assert!(held < 32 * 1024 * 1024, "{held} bytes are under way");
    drop(wire);
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn t31_sign_out_ends_streams_and_the_session() {
    let world = World::new().await;
    let mut alice = world.get(WATCH).open().await;
    let mut bob = world.ask("GET", WATCH).cookie(&world.bob).open().await;
    alice.until("\"n\":1}}\n").await;
    bob.until("\"n\":1}}\n").await;
    let answer = world
        .post("/auth/sign-out")
        .cookie(&world.alice)
        .body("{}")
        .send()
        .await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    // A clean end: the last chunk, then silence.
    alice.until("0\r\n\r\n").await;
    world.echo.until_open(1).await;
    assert_eq!(world.get("/auth/session").send().await.status, 401);
    assert_eq!(
        world.ask("GET", "/auth/session").cookie(&world.bob).send().await.status,
        200
    );
}

#[tokio::test]
async fn t38_streams_of_one_user_are_limited_and_others_are_not() {
    let world = World::with("--max-streams-per-user 3").await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut wire = world.get(WATCH).open().await;
        assert_eq!(wire.head().await.status, 200);
        open.push(wire);
    }
    let fourth = world.get(WATCH).send().await;
    assert_eq!((fourth.status, fourth.slug().as_str()), (429, "too-many-streams"));
    assert_eq!(fourth.header("retry-after").as_deref(), Some("1"));
    let socket = world.get(WATCH).websocket(&world.origin()).send().await;
    assert_eq!(socket.status, 429);
    // Plain requests and other users go on.
    assert_eq!(world.get("/k8s/api").send().await.status, 200);
    let mut bob = world.ask("GET", WATCH).cookie(&world.bob).open().await;
    assert_eq!(bob.head().await.status, 200);
    drop(open.pop());
    world.echo.until_open(3).await;
    let mut again = world.get(WATCH).open().await;
    assert_eq!(again.head().await.status, 200);
}

#[tokio::test]
async fn t38_thousand_watches_of_one_user_are_as_many_as_are_allowed() {
    let world = World::new().await;
    let allowed = world.gateway.running.gateway.config.limits.streams_per_user;
    let mut open = Vec::new();
    for _ in 0..allowed {
        let mut wire = world.get(WATCH).open().await;
        assert_eq!(wire.head().await.status, 200);
        open.push(wire);
    }
    let mut wire = world.get(WATCH).open().await;
    for _ in allowed..1000 {
        assert_eq!(wire.answer().await.status, 429);
        wire = world.get(WATCH).again(wire).await;
    }
    assert_eq!(world.echo.open(), allowed);
    let mut bob = world.ask("GET", WATCH).cookie(&world.bob).open().await;
    assert_eq!(bob.head().await.status, 200);
}

#[tokio::test]
async fn shutdown_ends_streams_within_seconds() {
    let world = World::new().await;
    let mut wire = world.get(WATCH).open().await;
    wire.until("\"n\":1}}\n").await;
    let mut socket = world
        .get("/k8s/api/v1/namespaces/a/pods/p/exec")
        .websocket(&world.origin())
        .open()
        .await;
    assert_eq!(socket.head().await.status, 101);
    let began = Instant::now();
    world.gateway.stop().await;
    wire.until("0\r\n\r\n").await;
    wire.rest().await;
    socket.rest().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn websocket_is_relayed_both_ways_and_ends_with_the_session() {
    let world = World::new().await;
    let target = "/k8s/api/v1/namespaces/a/pods/p/exec?command=sh";
    let ask = world
        .get(target)
        .websocket(&world.origin())
        .header("Sec-WebSocket-Protocol", "v5.channel.k8s.io");
    let mut wire = ask.header("Impersonate-User", "system:admin").open().await;
    let head = wire.head().await;
    assert_eq!(head.status, 101);
    assert_eq!(head.header("upgrade").as_deref(), Some("websocket"));
    assert_eq!(
        head.header("sec-websocket-accept").as_deref(),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    let seen = world.arrived();
    assert_eq!(seen.target, "/api/v1/namespaces/a/pods/p/exec?command=sh");
    assert_eq!(seen.all("impersonate-user"), [crate::support::ALICE]);
    assert_eq!(seen.all("sec-websocket-protocol"), ["v5.channel.k8s.io"]);
    assert!(seen.all("cookie").is_empty() && seen.all("origin").is_empty());
    wire.write(&[0x82, 0x00, 0xff, 0x01]).await;
    assert_eq!(wire.bytes(4).await, [0x82, 0x00, 0xff, 0x01]);
    world
        .post("/auth/sign-out")
        .cookie(&world.alice)
        .body("{}")
        .send()
        .await;
    wire.rest().await;
    world.echo.until_open(0).await;
}

/// One unmasked frame of a server: its first byte and its payload.
async fn frame(wire: &mut Wire) -> (u8, Vec<u8>) {
    let head = wire.bytes(2).await;
    let length = match head[1] {
        126 => {
            let long = wire.bytes(2).await;
            usize::from(long[0]) << 8 | usize::from(long[1])
        }
        short => usize::from(short),
    };
    (head[0], wire.bytes(length).await)
}

async fn stream_socket(world: &World, target: &str) -> Wire {
    let ask = world
        .get(target)
        .websocket(&world.origin())
        .header("Sec-WebSocket-Protocol", "stream.flowdeck.dev");
    let mut wire = ask.open().await;
    let head = wire.head().await;
    assert_eq!(head.status, 101);
    assert_eq!(
        head.header("sec-websocket-protocol").as_deref(),
        Some("stream.flowdeck.dev")
    );
    wire
}

#[tokio::test]
async fn watch_over_a_websocket_carries_the_same_bytes() {
    let world = World::new().await;
    let mut wire = stream_socket(&world, WATCH).await;
    let (kind, payload) = frame(&mut wire).await;
    assert_eq!((kind, payload.len()), (0x82, 0), "accepted");
    for at in 0..2 {
        let (kind, payload) = frame(&mut wire).await;
        assert_eq!(kind, 0x82);
        assert_eq!(
            payload,
            format!("{{\"type\":\"ADDED\",\"object\":{{\"n\":{at}}}}}\n").as_bytes()
        );
    }
    let seen = world.arrived();
    assert!(
        seen.all("upgrade").is_empty() && seen.all("sec-websocket-key").is_empty(),
        "a plain request"
    );
    assert_eq!(seen.all("impersonate-user"), [crate::support::ALICE]);
    drop(wire);
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn refused_watch_over_a_websocket_says_why() {
    let world = World::new().await;
    for (target, code) in [("gone", 4410_u16), ("forbidden", 4403)] {
        let mut wire = stream_socket(&world, &format!("/k8s/api/v1/namespaces/{target}/pods?watch=1")).await;
        let (kind, payload) = frame(&mut wire).await;
        assert_eq!(kind, 0x81, "{}", String::from_utf8_lossy(&payload));
        assert!(String::from_utf8_lossy(&payload).contains("\"kind\":\"Status\""));
        let (kind, payload) = frame(&mut wire).await;
        assert_eq!((kind, u16::from_be_bytes([payload[0], payload[1]])), (0x88, code));
    }
    let mut wire = stream_socket(&world, WATCH).await;
    for _ in 0..3 {
        frame(&mut wire).await;
    }
    world
        .post("/auth/sign-out")
        .cookie(&world.alice)
        .body("{}")
        .send()
        .await;
    assert_eq!(closed(&mut wire).await, 4401);
    world.echo.until_open(0).await;
    // And who comes back without a session learns it, which the status of a failed opening would not tell a page.
    let mut again = stream_socket(&world, WATCH).await;
    let (kind, status) = frame(&mut again).await;
    assert!(kind == 0x81 && String::from_utf8_lossy(&status).contains("\"reason\":\"Unauthorized\""));
    assert_eq!(closed(&mut again).await, 4401);
    assert_eq!(world.echo.take().len(), 3);
}

/// The close code.
async fn closed(wire: &mut Wire) -> u16 {
    let (kind, payload) = frame(wire).await;
    assert_eq!(kind, 0x88, "{}", String::from_utf8_lossy(&payload));
    u16::from_be_bytes([payload[0], payload[1]])
}
