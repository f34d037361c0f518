//! The way to the provider and back: cases 28, 30–33 and 40.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Deck, TARGET, refused};
use crate::support::{World, provider::CLIENT_SECRET};

#[tokio::test]
async fn person_comes_back_with_a_session_and_is_known_to_the_cluster() {
    let deck = Deck::new().await;
    let ways = deck.world.ask("GET", "/auth/ways").send().await;
    assert_eq!(ways.body, "{\"password\":true,\"oidc\":\"Dex\"}");
    let (cookie, location) = deck.begin("/notebooks%3Fns%3Da").await;
    for part in [
        "scope=openid+email+profile",
        "code_challenge_method=S256",
        "nonce=",
        "state=",
    ] {
        assert!(location.contains(part), "{part} in {location}");
    }
    let back = deck.approved(&location).await;
    let answer = deck.callback(&back, &cookie).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("location").as_deref(), Some("/notebooks?ns=a"));
    let cookies = answer.header("set-cookie").unwrap();
    assert!(cookies.starts_with("flowdeck="), "{cookies}");
    assert!(cookies.contains("flowdeck-sign-in=; Path=/; Max-Age=0"), "{cookies}");
    assert!(cookies.len() < 400 && !cookies.contains("carol"), "{cookies}");
    let session = answer.cookie();
    let view = deck.world.ask("GET", "/auth/session").cookie(&session).send().await;
    let expect = "{\"user\":\"carol@example.com\",\"groups\":[\"vision\",\"speech\"],\"cluster\":\"cluster\"}";
    assert_eq!(view.body, expect);
    assert_eq!(deck.world.ask("GET", TARGET).cookie(&session).send().await.status, 200);
    let seen = deck.world.arrived();
    assert_eq!(seen.all("impersonate-user"), ["carol@example.com"]);
    assert_eq!(seen.all("impersonate-group"), ["vision", "speech"]);
    assert!(seen.all("authorization").is_empty() && seen.all("cookie").is_empty());
}

#[tokio::test]
async fn provider_off_means_no_such_addresses() {
    let world = World::new().await;
    assert_eq!(world.ask("GET", "/auth/ways").send().await.body, "{\"password\":true}");
    for target in [
        "/auth/oidc/start",
        "/auth/oidc/callback",
        "/auth/oidc/frontchannel-logout",
    ] {
        assert_eq!(world.ask("GET", target).send().await.status, 404, "{target}");
    }
}

