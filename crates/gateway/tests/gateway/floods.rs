//! Cases 36 and 38 in HTTP/2: frames that ask for more work than they are, and what HTTP/1 could not carry.

use crate::support::{
    World,
    h2::{CONTINUATION, DATA, END_HEADERS, END_STREAM, H2, HEADERS, RST_STREAM, block, frame, lines},
};

const PODS: &str = "/k8s/api/v1/namespaces/a/pods";
/// More than any limit in the way, and written until nobody takes it any more.
const MANY: u32 = 20_000;

/// Writes a flood in pieces, and expects to be sent away for it.
async fn is_refused(world: &World, what: &str, first: &[u8], mut piece: impl FnMut(u32) -> Vec<u8>) {
    let mut h2 = H2::connect(world.door).await;
    let mut taken = h2.write(first).await;
    for at in 0..MANY / 100 {
        let hundred: Vec<u8> = (0..100).flat_map(|one| piece(at * 100 + one)).collect();
        taken = taken && h2.write(&hundred).await;
        tokio::task::yield_now().await;
    }
    h2.is_sent_away().await;
    let other = world.get(PODS).send().await;
    assert_eq!(other.status, 200, "others are served after {what}");
}

#[tokio::test]
async fn t38_streams_that_are_opened_and_reset_end_the_connection() {
    let world = World::new().await;
    let head = block(&lines("GET", PODS, &world.alice));
    let opened_and_reset = |at: u32| {
        let stream = 2 * at + 1;
        let mut both = frame(HEADERS, END_HEADERS | END_STREAM, stream, &head);
        both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        both
    };
    is_refused(&world, "rapid resets", &[], opened_and_reset).await;
}

#[tokio::test]
async fn t38_endless_header_block_ends_the_connection() {
    let world = World::new().await;
    let head = frame(HEADERS, END_STREAM, 1, &block(&lines("GET", PODS, &world.alice)));
    let line = block(&[("x-more", &"y".repeat(200))]);
    is_refused(&world, "endless headers", &head, |_| frame(CONTINUATION, 0, 1, &line)).await;
    is_refused(&world, "empty continuations", &head, |_| frame(CONTINUATION, 0, 1, &[])).await;
}

#[tokio::test]
async fn t38_empty_data_frames_end_the_connection() {
    let world = World::new().await;
    let mut lines = lines("POST", PODS, &world.alice);
    lines.extend([("x-flowdeck", "1"), ("content-type", "application/json")]);
    let head = frame(HEADERS, END_HEADERS, 1, &block(&lines));
    is_refused(&world, "empty data", &head, |_| frame(DATA, 0, 1, &[])).await;
}

#[tokio::test]
async fn t36_what_http1_cannot_carry_does_not_come_in_by_http2() {
    let world = World::new().await;
    let (good, cookie) = (PODS.to_owned(), world.alice.clone());
    let with = |name: &'static str, value: &'static str| {
        let mut lines = lines("GET", &good, &cookie);
        lines.push((name, value));
        block(&lines)
    };
    let blocks = [
        with("x", "a\r\nx-injected: y"),
        with("x", "a\nb"),
        with("x", "a\0b"),
        with("x\r\ny", "a"),
        with("transfer-encoding", "chunked"),
        with("connection", "close"),
        block(&lines("GET", "/k8s/api/v1/pods HTTP/1.1\r\nx: y", &cookie)),
        block(&lines("GET", "/k8s/api/v1/pods x", &cookie)),
        block(&lines("GET / HTTP/1.1\r\nx: y\r\n\r\n", &good, &cookie)),
    ];
    for block in blocks {
        let mut h2 = H2::connect(world.door).await;
        h2.write(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).await;
        h2.until_answer(1).await;
        world.nothing_arrived(&String::from_utf8_lossy(&block));
    }
    let mut h2 = H2::connect(world.door).await;
    let head = block(&lines("GET", PODS, &cookie));
    h2.write(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &head)).await;
    assert_eq!(h2.until_answer(1).await, Some(HEADERS));
    assert_eq!(world.arrived().all("impersonate-user"), [crate::support::ALICE]);
}
