//! Checks the provider's tokens: signature, algorithm, issuer, audience, times, and what each kind needs.
//!
//! `jsonwebtoken` does the cryptography and the times. Ours are the choice of algorithms (public keys
//! only, so that neither `none` nor a public key used as an HMAC secret passes) and the rules of OpenID
//! Connect that are no part of JWT.

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::sign_in::{
    oidc::{Fault, Oidc},
    sessions::now_s,
};

/// What a provider may sign with.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// A logout is news for so long.
const LOGOUT_FRESH_S: u64 = 300;
/// What makes a token a logout.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The claims of an ID token.
#[derive(Debug, Deserialize)]
pub struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    events: Option<Value>,
    /// When the token ends.
    pub exp: u64,
    /// Who the person is to the provider.
    pub sub: String,
    /// The session at the provider.
    pub sid: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Claims {
    /// A claim by its name.
    pub fn get(&self, name: &str) -> Option<Value> {
        match name {
            "sub" => Some(Value::String(self.sub.clone())),
            name => self.others.get(name).cloned(),
        }
    }
}

/// What a logout token ends.
#[derive(Debug, Deserialize)]
pub struct Logout {
    iss: String,
    iat: u64,
    nonce: Option<Value>,
    events: Map<String, Value>,
    /// Its own name, so that it is heard once.
    pub jti: String,
    /// Everything of this person …
    pub sub: Option<String>,
    /// … or this session alone.
    pub sid: Option<String>,
}

impl Oidc {
    /// Checks an ID token; `nonce` is what it must repeat, unless it comes by a refresh token.
    pub(super) async fn check_id_token(&self, token: &str, nonce: Option<&str>) -> Result<Claims, Fault> {
        let claims: Claims = self.check(token, &["exp", "iss", "aud", "sub"]).await?;
        let client = &self.settings.client_id;
        let refuse = |why: &str| Err(Fault::Refused(why.to_owned()));
        if claims.iss != self.settings.issuer {
            return refuse("the token is another issuer's");
        }
        let alone = match &claims.aud {
            Audience::One(one) => one == client,
            Audience::Many(many) => matches!(many.as_slice(), [one] if one == client),
        };
        // With several audiences the token says for which of them it was made.
        if claims.azp.as_ref().map_or(!alone, |azp| azp != client) {
            return refuse("the token was made for another client");
        }
        if nonce.is_some() && claims.nonce.as_deref() != nonce {
            return refuse("the token belongs to another sign-in");
        }
        if claims.events.is_some() {
            return refuse("the token is no ID token");
        }
        Ok(claims)
    }

    /// Checks a logout token.
    pub(super) async fn check_logout_token(&self, token: &str) -> Result<Logout, Fault> {
        let logout: Logout = self.check(token, &["iss", "aud"]).await?;
        let refuse = |why: &str| Err(Fault::Refused(why.to_owned()));
        if logout.iss != self.settings.issuer {
            return refuse("the token is another issuer's");
        }
        if !logout.events.get(LOGOUT_EVENT).is_some_and(Value::is_object) || logout.nonce.is_some() {
            return refuse("the token is no logout");
        }
        if logout.sub.is_none() && logout.sid.is_none() {
            return refuse("the logout names nobody");
        }
        if logout.iat.abs_diff(now_s()) > LOGOUT_FRESH_S + self.settings.leeway.as_secs() {
            return refuse("the logout is old");
        }
        Ok(logout)
    }

    /// What holds for every token.
    async fn check<T: DeserializeOwned>(&self, token: &str, required: &[&str]) -> Result<T, Fault> {
        let refused = |error: jsonwebtoken::errors::Error| Fault::Refused(error.to_string());
        let header = decode_header(token).map_err(refused)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Fault::Refused("the token is not signed by a public key".to_owned()));
        }
        let key = self
            .keys
            .find(&self.provider, header.kid.as_deref(), header.alg)
            .await?;
        let mut rules = Validation::new(header.alg);
        rules.leeway = self.settings.leeway.as_secs();
        rules.validate_nbf = true;
        rules.set_required_spec_claims(required);
        rules.set_issuer(&[&self.settings.issuer]);
        rules.set_audience(&[&self.settings.client_id]);
        Ok(decode(token, &key, &rules).map_err(refused)?.claims)
    }
}
