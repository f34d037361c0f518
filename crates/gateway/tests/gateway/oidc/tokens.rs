//! What the provider says, and when it is believed: cases 9, 11 and 46.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Deck, TARGET, refused};
use crate::support::{
    World,
    provider::{CLIENT, OpenId, Signer, hmac_with, unsigned},
};

#[tokio::test]
async fn t09_claims_with_two_readings_or_of_the_cluster_sign_nobody_in() {
    let deck = Deck::new().await;
    let long = "a".repeat(10_000);
    for user in [
        "a,b",
        "a b",
        "a\r\nImpersonate-Group: system:masters",
        "a\u{0}",
        "ä@example.com",
        "a@b@c",
        "",
        "system:admin",
        "System:masters",
        "system:serviceaccount:kube-system:x",
        &long,
    ] {
        deck.provider
            .set(|p| p.claims = json!({"email": user}).as_object().unwrap().clone());
        refused(&deck.sign_in().await, 403, "identity", user.get(..20).unwrap_or(user));
    }
    for groups in [
        json!(["system:masters"]),
        json!(["vision", "a,b"]),
        json!("system:nodes"),
        json!([""]),
    ] {
        deck.provider
            .set(|p| p.claims = json!({"groups": groups}).as_object().unwrap().clone());
        refused(&deck.sign_in().await, 403, "identity", "groups");
    }
    for odd in [
        json!({"email": null}),
        json!({"email": 5}),
        json!({"email": ["carol@example.com"]}),
        json!({"email_verified": false}),
        json!({"email_verified": "false"}),
        json!({"groups": [1]}),
        json!({"groups": {"a": "b"}}),
    ] {
        deck.provider.set(|p| p.claims = odd.as_object().unwrap().clone());
        refused(&deck.sign_in().await, 403, "sign-in-refused", &odd.to_string());
    }
    deck.world.nothing_arrived("malformed claims");
}

#[tokio::test]
async fn other_claims_and_prefixes_make_the_name() {
    let flags = "--oidc-user-claim preferred_username --oidc-groups-claim roles --oidc-user-prefix oidc: --oidc-groups-prefix oidc:";
    let deck = Deck::with(flags, |_| {}).await;
    let claims = json!({"preferred_username": "carol", "roles": "system:masters", "email_verified": false});
    deck.provider.set(|p| p.claims = claims.as_object().unwrap().clone());
    let session = deck.session().await;
    deck.world.ask("GET", TARGET).cookie(&session).send().await;
    let seen = deck.world.arrived();
    assert_eq!(seen.all("impersonate-user"), ["oidc:carol"]);
    // Behind a prefix it is a group like any other.
    assert_eq!(seen.all("impersonate-group"), ["oidc:system:masters"]);
}

