//! A small OpenID provider: keys made at run time, discovery, codes with PKCE, refresh tokens; counts what it is asked.
//!
//! Whoever comes is signed in at once as the person of the day. Tests bend its answers by changing its [`State`].

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, PublicKeyUse},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

pub(crate) const CLIENT: &str = "flowdeck";
pub(crate) const CLIENT_SECRET: &str = "the-secret-of-the-client";

/// A key that signs tokens.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) kid: String,
    pub(crate) alg: Algorithm,
    pub(crate) key: EncodingKey,
}

impl Signer {
    /// One of two RSA keys of this run.
    pub(crate) fn rsa(at: usize) -> Signer {
        static MADE: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            [0, 1].map(|_| {
                let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
                let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
                // The key itself stands behind PKCS #8's head, which is as long for all keys of this size.
                pkcs8.as_ref()[26..].to_vec()
            })
        });
        Signer {
            kid: format!("rsa-{at}"),
            alg: Algorithm::RS256,
            key: EncodingKey::from_rsa_der(&made[at]),
        }
    }

    /// An elliptic key of its own.
    pub(crate) fn ec() -> Signer {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Signer {
            kid: "ec".to_owned(),
            alg: Algorithm::ES256,
            key: EncodingKey::from_ec_der(made.as_ref()),
        }
    }

    /// The public key as it is published.
    pub(crate) fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.alg).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk
    }

    /// A signed token.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.alg);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

/// How the provider stands, and what it says.
pub(crate) struct State {
    /// Keys that are published.
    pub(crate) keys: Vec<Value>,
    /// The key that signs.
    pub(crate) signer: Signer,
    /// Claims that replace those of the person of the day; `null` takes one away.
    pub(crate) claims: Map<String, Value>,
    /// Makes the token instead of the signer.
    pub(crate) forge: Option<Arc<dyn Fn(&Value) -> String + Send + Sync>>,
    /// Seconds that the access token lasts, and whether there is a refresh token.
    pub(crate) expires_in: u64,
    pub(crate) refreshes: bool,
    /// Paths that answer with this status.
    pub(crate) broken: HashMap<&'static str, u16>,
    /// Whether broken paths answer as a load balancer does: a page, no word of OAuth's.
    pub(crate) wordless: bool,
    /// Paths that answer late.
    pub(crate) slow: Option<&'static str>,
    /// Whether it can be told of a sign-out.
    pub(crate) end_session: bool,
    codes: HashMap<String, (String, String, String)>,
    refresh_tokens: Vec<String>,
    counts: BTreeMap<String, usize>,
    made: usize,
}

