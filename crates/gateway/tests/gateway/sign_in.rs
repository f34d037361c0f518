//! Signing in, staying signed in, and being signed out.

use std::time::{Duration, Instant};

use crate::support::{ALICE, Ask, PASSWORD, World, users};

fn with_password(world: &World, user: &str, password: &str) -> Ask {
    world
        .post("/auth/sign-in")
        .body(format!("{{\"user\":\"{user}\",\"password\":\"{password}\"}}"))
}

#[tokio::test]
async fn right_password_opens_a_session_and_a_wrong_one_does_not() {
    let world = World::new().await;
    let good = with_password(&world, ALICE, PASSWORD).send().await;
    assert_eq!(good.status, 200);
    assert_eq!(
        good.body,
        format!("{{\"user\":\"{ALICE}\",\"groups\":[],\"cluster\":\"cluster\"}}")
    );
    let session = world.ask("GET", "/auth/session").cookie(&good.cookie()).send().await;
    assert_eq!(session.body, good.body);
    for (user, password) in [(ALICE, "wrong"), ("nobody@example.com", PASSWORD), ("", "")] {
        let bad = with_password(&world, user, password).send().await;
        assert_eq!((bad.status, bad.slug().as_str()), (401, "bad-credentials"));
        assert!(bad.header("set-cookie").is_none());
    }
    for body in ["", "[]", "{\"user\":1}"] {
        assert_eq!(
            world.post("/auth/sign-in").body(body).send().await.status,
            400,
            "{body}"
        );
    }
}

#[tokio::test]
async fn unknown_user_takes_about_as_long_as_a_wrong_password() {
    let world = World::new().await;
    let time = |user: &'static str| {
        let ask = with_password(&world, user, "wrong");
        async move {
            let began = Instant::now();
            ask.send().await;
            began.elapsed()
        }
    };
    time("warm@example.com").await;
    let (known, unknown) = (time(ALICE).await, time("nobody@example.com").await);
    assert!(unknown > known / 4 && known > unknown / 4, "{known:?} and {unknown:?}");
}

#[tokio::test]
async fn link_signs_in_once() {
    let world = World::new().await;
    let token = world.gateway.links[0].1.split_once("#sign-in=").unwrap().1;
    let again = world
        .post("/auth/link")
        .body(format!("{{\"token\":\"{token}\"}}"))
        .send()
        .await;
    assert_eq!((again.status, again.slug().as_str()), (401, "bad-link"));
}

#[tokio::test]
async fn t31_session_id_changes_at_sign_in_and_the_old_one_is_over() {
    let world = World::new().await;
    let planted = "flowdeck=planted-by-somebody-else";
    let first = with_password(&world, ALICE, PASSWORD).cookie(planted).send().await;
    assert_eq!(first.status, 200);
    assert_ne!(first.cookie(), planted);
    assert_eq!(
        world.ask("GET", "/auth/session").cookie(planted).send().await.status,
        401
    );
    let second = with_password(&world, ALICE, PASSWORD)
        .cookie(&first.cookie())
        .send()
        .await;
    assert_ne!(second.cookie(), first.cookie());
    assert_eq!(
        world
            .ask("GET", "/auth/session")
            .cookie(&first.cookie())
            .send()
            .await
            .status,
        401
    );
    assert_eq!(
        world
            .ask("GET", "/auth/session")
            .cookie(&second.cookie())
            .send()
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let world = World::new().await;
    let mut last = None;
    for _ in 0..9 {
        last = Some(with_password(&world, ALICE, "wrong").send().await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.slug().as_str()), (429, "sign-in-too-often"));
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() > 200);
    // Not even the right password is looked at; another user's is.
    assert_eq!(with_password(&world, ALICE, PASSWORD).send().await.status, 429);
    assert_eq!(
        with_password(&world, crate::support::BOB, "bob has another one")
            .send()
            .await
            .status,
        200
    );
    // Sessions that are open go on.
    assert_eq!(world.get("/auth/session").send().await.status, 200);
}

#[tokio::test]
async fn guessing_in_parallel_is_slowed_down_too() {
    let world = World::new().await;
    let all = (0..20).map(|_| with_password(&world, ALICE, "wrong").send());
    let answers = futures::future::join_all(all).await;
    let looked_at = answers.iter().filter(|a| a.status == 401).count();
    assert!(looked_at <= 8, "{looked_at} guesses were looked at");
}

#[tokio::test]
async fn new_password_ends_sessions_and_their_streams() {
    let world = World::new().await;
    let mut wire = world.get("/k8s/api/v1/pods?watch=true").open().await;
    wire.until("\"n\":1}}\n").await;
    std::fs::write(world.dir.path().join("users.toml"), users("a new password") + "\n").unwrap();
    wire.until("0\r\n\r\n").await;
    assert_eq!(world.get("/auth/session").send().await.status, 401);
    assert_eq!(with_password(&world, ALICE, PASSWORD).send().await.status, 401);
    assert_eq!(with_password(&world, ALICE, "a new password").send().await.status, 200);
}

#[tokio::test]
async fn broken_users_file_leaves_people_signed_in() {
    let world = World::new().await;
    std::fs::write(world.dir.path().join("users.toml"), "[[user]]\nname = ").unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(world.get("/auth/session").send().await.status, 200);
}

#[tokio::test]
async fn idle_session_ends_and_reconnecting_streams_do_not_keep_it() {
    let world = World::with("--session-idle 2s").await;
    let mut wire = world.get("/k8s/api/v1/pods?watch=true").open().await;
    wire.until("\"n\":0}}\n").await;
    wire.until("0\r\n\r\n").await;
    assert_eq!(world.get("/auth/session").send().await.status, 401);
}

#[tokio::test]
async fn restart_signs_nobody_out() {
    let state = tempfile::tempdir().unwrap();
    let flags = format!("--state {}", state.path().display());
    let World {
        gateway,
        echo,
        alice,
        dir,
        log,
        ..
    } = World::with(&flags).await;
    let address = gateway.running.address;
    let watch = Ask::new(address, "GET", "/k8s/api/v1/pods?watch=true").cookie(&alice);
    let mut wire = watch.clone().open().await;
    wire.until("\"n\":1}}\n").await;
    gateway.stop().await;
    wire.rest().await;
    let flags = format!("{flags} --listen {address}");
    let again = World::start(dir.path(), &echo.url(), &flags, &log).await;
    assert_eq!(again.running.address, address);
    let mut wire = watch.open().await;
    assert_eq!(wire.head().await.status, 200);
}
