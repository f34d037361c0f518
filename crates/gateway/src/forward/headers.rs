//! Chooses which headers go to the cluster and which come back.
//!
//! Both ways by allow-list: what is not named here does not pass. So no copy of an identity header
//! in any spelling, no cookie, no `Authorization` and nothing named by `Connection` ever has to be
//! found and removed.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{rejection::Rejection, sign_in::identity::Identity};

const REQUEST: [HeaderName; 8] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::CONTENT_TYPE,
    header::USER_AGENT,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

const UPGRADE_REQUEST: [HeaderName; 4] = [
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
];

const RESPONSE: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
    header::WARNING,
    header::DATE,
];

/// The API server's own: audit id, and which priority level and flow schema it chose.
const RESPONSE_BY_NAME: [&str; 3] = [
    "audit-id",
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
];

const UPGRADE_RESPONSE: [HeaderName; 3] = [
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
];

const USER_AGENT_LIMIT_BYTES: usize = 256;

/// The headers of the request to the cluster: the allowed ones, then who is asking.
pub fn for_upstream(client: &HeaderMap, identity: &Identity, upgrade: bool) -> Result<HeaderMap, Rejection> {
    let mut headers = HeaderMap::new();
    copy(client, &mut headers, &REQUEST);
    if headers
        .get(header::USER_AGENT)
        .is_some_and(|v| v.len() > USER_AGENT_LIMIT_BYTES)
    {
        headers.remove(header::USER_AGENT);
    }
    if upgrade {
        copy(client, &mut headers, &UPGRADE_REQUEST);
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    identity.impersonate(&mut headers)?;
    Ok(headers)
}

/// The headers of the answer to the browser; `upgraded` for a 101.
pub fn for_client(upstream: &HeaderMap, upgraded: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    copy(upstream, &mut headers, &RESPONSE);
    for name in RESPONSE_BY_NAME {
        if let Some(value) = upstream.get(name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if upgraded {
        copy(upstream, &mut headers, &UPGRADE_RESPONSE);
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    headers
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_request_headers_are_dropped() {
        let mut client = HeaderMap::new();
        for name in [
            "cookie",
            "authorization",
            "impersonate-user",
            "x-remote-user",
            "kubeflow-userid",
            "host",
            "connection",
            "range",
            "forwarded",
        ] {
            client.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        client.append(header::ACCEPT, HeaderValue::from_static("application/json"));
        let identity = Identity {
            user: "alice@example.com".to_owned(),
            groups: vec!["vision".to_owned()],
        };
        let sent = for_upstream(&client, &identity, false).unwrap();
        let mut names: Vec<_> = sent.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "impersonate-group", "impersonate-user"]);
        assert_eq!(sent["impersonate-user"], "alice@example.com");
    }

    #[test]
    fn without_a_name_nothing_is_sent_as_the_gateway_itself() {
        for (user, group) in [("", "a"), ("a\nb", "a"), ("alice", "a\r\nb"), ("alice", "")] {
            let identity = Identity {
                user: user.to_owned(),
                groups: vec![group.to_owned()],
            };
            let sent = for_upstream(&HeaderMap::new(), &identity, false);
            assert_eq!(sent, Err(Rejection::Identity), "{user:?} {group:?}");
        }
    }

    #[test]
    fn unlisted_response_headers_are_dropped() {
        let mut upstream = HeaderMap::new();
        for name in [
            "set-cookie",
            "access-control-allow-origin",
            "server",
            "location",
            "cache-control",
            "content-security-policy",
        ] {
            upstream.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        upstream.append("audit-id", HeaderValue::from_static("1"));
        assert_eq!(
            for_client(&upstream, false)
                .keys()
                .map(HeaderName::as_str)
                .collect::<Vec<_>>(),
            ["audit-id"]
        );
    }
}
