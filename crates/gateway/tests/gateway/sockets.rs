//! Case 39: a WebSocket of a browser is held to its size, its rate and its signs of life, and ends in time.

use std::time::{Duration, Instant};

use crate::support::{Wire, World};

const EXEC: &str = "/k8s/api/v1/namespaces/a/pods/p/exec?command=sh&stdin=true";

/// An exec's socket that is open at both ends.
async fn exec(world: &World) -> Wire {
    let ask = world.get(EXEC).websocket(&world.origin());
    let mut wire = ask.header("Sec-WebSocket-Protocol", "v5.channel.k8s.io").open().await;
    assert_eq!(wire.head().await.status, 101);
    world.echo.until_open(1).await;
    wire
}

/// A masked message; all it says is zeros.
fn message(length: u64) -> Vec<u8> {
    let mut bytes = vec![0x82, 0xff];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(std::iter::repeat_n(0, length as usize));
    bytes
}

/// Reads to the end, which has to be a close frame with this code.
async fn is_closed(wire: &mut Wire, code: u16) {
    let [high, low] = code.to_be_bytes();
    let told = wire.rest_bytes().await;
    assert!(
        told.ends_with(&[0x88, 2, high, low]),
        "{:?}",
        &told[told.len().saturating_sub(8)..]
    );
}

#[tokio::test]
async fn t39_message_above_the_limit_closes_both_sides() {
    let world = World::new().await;
    let mut wire = exec(&world).await;
    let whole = message(1024 * 1024);
    wire.write(&whole).await;
    assert_eq!(wire.bytes(whole.len()).await, whole, "a mebibyte passes");
    wire.write(&message(1024 * 1024 + 1)).await;
    is_closed(&mut wire, 1009).await;
    world.echo.until_open(0).await;
    // In parts, too.
    let mut wire = exec(&world).await;
    let mut first = message(600_000);
    first[0] = 0x02;
    wire.write(&first).await;
    wire.bytes(first.len()).await;
    let mut second = message(600_000);
    second[0] = 0x80;
    wire.write(&second).await;
    is_closed(&mut wire, 1009).await;
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn t39_too_many_messages_close_both_sides() {
    let world = World::new().await;
    let mut wire = exec(&world).await;
    let hundred = [0x82, 0x80, 0, 0, 0, 0].repeat(100);
    wire.write(&hundred).await;
    assert_eq!(wire.bytes(hundred.len()).await, hundred, "a hundred at once pass");
    for _ in 0..100 {
        wire.write(&hundred).await;
    }
    is_closed(&mut wire, 1008).await;
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn t39_silent_browser_is_taken_for_gone() {
    let world = World::changed("", |config| config.socket_pace.ping_every = Duration::from_millis(400)).await;
    let mut talking = exec(&world).await;
    for _ in 0..3 {
        assert_eq!(talking.bytes(2).await, [0x89, 0]);
        // A pong comes back from the echo, as would anything.
        talking.write(&[0x8a, 0x80, 0, 0, 0, 0]).await;
        assert_eq!(talking.bytes(6).await, [0x8a, 0x80, 0, 0, 0, 0]);
    }
    let began = Instant::now();
    assert_eq!(talking.rest_bytes().await, [0x89, 0]);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn t39_pace_of_every_gateway_closes_within_a_minute() {
    let world = World::new().await;
    let pace = world.gateway.running.gateway.config.socket_pace;
    assert!(2 * pace.ping_every <= Duration::from_secs(60));
    assert!(pace.message_limit_bytes <= 1024 * 1024 && pace.messages_per_s < 10_000);
}

#[tokio::test]
async fn t39_browser_that_vanishes_ends_the_exec() {
    let world = World::new().await;
    let wire = exec(&world).await;
    drop(wire);
    world.echo.until_open(0).await;
}

#[tokio::test]
async fn t39_sign_out_and_age_of_the_session_end_the_exec() {
    let world = World::new().await;
    let mut wire = exec(&world).await;
    let out = world.post("/auth/sign-out").cookie(&world.alice).body("{}");
    assert!(matches!(out.send().await.status, 200 | 204));
    wire.rest().await;
    world.echo.until_open(0).await;
    let world = World::with("--session-idle 3s --session-max 3s").await;
    let mut wire = exec(&world).await;
    let began = Instant::now();
    wire.rest().await;
    world.echo.until_open(0).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
