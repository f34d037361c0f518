//! Answers `/auth/check`: may this request pass, and as whom? For a gateway in front that forwards by itself.
//!
//! Envoy's and Emissary's ext_authz append the original path, so any suffix and any method is answered;
//! nginx, Traefik and Caddy ask at one address and name the original in headers, which are believed
//! from a `--trusted-proxy` alone (CVE-2026-40575). For `/k8s` the answer is `forward::policy`'s, the
//! same as when we forward ourselves. A yes is a bare 200 with *all* configured identity headers, the
//! empty ones too, so that they overwrite whatever the client sent.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;

use crate::{
    forward::{
        path,
        policy::{self, Asked},
        upgrade, writes,
    },
    network::{Peer, any_contains},
    rejection::Rejection,
    routes::{Body, Record, empty},
    server::Gateway,
    sign_in::{Visitor, identity::Identity},
};

/// How the asking gateway tells what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Original {
    /// Appended to `/auth/check`, with the original method: Envoy, Emissary, Istio.
    Path,
    /// In X-Original-URI and X-Original-Method: nginx.
    XOriginal,
    /// In X-Forwarded-Uri and X-Forwarded-Method: Traefik, Caddy.
    XForwarded,
}

/// A family of headers that carry the answer's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityHeaders {
    /// `kubeflow-userid` and `kubeflow-groups`.
    Kubeflow,
    /// `x-auth-request-user`, `-email`, `-preferred-username` and `-groups`, as of oauth2-proxy.
    XAuthRequest,
    /// `impersonate-user` and `impersonate-group`, for the Kubernetes API itself.
    Impersonate,
}

/// What was asked of the gateway in front.
struct Question<'a> {
    method: Method,
    path: &'a str,
    query: &'a str,
}

/// Answers one request; `rest` is what follows `/auth/check`.
pub async fn handle(
    gateway: &Gateway,
    request: &Request<Incoming>,
    rest: &str,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let question = question(gateway, request, rest)?;
    let headers = request.headers();
    // A name that starts so can only be meant to be believed, and extras cannot be overwritten one by one.
    if headers.keys().any(|name| name.as_str().starts_with("impersonate-")) {
        return Err(Rejection::IdentityHeader);
    }
    let decided = decide(gateway, request, &question, record).await;
    match decided {
        Ok(visitor) => Ok(yes(&gateway.config.check_headers, visitor.map(|v| v.identity).as_ref())),
        Err(Rejection::SignedOut) if is_document(&question, headers) => Ok(to_sign_in()),
        Err(rejection) => Err(rejection),
    }
}

/// What was asked for, from the one place where the configured gateway writes it.
fn question<'a>(gateway: &Gateway, request: &'a Request<Incoming>, rest: &'a str) -> Result<Question<'a>, Rejection> {
    let (uri, method) = match gateway.config.check_original {
        Original::Path => {
            if !rest.starts_with('/') {
                return Err(Rejection::Original);
            }
            return Ok(Question {
                method: request.method().clone(),
                path: rest,
                query: request.uri().query().unwrap_or_default(),
            });
        }
        Original::XOriginal => ("x-original-uri", "x-original-method"),
        Original::XForwarded => ("x-forwarded-uri", "x-forwarded-method"),
    };
    let peer = request.extensions().get::<Peer>();
    let trusted = peer.is_some_and(|peer| any_contains(&gateway.config.trusted_proxies, peer.address));
    if !trusted || !rest.is_empty() {
        return Err(Rejection::Original);
    }
    let single = |name| writes::single(request.headers(), name).ok_or(Rejection::Original);
    let (uri, method) = (single(uri)?, single(method)?);
    if uri.contains('#') {
        return Err(Rejection::Target);
    }
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    path::check_unambiguous(path)?;
    let method = Method::from_bytes(method.as_bytes()).or(Err(Rejection::Original))?;
    Ok(Question { method, path, query })
}

/// Who may pass; nobody in particular where everybody may.
async fn decide(
    gateway: &Gateway,
    request: &Request<Incoming>,
    question: &Question<'_>,
    record: &mut Record,
) -> Result<Option<Visitor>, Rejection> {
    let headers = request.headers();
    // A browser names the origin of every WebSocket, even where the gateway in front keeps the upgrade to itself.
    if headers.contains_key(header::ORIGIN) {
        writes::check_origin(headers, &gateway.config.origins)?;
    }
    if question.path == "/k8s" || question.path.starts_with("/k8s/") {
        let asked = Asked {
            method: &question.method,
            path: question.path.strip_prefix("/k8s").unwrap_or_default(),
            query: question.query,
            headers,
        };
        if asked.path.is_empty() {
            return Err(Rejection::NotAnApi);
        }
        let passed = policy::decide(gateway, &asked, || gateway.visitor(request), record)?;
        // A stream that reconnects is not the person's doing; when we forward ourselves it does not count either.
        if !passed.target.is_stream(question.query) {
            gateway.touch(&passed.visitor);
        }
        return Ok(Some(passed.visitor));
    }
    if matches!(question.method, Method::CONNECT | Method::TRACE) {
        return Err(Rejection::Method);
    }
    let visitor = gateway.visitor(request)?;
    if let Some(visitor) = &visitor {
        record.user(&visitor.identity.user);
        visitor.identity.check(&gateway.config.system_names)?;
    }
    if is_public(gateway, question).await {
        return Ok(visitor);
    }
    let visitor = visitor.ok_or(Rejection::SignedOut)?;
    if upgrade::is_asked_for(headers) {
        writes::check_origin(headers, &gateway.config.origins)?;
    } else if writes::is_write(&question.method) {
        writes::check_write_of_others(headers)?;
    } else {
        writes::check_read(headers)?;
    }
    gateway.touch(&visitor);
    Ok(Some(visitor))
}