#[tokio::test]
async fn t32_answer_that_belongs_to_no_sign_in_opens_no_session() {
    let deck = Deck::new().await;
    let (cookie, location) = deck.begin("/").await;
    let back = deck.approved(&location).await;
    let state = back
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    for (why, target, cookie) in [
        ("wrong state", back.replace(&state, "x"), cookie.as_str()),
        ("no state", back.replace("state=", "s="), &cookie),
        ("two states", format!("{back}&state={state}"), &cookie),
        ("no query", "/auth/oidc/callback".to_owned(), &cookie),
        ("no cookie", back.replace(&state, "y"), "other=1"),
        (
            "two cookies",
            back.clone(),
            &format!("{cookie}; {}=other", cookie.split_once('=').unwrap().0),
        ),
    ] {
        refused(&deck.callback(&target, cookie).await, 400, "sign-in-state", why);
    }
    // Another host: not even looked at, so the right one still works.
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", ""] {
        let ask = deck
            .world
            .ask("GET", &back)
            .cookie(&cookie)
            .without("Host")
            .header("Host", host);
        refused(&ask.send().await, 400, "host", host);
        let start = deck
            .world
            .ask("GET", "/auth/oidc/start")
            .without("Host")
            .header("Host", host);
        refused(
            &start.header("X-Forwarded-Host", "127.0.0.1").send().await,
            400,
            "host",
            host,
        );
    }
    let head = deck.world.ask("HEAD", &back).cookie(&cookie).send().await;
    assert_eq!(head.status, 405);
    assert_eq!(deck.callback(&back, &cookie).await.status, 303);
    refused(
        &deck.callback(&back, &cookie).await,
        400,
        "sign-in-state",
        "the same answer again",
    );

    let (cookie, location) = deck.begin("/").await;
    let back = deck.approved(&location).await;
    let thief = format!("{}=thief", cookie.split_once('=').unwrap().0);
    refused(
        &deck.callback(&back, &thief).await,
        400,
        "sign-in-state",
        "another browser",
    );
    refused(
        &deck.callback(&back, &cookie).await,
        400,
        "sign-in-state",
        "after the thief",
    );

    // A code of another sign-in: its verifier does not fit, the provider says no.
    let (first, second) = (deck.begin("/").await, deck.begin("/").await);
    let (one, two) = (deck.approved(&first.1).await, deck.approved(&second.1).await);
    let code = |back: &str| {
        back.split("code=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    let mixed = two.replace(&code(&two), &code(&one));
    refused(
        &deck.callback(&mixed, &second.0).await,
        403,
        "sign-in-refused",
        "another's code",
    );
    for (why, change) in [
        ("another issuer", ("iss=http", "iss=https")),
        ("no code", ("code=", "cod=")),
        ("the provider's no", ("code=", "error=access_denied%3Cscript%3E&x=")),
    ] {
        let (cookie, location) = deck.begin("/").await;
        let back = deck.approved(&location).await.replace(change.0, change.1);
        let answer = deck.callback(&back, &cookie).await;
        refused(&answer, 403, "sign-in-refused", why);
        assert!(!answer.body.contains("script") && !answer.body.contains("access_denied"));
    }
    deck.world.nothing_arrived("answers");
}

#[tokio::test]
async fn t33_refusals_begin_no_sign_in_and_one_browser_has_one_cookie() {
    let deck = Deck::new().await;
    let all = (0..50).map(|_| deck.world.ask("GET", TARGET).send());
    let answers = futures::future::join_all(all).await;
    assert!(
        answers
            .iter()
            .all(|a| a.status == 401 && a.header("set-cookie").is_none())
    );
    assert_eq!(deck.provider.count("/.well-known/openid-configuration"), 0);
    let (cookie, first) = deck.begin("/").await;
    for _ in 0..3 {
        let again = deck.world.ask("GET", "/auth/oidc/start").cookie(&cookie).send().await;
        assert_eq!(again.cookie(), cookie);
    }
    let back = deck.approved(&first).await;
    let begin = async || deck.world.ask("GET", "/auth/oidc/start").cookie(&cookie).send().await;
    for _ in 0..5 {
        assert_eq!(begin().await.status, 303);
    }
    refused(
        &deck.callback(&back, &cookie).await,
        400,
        "sign-in-state",
        "the oldest of many gave way",
    );
    // A cookie that we did not give out is not taken over.
    let planted = "flowdeck-sign-in=planted";
    let answer = deck.world.ask("GET", "/auth/oidc/start").cookie(planted).send().await;
    assert_ne!(answer.cookie(), planted);
}

#[tokio::test]
async fn t28_person_is_sent_to_our_own_page_only() {
    let deck = Deck::new().await;
    for to in [
        "//evil.com",
        "https:evil",
        "/%5Cevil",
        "/%2509/evil",
        "/%09/evil",
        "javascript:alert(1)",
        "https://good@evil",
        "/%0d%0aSet-Cookie:%20x=y",
        "/auth/oidc/start",
        "",
    ] {
        let (cookie, location) = deck.begin(to).await;
        let back = deck.approved(&location).await;
        let answer = deck.callback(&back, &cookie).await;
        assert_eq!(answer.header("location").as_deref(), Some("/"), "{to}");
    }
}

#[tokio::test]
async fn t30_t31_cookies_have_all_guards_and_an_old_session_is_over() {
    let deck = Deck::new().await;
    let planted = "flowdeck=planted";
    let (cookie, location) = deck.begin("/").await;
    let back = deck.approved(&location).await;
    let answer = deck.callback(&back, &format!("{cookie}; {planted}")).await;
    assert_ne!(answer.cookie(), planted);
    let first = answer.cookie();
    let (cookie, location) = deck.begin("/").await;
    let back = deck.approved(&location).await;
    let second = deck.callback(&back, &format!("{cookie}; {first}")).await.cookie();
    assert!(!deck.is_signed_in(&first).await && deck.is_signed_in(&second).await);

    let secure = Deck::with("--public-url https://deck.example.com", |_| {}).await;
    let ask = secure.world.ask("GET", "/auth/oidc/start").without("Host");
    let answer = ask.header("Host", "deck.example.com").send().await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-flowdeck-sign-in="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let location = answer.header("location").unwrap();
    assert!(location.contains("redirect_uri=https%3A%2F%2Fdeck.example.com%2Fauth%2Foidc%2Fcallback"));
}

#[tokio::test]
async fn t40_whole_sign_in_leaves_no_secret_in_the_log() {
    let deck = Deck::new().await;
    let (cookie, location) = deck.begin("/").await;
    let back = deck.approved(&location).await;
    let session = deck.callback(&back, &cookie).await.cookie();
    deck.world.ask("GET", TARGET).cookie(&session).send().await;
    let token = deck.provider.logout(json!({"sub": "subject-of-carol"}));
    deck.tell(&token).await;
    let began = Instant::now();
    while !deck.world.log_text().contains("backchannel-logout") {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = deck.world.log_text();
    let value = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    for secret in [
        "code=",
        "state=",
        "nonce",
        "code-",
        "eyJ",
        "refresh-",
        "access-",
        CLIENT_SECRET,
        &value(&cookie),
        &value(&session),
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert!(
        log.contains("/auth/oidc/callback") && log.contains("carol@example.com"),
        "{log}"
    );
}
