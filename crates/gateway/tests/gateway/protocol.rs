//! Cases 37 and 45, and neighbours: limits, time, and what is told when things break.

use std::time::{Duration, Instant};

use crate::support::{Wire, World, raw};

const PODS: &str = "/k8s/api/v1/namespaces/a/pods";

#[tokio::test]
async fn t37_too_large_headers_give_431() {
    let world = World::new().await;
    let big = world.get(PODS).header("X-Big", &"x".repeat(33 * 1024)).send().await;
    assert_eq!(big.status, 431);
    big.refused(431, "headers-too-large", "33 KiB");
    let mut many = world.get(PODS);
    for at in 0..101 {
        many = many.header(&format!("X-{at}"), "y");
    }
    assert_eq!(many.send().await.status, 431);
    let huge = world.get(PODS).header("X-Huge", &"x".repeat(300 * 1024)).send().await;
    assert_eq!(huge.status, 431);
    world.nothing_arrived("large headers");
}

#[tokio::test]
async fn t37_too_large_bodies_give_413() {
    let world = World::with("--max-body-bytes 1000").await;
    let large = world
        .post(PODS)
        .cookie(&world.alice)
        .body("x".repeat(1001))
        .send()
        .await;
    assert_eq!((large.status, large.slug().as_str()), (413, "body-too-large"));
    let chunked = |size: usize| {
        let head = format!(
            "POST {PODS} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            world.alice
        );
        format!("{head}{size:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(size))
    };
    let address = world.door;
    assert_eq!(raw(address, chunked(1001).as_bytes()).await.status, 413);
    world.nothing_arrived("large bodies");
    assert_eq!(raw(address, chunked(1000).as_bytes()).await.status, 200);
    assert_eq!(world.arrived().body.len(), 1000);
}

#[tokio::test]
async fn t37_endless_upload_is_cut() {
    let world = World::with("--max-body-bytes 100000").await;
    let mut wire = Wire::connect(world.door).await;
    let head = format!(
        "POST {PODS} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        world.alice
    );
    wire.write(head.as_bytes()).await;
    for _ in 0..50 {
        wire.write(format!("1000\r\n{}\r\n", "x".repeat(4096)).as_bytes()).await;
    }
    assert_eq!(wire.head().await.status, 413);
    world.nothing_arrived("an endless upload");
}

#[tokio::test]
async fn t37_slow_headers_and_bodies_are_cut() {
    let world = World::with("--header-timeout 500ms --body-timeout 500ms").await;
    let began = Instant::now();
    let mut slow = Wire::connect(world.door).await;
    slow.write(b"GET /k8s/api HTTP/1.1\r\nHost: x\r\n").await;
    slow.rest().await;
    // In front of us it is Envoy's time that counts, 10 s as deployed.
    let limit = if world.front.is_some() { 13 } else { 5 };
    assert!(began.elapsed() < Duration::from_secs(limit), "{:?}", began.elapsed());
    let mut body = Wire::connect(world.door).await;
    let head = format!(
        "POST {PODS} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{{",
        world.alice
    );
    body.write(head.as_bytes()).await;
    assert_eq!(body.head().await.status, 408);
    world.nothing_arrived("slow requests");
}

#[tokio::test]
async fn t37_connection_that_does_not_say_which_http_it_speaks_is_cut() {
    let world = World::with("--header-timeout 500ms").await;
    // A `P` begins a POST or HTTP/2. At the gateway itself: in front of us such a connection is Envoy's.
    for beginning in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n"] {
        let began = Instant::now();
        let mut wire = Wire::connect(world.gateway.running.address).await;
        wire.write(beginning.as_bytes()).await;
        wire.rest().await;
        assert!(began.elapsed() < Duration::from_secs(5), "{beginning:?}");
    }
}

#[tokio::test]
async fn slow_bodies_of_one_user_hold_up_nobody_else() {
    let world = World::new().await;
    let head = format!(
        "POST {PODS} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        world.alice
    );
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut wire = Wire::connect(world.door).await;
        wire.write(head.as_bytes()).await;
        slow.push(wire);
    }
    // The gateway asks for a body when it is the request's turn.
    for wire in &mut slow[..8] {
        assert_eq!(wire.head().await.status, 100);
    }
    let other = world.post(PODS).cookie(&world.bob).body("{}").send();
    let other = tokio::time::timeout(Duration::from_secs(5), other).await;
    assert_eq!(other.expect("bob waits for alice").status, 200);
    // What waits its turn is not lost.
    for mut wire in slow {
        wire.write(b"{}").await;
        while wire.head().await.status == 100 {}
    }
}

