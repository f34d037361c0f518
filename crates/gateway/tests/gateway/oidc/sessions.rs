//! Sessions that the provider granted: renewal and every kind of logout, case 27.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Deck, TARGET};
use crate::support::{
    Ask, World,
    provider::{CLIENT, Signer, unsigned},
};

#[tokio::test]
async fn session_is_renewed_and_new_groups_are_felt() {
    let deck = Deck::new().await;
    deck.provider.set(|p| p.expires_in = 4);
    let session = deck.session().await;
    deck.provider
        .set(|p| p.claims = json!({"groups": ["music"]}).as_object().unwrap().clone());
    let began = Instant::now();
    loop {
        let view = deck.world.ask("GET", "/auth/session").cookie(&session).send().await;
        assert_eq!(view.status, 200);
        if view.body.contains("[\"music\"]") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "{}", view.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Long past the first token's end, by tokens that each work once.
    deck.refreshed(deck.provider.count("refresh") + 2).await;
    assert!(deck.is_signed_in(&session).await);
}

#[tokio::test]
async fn session_and_its_streams_end_when_the_provider_says_no() {
    for change in [
        json!({"sub": "somebody-else"}),
        json!({"email": "root@example.com"}),
        json!({}),
    ] {
        let deck = Deck::new().await;
        deck.provider.set(|p| p.expires_in = 4);
        let session = deck.session().await;
        let watch = deck.world.ask("GET", &format!("{TARGET}?watch=1")).cookie(&session);
        let mut wire = watch.open().await;
        wire.until("\"n\":0}}\n").await;
        let no = change == json!({});
        deck.provider.set(|p| {
            p.claims = change.as_object().unwrap().clone();
            if no {
                p.broken = [("/token", 400)].into();
            }
        });
        wire.until("0\r\n\r\n").await;
        assert!(!deck.is_signed_in(&session).await, "{change}");
        assert_eq!(
            deck.provider.count(if no { "/token" } else { "refresh" }),
            if no { 2 } else { 1 }
        );
    }
}

#[tokio::test]
async fn session_outlives_a_new_key_that_cannot_be_asked_for_at_first() {
    let deck = Deck::with("", |config| config.oidc.as_mut().unwrap().keys_pause = Duration::ZERO).await;
    deck.provider.set(|p| p.expires_in = 8);
    let session = deck.session().await;
    let new = Signer::rsa(1);
    deck.provider.set(|p| {
        p.keys = vec![serde_json::to_value(new.jwk()).unwrap()];
        p.signer = new;
        p.broken = [("/jwks", 500)].into();
    });
    deck.refreshed(1).await;
    deck.provider.set(|p| p.broken.clear());
    // Past the first grant's end.
    deck.refreshed(3).await;
    assert!(deck.is_signed_in(&session).await);
}

#[tokio::test]
async fn session_outlives_a_no_that_is_not_the_providers() {
    let deck = Deck::new().await;
    deck.provider.set(|p| p.expires_in = 12);
    let session = deck.session().await;
    deck.provider.set(|p| {
        p.broken = [("/token", 404)].into();
        p.wordless = true;
    });
    let began = Instant::now();
    while deck.provider.count("/token") < 2 {
        assert!(began.elapsed() < Duration::from_secs(15), "no session is renewed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    deck.provider.set(|p| p.broken.clear());
    deck.refreshed(1).await;
    assert!(deck.is_signed_in(&session).await);
}

#[tokio::test]
async fn session_ends_with_its_grant_when_the_provider_is_gone() {
    let deck = Deck::new().await;
    deck.provider.set(|p| p.expires_in = 4);
    let session = deck.session().await;
    deck.provider.die();
    assert!(deck.is_signed_in(&session).await);
    deck.until_signed_out(&session).await;
}

#[tokio::test]
async fn back_channel_logout_ends_the_session_and_its_streams() {
    let deck = Deck::new().await;
    let session = deck.session().await;
    let watch = deck.world.ask("GET", &format!("{TARGET}?watch=1")).cookie(&session);
    let mut wire = watch.open().await;
    wire.until("\"n\":0}}\n").await;
    let now = jsonwebtoken::get_current_timestamp();
    let event = "http://schemas.openid.net/event/backchannel-logout";
    for change in [
        json!({"sid": "another-session"}),
        json!({"sid": "session-of-carol", "sub": "another"}),
        json!({"sub": "another"}),
    ] {
        let token = deck.provider.logout(change.clone());
        assert_eq!(deck.tell(&token).await.status, 200, "{change}");
    }
    for change in [
        json!({}),
        json!({"sub": "subject-of-carol", "aud": "other"}),
        json!({"sub": "subject-of-carol", "iss": "https://evil.example"}),
        json!({"sub": "subject-of-carol", "events": null}),
        json!({"sub": "subject-of-carol", "events": {}}),
        json!({"sub": "subject-of-carol", "events": {event: "x"}}),
        json!({"sub": "subject-of-carol", "nonce": "n"}),
        json!({"sub": "subject-of-carol", "iat": now - 3600}),
        json!({"sub": "subject-of-carol", "iat": now + 3600}),
        json!({"sub": "subject-of-carol", "iat": null}),
        json!({"sub": "subject-of-carol", "jti": null}),
        json!({"sub": "subject-of-carol", "exp": now - 60}),
    ] {
        let token = deck.provider.logout(change.clone());
        assert_eq!(deck.tell(&token).await.status, 400, "{change}");
    }
    let claims = json!({"iss": deck.provider.issuer(), "aud": CLIENT, "iat": now, "jti": "j", "sub": "subject-of-carol", "events": {event: {}}});
    assert_eq!(deck.tell(&unsigned(&claims)).await.status, 400);
    for body in ["", "logout_token=", "x=y"] {
        let ask = deck.world.ask("POST", "/auth/oidc/backchannel-logout").body(body);
        assert_eq!(ask.send().await.status, 400, "{body}");
    }
    assert_eq!(
        deck.world
            .ask("GET", "/auth/oidc/backchannel-logout")
            .send()
            .await
            .status,
        405
    );
    assert!(deck.is_signed_in(&session).await, "none of these ends it");

    let token = deck
        .provider
        .logout(json!({"sid": "session-of-carol", "sub": "subject-of-carol"}));
    let answer = deck.tell(&token).await;
    assert_eq!(
        (answer.status, answer.header("cache-control").as_deref()),
        (200, Some("private, no-store"))
    );
    wire.until("0\r\n\r\n").await;
    assert!(!deck.is_signed_in(&session).await);
    let again = deck.session().await;
    assert_eq!(deck.tell(&token).await.status, 400, "a logout is heard once");
    assert!(deck.is_signed_in(&again).await);
    // By the person alone: everywhere; alice, who signed in here, stays.
    let more = deck.session().await;
    let token = deck.provider.logout(json!({"sub": "subject-of-carol"}));
    assert_eq!(deck.tell(&token).await.status, 200);
    assert!(!deck.is_signed_in(&again).await && !deck.is_signed_in(&more).await);
    assert!(deck.is_signed_in(&deck.world.alice).await);
}

#[tokio::test]
async fn front_channel_logout_ends_the_named_session() {
    let deck = Deck::new().await;
    let session = deck.session().await;
    let issuer = deck.provider.issuer().replace(':', "%3A").replace('/', "%2F");
    let tell = async |query: &str| {
        let ask = deck
            .world
            .ask("GET", &format!("/auth/oidc/frontchannel-logout?{query}"));
        ask.header("Sec-Fetch-Site", "cross-site").send().await.status
    };
    for query in [
        "",
        "sid=session-of-carol",
        &format!("iss={issuer}"),
        "iss=https%3A%2F%2Fevil&sid=session-of-carol",
        &format!("iss={issuer}&sid=x&sid=session-of-carol"),
    ] {
        assert_eq!(tell(query).await, 400, "{query}");
    }
    assert_eq!(tell(&format!("iss={issuer}&sid=another")).await, 200);
    assert!(deck.is_signed_in(&session).await);
    assert_eq!(tell(&format!("iss={issuer}&sid=session-of-carol")).await, 200);
    assert!(!deck.is_signed_in(&session).await);
}

#[tokio::test]
async fn t27_sign_out_goes_on_to_the_provider_without_a_token() {
    let deck = Deck::new().await;
    let session = deck.session().await;
    assert_eq!(
        deck.world
            .ask("GET", "/auth/sign-out")
            .cookie(&session)
            .send()
            .await
            .status,
        405
    );
    let out = deck
        .world
        .post("/auth/sign-out")
        .cookie(&session)
        .body("{}")
        .send()
        .await;
    let origin = deck.world.origin().replace(':', "%3A").replace('/', "%2F");
    let to = format!(
        "{}/end-session?client_id={CLIENT}&post_logout_redirect_uri={origin}%2F",
        deck.provider.issuer()
    );
    assert_eq!((out.status, out.body), (200, json!({"redirect": to}).to_string()));
    assert!(!deck.is_signed_in(&session).await);
    // Who signed in here has nothing to do there.
    let alice = deck.world.post("/auth/sign-out").cookie(&deck.world.alice).body("{}");
    assert_eq!(alice.send().await.status, 204);
    let simple = Deck::new().await;
    simple.provider.set(|p| p.end_session = false);
    let session = simple.session().await;
    let out = simple.world.post("/auth/sign-out").cookie(&session).body("{}");
    assert_eq!(out.send().await.status, 204);
}

#[tokio::test]
async fn restart_keeps_the_session_until_its_grant_is_over() {
    let state = tempfile::tempdir().unwrap();
    let deck = Deck::with(&format!("--state {}", state.path().display()), |_| {}).await;
    let session = deck.session().await;
    let text = std::fs::read_to_string(state.path().join("sessions.json")).unwrap();
    assert!(text.contains("subject-of-carol"));
    for secret in ["refresh-", "access-", "eyJ", session.split_once('=').unwrap().1] {
        assert!(!text.contains(secret), "{secret} is on the disk");
    }
    let flags = |issuer: &str| {
        format!(
            "--state {} --oidc-issuer {issuer} --oidc-client-id {CLIENT}",
            state.path().display()
        )
    };
    let Deck { world, provider } = deck;
    world.gateway.stop().await;
    let start =
        async |issuer: &str| World::start(world.dir.path(), &world.echo.url(), &flags(issuer), &Arc::default()).await;
    let same = start(&provider.issuer()).await;
    let view = Ask::new(same.running.address, "GET", "/auth/session")
        .cookie(&session)
        .send()
        .await;
    assert!(view.status == 200 && view.body.contains("carol"), "{}", view.body);
    same.stop().await;
    // Another provider's word does not count for sessions of this one.
    let other = start("http://127.0.0.1:1").await;
    let view = Ask::new(other.running.address, "GET", "/auth/session")
        .cookie(&session)
        .send()
        .await;
    assert_eq!(view.status, 401);
}
