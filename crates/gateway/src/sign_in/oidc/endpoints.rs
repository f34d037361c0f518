//! Answers `/auth/oidc/*`: to the provider, back from it, and its word that somebody signed out.
//!
//! A browser navigates here, so refusals are small pages in words. Nothing of a query is ever repeated.

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;

use crate::{
    forward::path,
    rejection::Rejection,
    routes::{Body, Record, empty, full},
    server::Gateway,
    sign_in::{
        cookie,
        oidc::{Fault, Oidc, logout, pending},
        sessions::new_secret,
    },
};

const TO_LIMIT_BYTES: usize = 1024;
const HOME: &str = "/";

/// Answers one request; `path` is what follows `/auth/oidc`.
pub async fn handle(
    gateway: &Arc<Gateway>,
    oidc: &Oidc,
    request: Request<Incoming>,
    path: &str,
    address: IpAddr,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    if path == "/backchannel-logout" {
        return logout::back_channel(gateway, oidc, request).await;
    }
    if !matches!(path, "/start" | "/callback" | "/frontchannel-logout") {
        return Err(Rejection::NoSuchPage);
    }
    // HEAD would use the answer up that belongs to the GET behind it.
    if request.method() != Method::GET {
        return Err(Rejection::Method);
    }
    let answered = match path {
        "/start" => start(gateway, oidc, &request, address).await,
        "/callback" => callback(gateway, oidc, &request, record).await,
        _ => logout::front_channel(gateway, oidc, &request),
    };
    Ok(answered.unwrap_or_else(in_words))
}

/// The value of a query parameter that is there once.
pub(super) fn single(query: &str, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.into_owned()),
        _ => None,
    }
}

async fn start(
    gateway: &Gateway,
    oidc: &Oidc,
    request: &Request<Incoming>,
    address: IpAddr,
) -> Result<Response<Body>, Rejection> {
    check_host(gateway, request)?;
    let metadata = oidc.provider.metadata().await.map_err(|fault| said(&fault))?;
    let https = gateway.config.https;
    let to = single(request.uri().query().unwrap_or_default(), "to");
    let to = to.filter(|to| is_ours(to)).unwrap_or_else(|| HOME.to_owned());
    // One cookie a browser, however many tabs begin at once.
    let known = cookie::read_named(request.headers(), cookie::sign_in_name(https));
    let browser = known
        .filter(|known| oidc.pending.knows(known))
        .map_or_else(new_secret, str::to_owned);
    let ticket = oidc
        .pending
        .begin(&browser, to, address, Instant::now())
        .ok_or(Rejection::SignInTooOften(pending::LIFE.as_secs()))?;
    let settings = &oidc.settings;
    let mut query = Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &callback_url(gateway))
        .append_pair("scope", &settings.scopes.join(" "))
        .append_pair("state", &ticket.state)
        .append_pair("nonce", &ticket.nonce)
        .append_pair("code_challenge", &ticket.challenge)
        .append_pair("code_challenge_method", "S256");
    let mut response = go(&with_query(&metadata.authorization_endpoint, &query.finish()))?;
    if let Some(cookie) = cookie::set_sign_in(&browser, https, pending::LIFE) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn callback(
    gateway: &Gateway,
    oidc: &Oidc,
    request: &Request<Incoming>,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    check_host(gateway, request)?;
    let https = gateway.config.https;
    let query = request.uri().query().unwrap_or_default();
    let browser = cookie::read_named(request.headers(), cookie::sign_in_name(https));
    let (Some(state), Some(browser)) = (single(query, "state"), browser) else {
        return Err(Rejection::SignInState);
    };
    let begun = oidc
        .pending
        .finish(&state, browser, Instant::now())
        .ok_or(Rejection::SignInState)?;
    let signed_in = async {
        // RFC 9207: an answer that another provider sent us is not for this one's token endpoint.
        if single(query, "iss").is_some_and(|issuer| issuer != oidc.settings.issuer) {
            return Err(Fault::Refused("another issuer answers".to_owned()));
        }
        let Some(code) = single(query, "code") else {
            let word: String = single(query, "error").unwrap_or_default().chars().take(64).collect();
            return Err(Fault::Refused(format!("the provider says {word:?}")));
        };
        let tokens = oidc
            .provider
            .tokens(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &callback_url(gateway)),
                ("code_verifier", &begun.verifier),
            ])
            .await?;
        let Some(token) = &tokens.id_token else {
            return Err(Fault::Refused("there is no ID token".to_owned()));
        };
        let claims = oidc.check_id_token(token, Some(&begun.nonce)).await?;
        oidc.granted(&claims, &tokens)
    };
    let (account, grant) = signed_in.await.map_err(|fault| {
        gateway.metrics.sign_in("oidc", false);
        said(&fault)
    })?;
    if let Err(rejection) = account.identity.check(&gateway.config.system_names) {
        gateway.metrics.sign_in("oidc", false);
        return Err(rejection);
    }
    gateway.metrics.sign_in("oidc", true);
    record.user(&account.identity.user);
    // A session that the browser had is over: ids are never taken over.
    if let Some(before) = gateway.session(request) {
        gateway.sessions.close(&before);
    }
    let id = gateway.sessions.open_granted(&account, Some(grant));
    let mut response = go(&begun.to)?;
    let cookies = [
        cookie::set(&id, https, gateway.config.lifetimes.absolute),
        cookie::clear_sign_in(https),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Writes down what went wrong; the person gets a fixed sentence.
fn said(fault: &Fault) -> Rejection {
    tracing::warn!(%fault, "somebody was not signed in");
    match fault {
        Fault::Provider(_) => Rejection::ProviderUnreachable,
        Fault::Refused(_) | Fault::UnknownKey => Rejection::SignInRefused,
    }
}

fn callback_url(gateway: &Gateway) -> String {
    format!("{}/auth/oidc/callback", gateway.config.page_url())
}

/// Sign-ins begin and end at the configured address only: cookies belong to one host.
fn check_host(gateway: &Gateway, request: &Request<Incoming>) -> Result<(), Rejection> {
    let page = gateway.config.page_url();
    let ours = page.split_once("://").map_or("", |(_, host)| host);
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let named = match (request.uri().authority(), hosts.next(), hosts.next()) {
        (Some(authority), ..) => authority.as_str().as_bytes(),
        (None, Some(host), None) => host.as_bytes(),
        _ => return Err(Rejection::Host),
    };
    let default_port = if gateway.config.https { ":443" } else { ":80" };
    let named = named.strip_suffix(default_port.as_bytes()).unwrap_or(named);
    if named.eq_ignore_ascii_case(ours.as_bytes()) {
        Ok(())
    } else {
        Err(Rejection::Host)
    }
}

/// Whether this is a place of our own page: no other host, and no endpoint of ours.
fn is_ours(to: &str) -> bool {
    let (path, query) = to.split_once('?').unwrap_or((to, ""));
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>');
    to.len() <= TO_LIMIT_BYTES
        && path::check_unambiguous(path).is_ok()
        && query.bytes().all(plain)
        && !path.starts_with("//")
        && !["/auth/", "/k8s/"].iter().any(|own| path.starts_with(own))
}

/// The URL with more parameters than it had.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{query}")
}