#[tokio::test]
async fn connection_ends_with_a_refused_write_whose_body_nobody_read() {
    let world = World::new().await;
    // What is left of the body would be taken for the beginning of the next request.
    for (write, status) in [
        (world.ask("POST", PODS).body("{}"), 401),
        (world.ask("POST", PODS).cookie(&world.alice).body("{}"), 403),
        (world.ask("PUT", "/index.html").body("{}"), 405),
    ] {
        let mut wire = write.open().await;
        let answer = wire.answer().await;
        assert_eq!(
            (answer.status, answer.header("connection").as_deref()),
            (status, Some("close"))
        );
        assert_eq!(wire.rest().await, "");
    }
    let mut wire = world.ask("POST", PODS).open().await;
    assert_eq!(
        wire.answer().await.header("connection"),
        None,
        "without a body it goes on"
    );
}

#[tokio::test]
async fn t36_messages_with_two_lengths_are_refused() {
    let world = World::new().await;
    let head = format!(
        "POST {PODS} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\n",
        world.alice
    );
    for lines in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        " Content-Length: 5\r\n",
        "X: a\r\n folded\r\nTransfer-Encoding: xchunked\r\n",
    ] {
        let text = format!(
            "{head}{lines}\r\n0\r\n\r\nGET /k8s/api/v1/secrets HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n",
            world.alice
        );
        let mut wire = Wire::connect(world.door).await;
        wire.write(text.as_bytes()).await;
        let text = wire.rest().await;
        // 501 is Envoy's word for a coding that it does not know.
        let refused = text.starts_with("HTTP/1.1 4") || text.starts_with("HTTP/1.1 501");
        assert!(refused, "{lines}: {text}");
        // Envoy unfolds a line, and then what follows is no request.
        let answers = 1 + usize::from(world.front.is_some() && lines.starts_with(' '));
        assert_eq!(text.matches("HTTP/1.1 ").count(), answers, "{lines}: {text}");
        assert!(!text.contains(" 200 OK"), "{lines}: {text}");
    }
    world.nothing_arrived("messages with two lengths");
}