/// What everybody gets: our own endpoints, which decide for themselves, and the app's files.
async fn is_public(gateway: &Gateway, question: &Question<'_>) -> bool {
    let path = question.path;
    if path.starts_with("/auth/") {
        return true;
    }
    let reads = matches!(question.method, Method::GET | Method::HEAD);
    reads && (matches!(path, "/sign-in" | "/healthz" | "/readyz") || gateway.page.has(path).await)
}

/// Whether a person opens the address in a tab, rather than the page asking for data.
fn is_document(question: &Question<'_>, headers: &HeaderMap) -> bool {
    let reads = matches!(question.method, Method::GET | Method::HEAD);
    let api = question.path == "/k8s" || question.path.starts_with("/k8s/");
    let opened = match headers.get("sec-fetch-dest") {
        Some(dest) => dest == "document",
        None => writes::single(headers, "accept").is_some_and(|types| types.contains("text/html")),
    };
    reads && !api && opened && !upgrade::is_asked_for(headers)
}

fn to_sign_in() -> Response<Body> {
    let mut response = Rejection::SignedOut.response();
    *response.body_mut() = empty();
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::LOCATION, HeaderValue::from_static("/sign-in"));
    response
}

fn yes(families: &[IdentityHeaders], identity: Option<&Identity>) -> Response<Body> {
    let mut response = Response::new(empty());
    for family in families {
        family.write(identity, response.headers_mut());
    }
    response
}

impl IdentityHeaders {
    /// Writes all headers of the family, those without a value too.
    fn write(self, identity: Option<&Identity>, headers: &mut HeaderMap) {
        let user = identity.map_or("", |identity| identity.user.as_str());
        let groups: &[String] = identity.map_or(&[], |identity| &identity.groups);
        let mut put = |name: &'static str, text: &str| {
            // Names were checked to be plain; one that is not becomes empty rather than the client's.
            let value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
            headers.append(HeaderName::from_static(name), value);
        };
        match self {
            IdentityHeaders::Kubeflow => {
                put("kubeflow-userid", user);
                put("kubeflow-groups", &groups.join(","));
            }
            IdentityHeaders::XAuthRequest => {
                put("x-auth-request-user", user);
                put("x-auth-request-email", user);
                put("x-auth-request-preferred-username", user);
                put("x-auth-request-groups", &groups.join(","));
                put("x-auth-request-access-token", "");
            }
            IdentityHeaders::Impersonate => {
                // Without these two the API would take the request as the asking gateway's own.
                let (user, everybody) = match identity {
                    Some(_) => (user, "system:authenticated"),
                    None => ("system:anonymous", "system:unauthenticated"),
                };
                put("impersonate-user", user);
                put("impersonate-uid", "");
                if groups.is_empty() {
                    put("impersonate-group", everybody);
                }
                for group in groups {
                    put("impersonate-group", group);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(family: IdentityHeaders, groups: &[&str]) -> Vec<String> {
        let identity = Identity {
            user: "alice@example.com".to_owned(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        };
        let response = yes(&[family], Some(&identity));
        let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        response.headers().iter().map(line).collect()
    }

    #[test]
    fn every_header_of_a_family_is_always_there() {
        assert_eq!(
            written(IdentityHeaders::Kubeflow, &[]),
            ["kubeflow-userid: alice@example.com", "kubeflow-groups: "]
        );
        assert_eq!(
            written(IdentityHeaders::XAuthRequest, &["a", "b"])[3],
            "x-auth-request-groups: a,b"
        );
        assert_eq!(
            written(IdentityHeaders::Impersonate, &[])[2],
            "impersonate-group: system:authenticated"
        );
        assert_eq!(
            written(IdentityHeaders::Impersonate, &["a", "b"])[2..],
            ["impersonate-group: a", "impersonate-group: b"]
        );
        let nobody = yes(&[IdentityHeaders::Impersonate, IdentityHeaders::Kubeflow], None);
        assert_eq!(nobody.headers()["impersonate-user"], "system:anonymous");
        assert_eq!(nobody.headers()["kubeflow-userid"], "");
    }
}
