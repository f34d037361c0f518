//! Asks the provider: what it offers, its keys, tokens. Fails closed.
//!
//! Answers are read up to a limit and within a time; redirects are not followed. What it offers and
//! its keys are kept; however many people sign in at once, one request is under way, and however many
//! tokens name unknown keys, keys are asked for once a minute at most.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use form_urlencoded::{Serializer, byte_serialize};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse},
};
use kube::client::ConfigExt;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;
use tokio::sync::Mutex;
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use crate::{
    routes::BoxError,
    sign_in::oidc::{Fault, Settings, Tokens, is_askable},
};

type Wire = BoxCloneSyncService<Request<Full<Bytes>>, http::Response<Incoming>, BoxError>;

/// The provider must be as quick as this, in all.
const TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;
/// What the provider offers is asked for again after this time.
const METADATA_FRESH: Duration = Duration::from_secs(3600);
/// After a failure nobody asks for so long.
const METADATA_PAUSE: Duration = Duration::from_secs(5);
/// Keys are asked for again after this time, so that withdrawn ones are forgotten.
const KEYS_FRESH: Duration = Duration::from_secs(600);
/// Keys that could not be asked for again hold no longer than this.
const KEYS_STALE: Duration = Duration::from_secs(3600);

/// What the provider says of itself.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    /// Where the browser goes.
    pub authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    /// Where the browser goes to sign out.
    pub end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Default)]
struct Offered {
    metadata: Option<(Instant, Arc<Metadata>)>,
    failed: Option<Instant>,
}

/// The wire to the provider, and what it offers.
pub struct Provider {
    settings: Settings,
    wire: Wire,
    offered: Mutex<Offered>,
}

impl Provider {
    /// Prepares the wire; opens no connection yet.
    pub fn new(settings: &Settings) -> Result<Provider, BoxError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(TIMEOUT));
        // Only for its TLS: the system's authorities, or the one that is given.
        let mut tls = kube::Config::new(settings.issuer.parse()?);
        if let Some(pem) = &settings.ca_pem {
            let all = CertificateDer::pem_slice_iter(pem).map(|cert| cert.map(|cert| cert.to_vec()));
            tls.root_cert = Some(all.collect::<Result<_, _>>()?);
        }
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(2)
            .build(tls.rustls_https_connector_with_connector(tcp)?);
        Ok(Provider {
            settings: settings.clone(),
            wire: BoxCloneSyncService::new(client.map_err(BoxError::from)),
            offered: Mutex::default(),
        })
    }

    /// What the provider offers.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, Fault> {
        // Held while asking: whoever comes meanwhile waits for the same answer.
        let mut offered = self.offered.lock().await;
        let fresh = |at: Instant, time: Duration| at.elapsed() < time;
        let kept = offered.metadata.clone();
        match &kept {
            Some((at, metadata)) if fresh(*at, METADATA_FRESH) => return Ok(Arc::clone(metadata)),
            _ => {}
        }
        let failed_just_now = offered.failed.is_some_and(|at| fresh(at, METADATA_PAUSE));
        let answer = if failed_just_now {
            Err(Fault::Provider("it could not be asked just now".to_owned()))
        } else {
            self.discover().await
        };
        match answer {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *offered = Offered {
                    metadata: Some((Instant::now(), Arc::clone(&metadata))),
                    failed: None,
                };
                Ok(metadata)
            }
            Err(fault) => {
                if !failed_just_now {
                    offered.failed = Some(Instant::now());
                }
                kept.map(|(_, metadata)| metadata).ok_or(fault)
            }
        }
    }

    async fn discover(&self) -> Result<Metadata, Fault> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = self.get(&url).await?;
        if metadata.issuer != *issuer {
            return Err(Fault::Provider(format!(
                "it calls itself {:?}, not {issuer:?}",
                metadata.issuer
            )));
        }
        let end = metadata.end_session_endpoint.iter();
        let urls = [
            &metadata.authorization_endpoint,
            &metadata.token_endpoint,
            &metadata.jwks_uri,
        ];
        if let Some(odd) = urls.into_iter().chain(end).find(|url| !is_askable(url, issuer)) {
            return Err(Fault::Provider(format!("it offers the address {odd:?}")));
        }
        Ok(metadata)
    }

    async fn keys(&self) -> Result<Vec<Jwk>, Fault> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = self.get(&self.metadata().await?.jwks_uri).await?;
        // One key of a kind that we do not know takes nothing from the others.
        let all = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(all.collect())
    }

    /// Exchanges a code or a refresh token for tokens.
    pub async fn tokens(&self, grant: &[(&str, &str)]) -> Result<Tokens, Fault> {
        let metadata = self.metadata().await?;
        let secret = match &self.settings.client_secret_file {
            None => None,
            Some(file) => {
                let read = tokio::fs::read_to_string(file).await;
                Some(read.map_err(|e| Fault::Provider(format!("our secret cannot be read: {e}")))?)
            }
        };
        let request = self.token_request(&metadata, grant, secret.as_deref().map(str::trim))?;
        self.ask(request).await
    }

    fn token_request(
        &self,
        metadata: &Metadata,
        grant: &[(&str, &str)],
        secret: Option<&str>,
    ) -> Result<Request<Full<Bytes>>, Fault> {
        let id = &self.settings.client_id;
        let mut form = Serializer::new(String::new());
        form.extend_pairs(grant);
        let mut request = Request::new(Full::default());
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let has = |method: &str| methods.iter().any(|one| one == method);
        match secret {
            None => {
                form.append_pair("client_id", id);
            }
            Some(secret) if has("client_secret_post") && !has("client_secret_basic") => {
                form.append_pair("client_id", id).append_pair("client_secret", secret);
            }
            Some(secret) => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let basic = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
                let mut value = HeaderValue::from_str(&format!("Basic {basic}")).map_err(odd)?;
                value.set_sensitive(true);
                request.headers_mut().insert(header::AUTHORIZATION, value);
            }
        }
        *request.method_mut() = Method::POST;
        *request.uri_mut() = metadata.token_endpoint.parse().map_err(odd)?;
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        *request.body_mut() = Full::new(Bytes::from(form.finish()));
        Ok(request)
    }

    async fn get<T: for<'de> Deserialize<'de>>(&self, url: &str) -> Result<T, Fault> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = url.parse().map_err(odd)?;
        self.ask(request).await
    }

    async fn ask<T: for<'de> Deserialize<'de>>(&self, mut request: Request<Full<Bytes>>) -> Result<T, Fault> {
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        let mut wire = self.wire.clone();
        let talk = async {
            let answer = wire.ready().await?.call(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_LIMIT_BYTES).collect().await?;
            Ok::<_, BoxError>((status, body.to_bytes()))
        };
        let (status, body) = match tokio::time::timeout(TIMEOUT, talk).await {
            Err(_) => return Err(Fault::Provider("it takes too long to answer".to_owned())),
            Ok(Err(error)) => return Err(Fault::Provider(error.to_string())),
            Ok(Ok(answer)) => answer,
        };
        match status {
            StatusCode::OK => serde_json::from_slice(&body).map_err(odd),
            // OAuth's word for what is wrong; its sentence could hold anything.
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                #[derive(Deserialize)]
                struct No {
                    error: String,
                }
                // Without that word it is not the provider that says no, but something on the way to it.
                let Ok(No { error }) = serde_json::from_slice(&body) else {
                    return Err(Fault::Provider(format!("it answers {status}, not in OAuth's words")));
                };
                let word: String = error.chars().take(64).collect();
                Err(Fault::Refused(format!("{status} {word:?}")))
            }
            status => Err(Fault::Provider(format!("it answers {status}"))),
        }
    }
}