/// The provider.
pub(crate) struct OpenId {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl OpenId {
    pub(crate) async fn start() -> OpenId {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let signer = Signer::rsa(0);
        let state = Arc::new(Mutex::new(State {
            keys: vec![serde_json::to_value(signer.jwk()).unwrap()],
            signer,
            claims: Map::new(),
            forge: None,
            expires_in: 300,
            refreshes: true,
            broken: HashMap::new(),
            wordless: false,
            slow: None,
            end_session: true,
            codes: HashMap::new(),
            refresh_tokens: Vec::new(),
            counts: BTreeMap::new(),
            made: 0,
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&state), address, request));
                connections.spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    server.serve_connection(TokioIo::new(socket), service).await.ok();
                });
            }
        });
        OpenId { address, state, task }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes how the provider stands.
    pub(crate) fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// How often something was asked for; refreshing counts as `refresh`.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.state.lock().unwrap().counts.get(what).copied().unwrap_or(0)
    }

    /// A logout token with these claims on top of the usual ones.
    pub(crate) fn logout(&self, change: Value) -> String {
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        let mut claims = json!({
            "iss": self.issuer(),
            "aud": CLIENT,
            "iat": jsonwebtoken::get_current_timestamp(),
            "jti": format!("logout-{}", state.made),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        merge(&mut claims, change.as_object().unwrap());
        state.signer.sign(&claims)
    }

    /// Goes away, connections and all.
    pub(crate) fn die(&self) {
        self.task.abort();
    }
}

impl Drop for OpenId {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn merge(claims: &mut Value, change: &Map<String, Value>) {
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in change {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
}

/// A token that nobody signed.
pub(crate) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(claims))
}

/// A token whose HMAC secret is a public key.
pub(crate) fn hmac_with(secret: &[u8], kid: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

async fn answer(
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|b| b.to_bytes()).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let (slow, broken, wordless) = {
        let mut state = state.lock().unwrap();
        *state.counts.entry(path.clone()).or_default() += 1;
        (state.slow, state.broken.get(path.as_str()).copied(), state.wordless)
    };
    if slow == Some(path.as_str()) {
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    if let Some(status) = broken {
        let said = match wordless {
            true => "<h1>no such host</h1>".to_owned(),
            false => json!({"error": "invalid_grant", "error_description": "in-the-description"}).to_string(),
        };
        return Ok(Response::builder()
            .status(status)
            .body(Full::new(Bytes::from(said)))
            .unwrap());
    }
    let issuer = format!("http://{address}");
    let mut state = state.lock().unwrap();
    let query: HashMap<String, String> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let said = match path.as_str() {
        "/.well-known/openid-configuration" => {
            let mut said = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
            });
            if state.end_session {
                said["end_session_endpoint"] = json!(format!("{issuer}/end-session"));
            }
            said
        }
        "/jwks" => json!({"keys": state.keys}),
        "/authorize" => return Ok(authorize(&mut state, &issuer, &query)),
        "/token" => {
            let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
            let basic = STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}"));
            let known = parts
                .headers
                .get(header::AUTHORIZATION)
                .is_some_and(|v| v == format!("Basic {basic}").as_str());
            match known.then(|| token(&mut state, &issuer, &form)).flatten() {
                Some(said) => said,
                None => {
                    let said = Full::new(Bytes::from_static(b"{\"error\":\"invalid_grant\"}"));
                    return Ok(Response::builder().status(400).body(said).unwrap());
                }
            }
        }
        _ => return Ok(Response::builder().status(404).body(Full::default()).unwrap()),
    };
    let said = Full::new(Bytes::from(said.to_string()));
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(said)
        .unwrap())
}

/// Sends the browser back with a code.
fn authorize(state: &mut State, issuer: &str, query: &HashMap<String, String>) -> Response<Full<Bytes>> {
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["tenant"], "1", "what the endpoint's address had is kept");
    state.made += 1;
    let code = format!("code-{}", state.made);
    let begun = ["code_challenge", "nonce", "redirect_uri"].map(|name| query[name].clone());
    let [challenge, nonce, redirect] = begun;
    let mut back = form_urlencoded::Serializer::new(String::new());
    back.append_pair("code", &code)
        .append_pair("state", &query["state"])
        .append_pair("iss", issuer);
    let location = format!("{redirect}?{}", back.finish());
    state.codes.insert(code, (challenge, nonce, redirect));
    Response::builder()
        .status(302)
        .header("location", location)
        .body(Full::default())
        .unwrap()
}

/// Tokens for a code or a refresh token, each of which works once.
fn token(state: &mut State, issuer: &str, form: &HashMap<String, String>) -> Option<Value> {
    let nonce = if form["grant_type"] == "refresh_token" {
        *state.counts.entry("refresh".to_owned()).or_default() += 1;
        let at = state
            .refresh_tokens
            .iter()
            .position(|one| *one == form["refresh_token"])?;
        state.refresh_tokens.remove(at);
        None
    } else {
        let (challenge, nonce, redirect) = state.codes.remove(&form["code"])?;
        let verifier = Sha256::digest(form.get("code_verifier")?.as_bytes());
        if URL_SAFE_NO_PAD.encode(verifier) != challenge || form["redirect_uri"] != redirect {
            return None;
        }
        Some(nonce)
    };
    let now = jsonwebtoken::get_current_timestamp();
    let mut claims = json!({
        "iss": issuer,
        "sub": "subject-of-carol",
        "aud": CLIENT,
        "iat": now,
        "exp": now + 300,
        "sid": "session-of-carol",
        "email": "carol@example.com",
        "email_verified": true,
        "groups": ["vision", "speech"],
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    merge(&mut claims, &state.claims);
    let id_token = match &state.forge {
        Some(forge) => forge(&claims),
        None => state.signer.sign(&claims),
    };
    state.made += 1;
    let mut said = json!({
        "token_type": "Bearer",
        "access_token": format!("access-{}", state.made),
        "id_token": id_token,
        "expires_in": state.expires_in,
    });
    if state.refreshes {
        let refresh = format!("refresh-{}", state.made);
        state.refresh_tokens.push(refresh.clone());
        said["refresh_token"] = json!(refresh);
    }
    Some(said)
}
