//! OpenID Connect against a provider of ours: cases 9, 11, 27, 28, 30–33, 40 and 46, renewal and every kind of logout.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    Answer, Ask, World,
    provider::{CLIENT, CLIENT_SECRET, OpenId, Signer, hmac_with, unsigned},
};

const TARGET: &str = "/k8s/api/v1/namespaces/a/pods";

/// A gateway whose people sign in at a provider.
struct Deck {
    world: World,
    provider: OpenId,
}

impl Deck {
    async fn new() -> Deck {
        Deck::with("", |_| {}).await
    }

    async fn with(flags: &str, change: impl FnOnce(&mut flowdeck_gateway::config::Config)) -> Deck {
        let provider = OpenId::start().await;
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("client-secret");
        std::fs::write(&secret, format!("{CLIENT_SECRET}\n")).unwrap();
        let flags = format!(
            "--oidc-issuer {} --oidc-client-id {CLIENT} --oidc-client-secret-file {} --oidc-name Dex {flags}",
            provider.issuer(),
            secret.display()
        );
        let mut world = World::changed(&flags, change).await;
        world.keep(dir);
        Deck { world, provider }
    }

    /// Goes to the provider; the cookie and the provider's address.
    async fn begin(&self, to: &str) -> (String, String) {
        let answer = self.world.ask("GET", &format!("/auth/oidc/start?to={to}")).send().await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        (answer.cookie(), answer.header("location").unwrap())
    }

    /// The provider's answer: where it sends the browser on our side.
    async fn approved(&self, location: &str) -> String {
        let target = location.strip_prefix(&self.provider.issuer()).unwrap();
        let answer = Ask::new(self.provider.address, "GET", target).send().await;
        let back = answer.header("location").unwrap();
        back.strip_prefix(&self.world.origin()).unwrap().to_owned()
    }

    async fn callback(&self, target: &str, cookie: &str) -> Answer {
        self.world.ask("GET", target).cookie(cookie).send().await
    }

    /// The whole way.
    async fn sign_in(&self) -> Answer {
        let (cookie, location) = self.begin("/notebooks").await;
        let back = self.approved(&location).await;
        self.callback(&back, &cookie).await
    }

    /// The whole way, as far as the session's cookie.
    async fn session(&self) -> String {
        let answer = self.sign_in().await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.cookie()
    }

    async fn is_signed_in(&self, cookie: &str) -> bool {
        self.world
            .ask("GET", "/auth/session")
            .cookie(cookie)
            .send()
            .await
            .status
            == 200
    }

    async fn until_signed_out(&self, cookie: &str) {
        let began = Instant::now();
        while self.is_signed_in(cookie).await {
            assert!(began.elapsed() < Duration::from_secs(15), "still signed in");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until refresh tokens came so often.
    async fn refreshed(&self, times: usize) {
        let began = Instant::now();
        while self.provider.count("refresh") < times {
            assert!(began.elapsed() < Duration::from_secs(40), "no session is renewed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn tell(&self, token: &str) -> Answer {
        let ask = self.world.ask("POST", "/auth/oidc/backchannel-logout");
        let ask = ask.header("Content-Type", "application/x-www-form-urlencoded");
        ask.body(format!("logout_token={token}")).send().await
    }
}

/// A page in words, no session, and nothing of the query in it.
#[track_caller]
fn refused(answer: &Answer, status: u16, slug: &str, why: &str) {
    assert_eq!(
        (answer.status, answer.slug().as_str()),
        (status, slug),
        "{why}: {}",
        answer.body
    );
    assert!(answer.header("set-cookie").is_none(), "{why}");
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{why}");
    assert!(answer.body.contains("<a href=\"/sign-in\">"), "{why}");
}

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