fn odd(error: impl std::fmt::Display) -> Fault {
    Fault::Provider(format!("its answer makes no sense: {error}"))
}

#[derive(Default)]
struct Kept {
    keys: Vec<Jwk>,
    got: Option<Instant>,
    tried: Option<Instant>,
}

/// The provider's keys.
pub struct Keys {
    pause: Duration,
    kept: Mutex<Kept>,
}

impl Keys {
    /// No keys yet; asks again after `pause` at the earliest.
    pub fn new(pause: Duration) -> Keys {
        Keys {
            pause,
            kept: Mutex::default(),
        }
    }

    /// The key for a token's header.
    pub async fn find(&self, provider: &Provider, kid: Option<&str>, alg: Algorithm) -> Result<DecodingKey, Fault> {
        // Held while asking: whoever comes meanwhile waits for the same answer.
        let mut kept = self.kept.lock().await;
        let is_within = |at: Option<Instant>, time: Duration| at.is_some_and(|at| at.elapsed() < time);
        let known = choose(&kept.keys, kid, alg).filter(|_| is_within(kept.got, KEYS_FRESH));
        if let Some(known) = known {
            return decoding(known);
        }
        if !is_within(kept.tried, self.pause) {
            kept.tried = Some(Instant::now());
            match provider.keys().await {
                Ok(keys) => {
                    kept.keys = keys;
                    kept.got = Some(Instant::now());
                }
                Err(fault) => tracing::warn!(%fault, "the provider's keys cannot be asked for"),
            }
        }
        if !is_within(kept.got, KEYS_STALE) {
            return Err(Fault::Provider("its keys are not known".to_owned()));
        }
        decoding(choose(&kept.keys, kid, alg).ok_or(Fault::UnknownKey)?)
    }
}

fn decoding(key: &Jwk) -> Result<DecodingKey, Fault> {
    DecodingKey::from_jwk(key).map_err(odd)
}

/// The one public key that fits; of several without a name, none.
fn choose<'a>(keys: &'a [Jwk], kid: Option<&str>, alg: Algorithm) -> Option<&'a Jwk> {
    let fits = |key: &&Jwk| {
        let common = &key.common;
        !matches!(
            key.algorithm,
            AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_)
        ) && matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
            && common.key_algorithm.is_none_or(|own| own == KeyAlgorithm::from(alg))
            && kid.is_none_or(|kid| common.key_id.as_deref() == Some(kid))
    };
    let mut fitting = keys.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Some(key),
        _ => None,
    }
}