fn go(to: &str) -> Result<Response<Body>, Rejection> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let to = HeaderValue::from_str(to).or(Err(Rejection::ProviderUnreachable))?;
    response.headers_mut().insert(header::LOCATION, to);
    Ok(response)
}

/// A refusal as a small page with a way back.
fn in_words(rejection: Rejection) -> Response<Body> {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Sign in · Flowdeck</title>\n\
         <h1>You are not signed in</h1>\n<p>{}</p>\n<p><a href=\"/sign-in\">Go back and try again</a></p>\n",
        rejection.message()
    );
    let mut response = rejection.response();
    *response.body_mut() = full(Bytes::from(page));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_our_own_page_are_gone_to() {
        for to in [
            "/",
            "/notebooks",
            "/notebooks?ns=a&sort=name",
            "/notebooks/a/b.c",
            "/runs?q=%2F%2Fevil",
        ] {
            assert!(is_ours(to), "{to}");
        }
        let long = format!("/{}", "a".repeat(2000));
        for to in [
            "",
            "//evil.com",
            "/\\evil",
            "\\\\evil",
            "https:evil",
            "https://evil",
            "javascript:alert(1)",
            "/%09/evil",
            "/\t/evil",
            "/a\r\nSet-Cookie: x",
            "/a?x=\r\nSet-Cookie: x",
            "/a?x=\\",
            "/../x",
            "/auth/sign-out",
            "/k8s/api",
            "evil",
            &long,
        ] {
            assert!(!is_ours(to), "{to}");
        }
    }

    #[test]
    fn parameter_that_is_there_twice_is_not_there() {
        assert_eq!(single("a=1&b=%2F", "b").as_deref(), Some("/"));
        assert_eq!(single("a=1&a=1", "a"), None);
        assert_eq!(single("", "a"), None);
    }
}