#[tokio::test]
async fn t11_token_that_does_not_hold_signs_nobody_in() {
    let deck = Deck::new().await;
    let now = jsonwebtoken::get_current_timestamp();
    for change in [
        json!({"aud": "other"}),
        json!({"aud": []}),
        json!({"aud": ["other"]}),
        json!({"aud": null}),
        json!({"aud": [CLIENT, "other"]}),
        json!({"aud": [CLIENT, "other"], "azp": "other"}),
        json!({"azp": "other"}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": format!("{}/", deck.provider.issuer())}),
        json!({"iss": [deck.provider.issuer(), "https://evil.example"]}),
        json!({"iss": null}),
        json!({"exp": now - 60}),
        json!({"exp": null}),
        json!({"exp": "soon"}),
        json!({"nbf": now + 90}),
        json!({"nbf": "later"}),
        json!({"nonce": "of-another-sign-in"}),
        json!({"nonce": null}),
        json!({"sub": null}),
        json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
    ] {
        deck.provider.set(|p| p.claims = change.as_object().unwrap().clone());
        refused(&deck.sign_in().await, 403, "sign-in-refused", &change.to_string());
    }
    deck.provider.set(|p| p.claims.clear());
    let rsa = Signer::rsa(0);
    let modulus = serde_json::to_value(rsa.jwk()).unwrap()["n"]
        .as_str()
        .unwrap()
        .to_owned();
    let stranger = Signer {
        kid: rsa.kid.clone(),
        ..Signer::rsa(1)
    };
    let unknown = Signer {
        kid: "no-such-key".to_owned(),
        ..Signer::rsa(0)
    };
    type Forge = Arc<dyn Fn(&Value) -> String + Send + Sync>;
    let cut = rsa.clone();
    let swapped = rsa.clone();
    let forged: [(&str, Forge); 7] = [
        ("alg none", Arc::new(unsigned)),
        (
            "HS256 with the public key",
            Arc::new(move |c| hmac_with(modulus.as_bytes(), "rsa-0", c)),
        ),
        ("another key of the same name", Arc::new(move |c| stranger.sign(c))),
        ("an unknown key", Arc::new(move |c| unknown.sign(c))),
        (
            "no signature",
            Arc::new(move |c| {
                let token = cut.sign(c);
                token[..=token.rfind('.').unwrap()].to_owned()
            }),
        ),
        (
            "other claims under the signature",
            Arc::new(move |c| {
                let mut other = c.clone();
                other["email"] = json!("admin@example.com");
                let (good, bad) = (swapped.sign(c), swapped.sign(&other));
                let (head, rest) = good.split_once('.').unwrap();
                let signature = rest.split_once('.').unwrap().1;
                format!("{head}.{}.{signature}", bad.split('.').nth(1).unwrap())
            }),
        ),
        ("no token at all", Arc::new(|_| "x".to_owned())),
    ];
    for (why, forge) in forged {
        deck.provider.set(|p| p.forge = Some(forge));
        refused(&deck.sign_in().await, 403, "sign-in-refused", why);
    }
    deck.world.nothing_arrived("tokens that do not hold");
    // The same provider's honest token does, and clocks may differ a little.
    deck.provider.set(|p| {
        p.forge = None;
        p.claims = json!({"exp": now - 5, "nbf": now + 20, "aud": [CLIENT, "other"], "azp": CLIENT})
            .as_object()
            .unwrap()
            .clone();
    });
    deck.session().await;
}

#[tokio::test]
async fn t11_unknown_keys_make_no_storm_and_a_crowd_asks_once() {
    let deck = Deck::new().await;
    let answers = futures::future::join_all((0..20).map(|_| deck.sign_in())).await;
    assert!(answers.iter().all(|answer| answer.status == 303));
    assert_eq!(deck.provider.count("/jwks"), 1);
    assert_eq!(deck.provider.count("/.well-known/openid-configuration"), 1);
    let unknown = Signer {
        kid: "unknown".to_owned(),
        ..Signer::rsa(1)
    };
    deck.provider.set(|p| p.signer = unknown);
    let answers = futures::future::join_all((0..20).map(|_| deck.sign_in())).await;
    assert!(answers.iter().all(|answer| answer.slug() == "sign-in-refused"));
    for _ in 0..20 {
        let token = deck.provider.logout(json!({"sub": "x"}));
        assert_eq!(deck.tell(&token).await.status, 400);
    }
    assert_eq!(deck.provider.count("/jwks"), 1, "not within the same minute");
}

#[tokio::test]
async fn rotated_keys_are_found_and_withdrawn_ones_are_forgotten() {
    let deck = Deck::with("", |config| config.oidc.as_mut().unwrap().keys_pause = Duration::ZERO).await;
    deck.session().await;
    let (old, new, ec) = (Signer::rsa(0), Signer::rsa(1), Signer::ec());
    let odd = json!({"kty": "AKP", "kid": "of-tomorrow", "alg": "ML-DSA-44", "pub": "AAAA"});
    let secret = json!({"kty": "oct", "kid": "shared", "k": "AAAA"});
    deck.provider.set(|p| {
        p.keys = vec![odd, secret];
        p.keys
            .extend([&new, &ec].map(|one| serde_json::to_value(one.jwk()).unwrap()));
        p.signer = new;
    });
    deck.session().await;
    assert_eq!(deck.provider.count("/jwks"), 2);
    deck.provider.set(|p| p.signer = ec);
    deck.session().await;
    assert_eq!(deck.provider.count("/jwks"), 2, "a key that is known is not asked for");
    deck.provider.set(|p| p.signer = old);
    refused(&deck.sign_in().await, 403, "sign-in-refused", "a withdrawn key");
    let shared: Arc<dyn Fn(&Value) -> String + Send + Sync> = Arc::new(|c| hmac_with(&[0, 0, 0], "shared", c));
    deck.provider.set(|p| p.forge = Some(shared));
    refused(&deck.sign_in().await, 403, "sign-in-refused", "a shared key");
}

#[tokio::test]
async fn t46_provider_that_is_down_slow_or_broken_signs_nobody_in() {
    let deck = Deck::new().await;
    let old = deck.session().await;
    for (path, broken) in [("/token", 500), ("/token", 429), ("/token", 302)] {
        deck.provider.set(|p| p.broken = [(path, broken)].into());
        refused(&deck.sign_in().await, 503, "provider-unreachable", path);
    }
    deck.provider.set(|p| {
        p.broken.clear();
        p.slow = Some("/token");
    });
    let began = Instant::now();
    refused(&deck.sign_in().await, 503, "provider-unreachable", "slow");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    // Who is signed in stays so while the grant lasts.
    assert!(deck.is_signed_in(&old).await);

    let fresh = Deck::new().await;
    fresh.provider.set(|p| p.broken = [("/jwks", 500)].into());
    refused(&fresh.sign_in().await, 503, "provider-unreachable", "no keys");
    fresh.provider.set(|p| p.broken.clear());
    refused(
        &fresh.sign_in().await,
        503,
        "provider-unreachable",
        "not asked again at once",
    );
    assert_eq!(fresh.provider.count("/jwks"), 1);
    let gone = Deck::new().await;
    gone.provider.die();
    let answer = gone.world.ask("GET", "/auth/oidc/start").send().await;
    refused(&answer, 503, "provider-unreachable", "gone");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn provider_that_calls_itself_otherwise_is_not_believed() {
    let provider = OpenId::start().await;
    // Another spelling of the same host: its discovery names another issuer.
    let issuer = format!("http://localhost:{}", provider.address.port());
    let world = World::with(&format!("--oidc-issuer {issuer} --oidc-client-id {CLIENT}")).await;
    let answer = world.ask("GET", "/auth/oidc/start").send().await;
    refused(&answer, 503, "provider-unreachable", "another issuer");
}
