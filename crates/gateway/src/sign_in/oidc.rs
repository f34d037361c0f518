//! OpenID Connect: people sign in at a provider, and the gateway keeps a session of its own.
//!
//! The code flow with PKCE (`pending`, `endpoints`): what comes back is bound to the browser by a
//! short-lived cookie, to the request by `state`, `nonce` and the code verifier, and works once. The
//! ID token (`token`) is checked by `jsonwebtoken` against the provider's keys (`provider`), its claims
//! become a user and groups here. The session then lives as the provider says: it is renewed by its
//! refresh token (`renewal`), and ended by back-channel or front-channel logout (`logout`). No token ever
//! reaches the browser or the cluster, and none is written to disk.

pub mod endpoints;
pub mod logout;
pub mod pending;
pub mod provider;
pub mod renewal;
pub mod token;

use std::{fmt, path::PathBuf, time::Duration};

use http::Uri;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sign_in::{
    accounts::Account,
    identity::Identity,
    oidc::{
        logout::Seen,
        pending::Pending,
        provider::{Keys, Provider},
        token::Claims,
    },
    sessions::{Grant, Session, now_s},
};

/// The checked settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose tokens are believed, exactly as the provider writes it.
    pub issuer: String,
    /// Who we are to the provider.
    pub client_id: String,
    /// Where our secret is kept; without one we are a public client.
    pub client_secret_file: Option<PathBuf>,
    /// What the button calls the provider.
    pub name: String,
    /// What we ask for.
    pub scopes: Vec<String>,
    /// The claim with the user's name.
    pub user_claim: String,
    /// The claim with the user's groups.
    pub groups_claim: String,
    /// What is put before the user's name.
    pub user_prefix: String,
    /// What is put before each group.
    pub groups_prefix: String,
    /// PEM bytes of the provider's certificate authority.
    pub ca_pem: Option<Vec<u8>>,
    /// How far the provider's clock may be off.
    pub leeway: Duration,
    /// Keys are asked for again after this time at the earliest.
    pub keys_pause: Duration,
}

/// Why somebody was not signed in, for the log; the person gets a fixed sentence.
#[derive(Debug)]
pub enum Fault {
    /// The provider cannot be reached, or what it says makes no sense.
    Provider(String),
    /// The provider said no, or what it gave out does not hold.
    Refused(String),
    /// A token is signed by a key that is not known: forged, or new and not to be asked for just now.
    UnknownKey,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Provider(why) => write!(f, "the provider cannot be asked: {why}"),
            Fault::Refused(why) => write!(f, "the sign-in was refused: {why}"),
            Fault::UnknownKey => write!(f, "the token is signed by an unknown key"),
        }
    }
}

/// What the token endpoint answers.
#[derive(Deserialize)]
pub struct Tokens {
    id_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<u64>,
}

/// The one configured provider, and who is on the way to it.
pub struct Oidc {
    /// The settings.
    pub settings: Settings,
    provider: Provider,
    keys: Keys,
    pending: Pending,
    seen: Seen,
    renewals: tokio::sync::Semaphore,
    stamp: String,
}

impl Oidc {
    /// Prepares everything; asks the provider nothing yet.
    pub fn new(settings: Settings) -> Result<Oidc, Box<dyn std::error::Error + Send + Sync>> {
        // Sessions of another provider, or whose names would be written otherwise, do not survive.
        let identity = [
            &settings.issuer,
            &settings.client_id,
            &settings.user_claim,
            &settings.user_prefix,
            &settings.groups_claim,
            &settings.groups_prefix,
        ];
        let digest = Sha256::digest(format!("{identity:?}").as_bytes());
        Ok(Oidc {
            provider: Provider::new(&settings)?,
            keys: Keys::new(settings.keys_pause),
            pending: Pending::default(),
            seen: Seen::default(),
            renewals: tokio::sync::Semaphore::new(RENEWALS_AT_ONCE),
            stamp: digest[..8].iter().map(|b| format!("{b:02x}")).collect(),
            settings,
        })
    }

    /// Who the session belongs to, if this provider still upholds it.
    pub fn identity(&self, session: &Session) -> Option<Identity> {
        let groups = session.granted(|grant| grant.groups.clone())?;
        session.has_stamp(&self.stamp).then(|| Identity {
            user: session.user.clone(),
            groups,
        })
    }

    /// The account and the grant that checked tokens stand for.
    fn granted(&self, claims: &Claims, tokens: &Tokens) -> Result<(Account, Grant), Fault> {
        let identity = self.identity_of(claims)?;
        let now = now_s();
        let life = tokens.expires_in.filter(|&secs| secs > 0);
        let life = life.unwrap_or_else(|| claims.exp.saturating_sub(now)).max(1);
        let grant = Grant {
            groups: identity.groups.clone(),
            subject: claims.sub.clone(),
            sid: claims.sid.clone(),
            refresh_token: tokens.refresh_token.clone(),
            // Without a way to renew, the session's own limits are the only ones.
            until_s: tokens.refresh_token.is_some().then(|| now.saturating_add(life)),
            due_s: now.saturating_add((life * 3 / 4).max(1)),
        };
        let stamp = self.stamp.clone();
        Ok((Account { identity, stamp }, grant))
    }

    /// The user and groups that the claims name.
    fn identity_of(&self, claims: &Claims) -> Result<Identity, Fault> {
        let Settings {
            user_claim,
            groups_claim,
            user_prefix,
            groups_prefix,
            ..
        } = &self.settings;
        let Some(Value::String(user)) = claims.get(user_claim) else {
            return Err(Fault::Refused(format!(
                "the token has no text in the claim {user_claim:?}"
            )));
        };
        // Who can choose an address freely at the provider could be anybody.
        if user_claim == "email" && !matches!(claims.get("email_verified"), None | Some(Value::Bool(true))) {
            return Err(Fault::Refused("the e-mail address is not verified".to_owned()));
        }
        let groups: Vec<String> = match claims.get(groups_claim) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(one)) => vec![format!("{groups_prefix}{one}")],
            Some(Value::Array(list)) => {
                let text = |one: Value| one.as_str().map(|group| format!("{groups_prefix}{group}"));
                let all: Option<Vec<_>> = list.into_iter().map(text).collect();
                all.ok_or_else(|| Fault::Refused(format!("the claim {groups_claim:?} has something else than texts")))?
            }
            Some(_) => {
                return Err(Fault::Refused(format!(
                    "the claim {groups_claim:?} is no list of texts"
                )));
            }
        };
        Ok(Identity {
            user: format!("{user_prefix}{user}"),
            groups,
        })
    }
}

/// Sessions that are renewed at the same time.
const RENEWALS_AT_ONCE: usize = 8;

/// Whether the URL can be asked: https, or http where the issuer itself is http.
fn is_askable(url: &str, issuer: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let plain = issuer.starts_with("http://");
    uri.authority()
        .is_some_and(|authority| !authority.as_str().contains('@'))
        && match uri.scheme_str() {
            Some("https") => true,
            Some("http") => plain,
            _ => false,
        }
}
