//! OpenID Connect against a provider of ours.

mod sessions;
mod sign_in;
mod tokens;

use std::time::{Duration, Instant};

use crate::support::{
    Answer, Ask, World,
    provider::{CLIENT, CLIENT_SECRET, OpenId},
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