#[tokio::test]
async fn t36_lines_that_end_otherwise_and_old_versions_are_refused() {
    let world = World::new().await;
    let cookie = &world.alice;
    let after = format!("GET /k8s/api/v1/secrets HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    for head in [
        format!("GET {PODS} HTTP/1.1\nHost: x\nCookie: {cookie}\n\n"),
        format!("GET {PODS} HTTP/1.1\r\nHost: x\r\nX: y\nCookie: {cookie}\r\n\r\n"),
        format!("GET {PODS} HTTP/1.1\r\nHost: x\r\nX: y\rCookie: {cookie}\r\n\r\n"),
        format!(
            "POST {PODS} HTTP/1.0\r\nHost: x\r\nCookie: {cookie}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        format!("GET {PODS}\r\n\r\n"),
    ] {
        let mut wire = Wire::connect(world.door).await;
        if world.front.is_some() {
            // Envoy takes a bare line feed for an end, and writes what it read anew: one reading for all behind it.
            wire.write(head.as_bytes()).await;
            let answer = wire.head().await;
            let seen: Vec<_> = world.echo.take().into_iter().map(|seen| seen.target).collect();
            match answer.status {
                200 => assert_eq!((seen.len(), seen[0].as_str()), (1, &PODS[4..]), "{head}"),
                400..500 => assert!(seen.is_empty(), "{head}: {seen:?}"),
                status => panic!("{head}: {status}"),
            }
            continue;
        }
        wire.write(format!("{head}{after}").as_bytes()).await;
        let text = wire.rest().await;
        assert!(text.starts_with("HTTP/1.1 4"), "{head}: {text}");
        assert_eq!(text.matches("HTTP/1.").count(), 1, "{head}: {text}");
    }
    world.nothing_arrived("odd lines");
}

#[tokio::test]
async fn t36_bytes_before_an_upgrade_is_answered_are_no_second_request() {
    let world = World::new().await;
    let exec = "/k8s/api/v1/namespaces/a/pods/p/exec?command=sh";
    let hidden = format!(
        "GET /k8s/api/v1/secrets HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n",
        world.alice
    );
    // A body: refused, or not read as one.
    let ask = world.get(exec).websocket(&world.origin()).body(hidden.clone());
    let answer = ask.open().await.head().await;
    if answer.status == 101 {
        assert_eq!(world.arrived().target, "/api/v1/namespaces/a/pods/p/exec?command=sh");
    } else {
        assert_eq!(answer.status, 400);
        world.nothing_arrived("an upgrade with a body");
    }
    // Early bytes are the socket's, whatever they look like.
    let mut wire = world.get(exec).websocket(&world.origin()).open().await;
    wire.write(hidden.as_bytes()).await;
    assert_eq!(wire.head().await.status, 101);
    assert_eq!(wire.bytes(hidden.len()).await, hidden.as_bytes());
    assert_eq!(world.arrived().target, "/api/v1/namespaces/a/pods/p/exec?command=sh");
    // And where the upgrade is refused they are nothing, or a request like any other.
    let mut wire = world.get(exec).websocket("https://evil.example").open().await;
    wire.write(b"GET /k8s/api/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(wire.head().await.status, 403);
    world.nothing_arrived("a refused upgrade");
}

#[tokio::test]
async fn t36_connection_goes_on_after_a_refusal_that_was_clear() {
    let world = World::new().await;
    let mut wire = Wire::connect(world.door).await;
    assert_eq!(world.get("/k8s/metrics").on(&mut wire).await.status, 404);
    assert_eq!(world.get(PODS).on(&mut wire).await.status, 200);
    assert_eq!(world.arrived().all("impersonate-user"), [crate::support::ALICE]);
}

#[tokio::test]
async fn t37_compressed_body_is_not_unpacked() {
    let world = World::new().await;
    // 1 GiB of zeros would be as small as this; what it is is the cluster's to judge, or nobody's.
    let bomb = "\x1f\x08x".to_owned();
    let ask = world.post(PODS).cookie(&world.alice).header("Content-Encoding", "gzip");
    let answer = ask.body(bomb.clone()).send().await;
    if answer.status == 200 {
        assert_eq!(world.arrived().body, bomb);
    } else {
        assert!(matches!(answer.status, 400 | 415), "{answer:?}");
        world.nothing_arrived("a compressed body");
    }
}

#[tokio::test]
async fn t45_name_of_an_upstream_whose_certificate_is_wrong_is_not_told() {
    let world = World::changed("", |config| {
        if let flowdeck_gateway::config::Cluster::Address { url, .. } = &mut config.cluster {
            *url = url.to_string().replacen("http:", "https:", 1).parse().unwrap();
        }
    })
    .await;
    let answer = world.get(PODS).send().await;
    assert_eq!((answer.status, answer.slug().as_str()), (503, "upstream-unreachable"));
    for secret in ["tls", "ertificate", "handshake", "127.0.0.1", "record"] {
        assert!(!answer.body.contains(secret), "{}", answer.body);
    }
}

#[tokio::test]
async fn read_with_a_body_is_refused() {
    let world = World::new().await;
    assert_eq!(world.get(PODS).body("x").send().await.status, 400);
    world.nothing_arrived("a read with a body");
}

#[tokio::test]
async fn t45_what_breaks_inside_is_told_in_our_words() {
    let world = World::with("--upstream-timeout 500ms").await;
    for (target, status, slug) in [
        ("page-of-a-proxy", 502, "upstream-broken"),
        ("redirect", 502, "upstream-broken"),
        ("slow", 504, "upstream-timeout"),
    ] {
        let answer = world.get(&format!("{PODS}/{target}")).send().await;
        assert_eq!((answer.status, answer.slug().as_str()), (status, slug), "{target}");
        assert!(answer.header("location").is_none());
        for secret in ["internal", "10.1.2.3", "127.0.0.1", "html"] {
            assert!(!answer.body.contains(secret), "{target}: {}", answer.body);
        }
        assert!(answer.body.contains("\"kind\":\"Status\""), "{target}");
    }
    // The cluster's own refusals pass as they are.
    let gone = world.get(&format!("{PODS}/gone")).send().await;
    assert_eq!(
        (gone.status, gone.body.as_str()),
        (410, "{\"kind\":\"Status\",\"code\":410}")
    );

    world.echo.die();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = world.get(PODS).send().await;
    assert_eq!((answer.status, answer.slug().as_str()), (503, "upstream-unreachable"));
    assert!(
        !answer.body.contains("127.0.0.1") && !answer.body.contains("refused"),
        "{}",
        answer.body
    );
    assert_eq!(answer.header("retry-after").as_deref(), Some("2"));
    assert_eq!(world.get("/readyz").send().await.status, 503);
    assert_eq!(world.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn http2_is_held_to_the_same_rules() {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let world = World::new().await;
    let address = world.door;
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut send, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut ask = async |path: &str, cookie: &str| {
        let request = http::Request::get(format!("http://{address}{path}"))
            .header("cookie", "other=1")
            .header("cookie", cookie)
            .header("impersonate-user", "system:admin")
            .body(Empty::<bytes::Bytes>::new())
            .unwrap();
        let answer = send.send_request(request).await.unwrap();
        let status = answer.status().as_u16();
        answer.into_body().collect().await.unwrap();
        status
    };
    assert_eq!(ask(PODS, &world.alice).await, 200);
    assert_eq!(world.arrived().all("impersonate-user"), [crate::support::ALICE]);
    assert_eq!(ask(PODS, "flowdeck=none").await, 401);
    assert_eq!(ask("/k8s/api/v1/nodes/n/proxy", &world.alice).await, 403);
    assert_eq!(ask("/k8s/../x", &world.alice).await, 400);
    world.nothing_arrived("refusals over HTTP/2");
}
