//! Reads the head of a client's request, and writes the one that the server gets.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::kind::Kind;

/// The header by which the proxy knows the client: its name. The server does not get it.
pub const NAME_HEADER: &str = "x-faults-client";

/// A request as it came.
#[derive(Debug)]
pub struct Request {
    /// The client's name.
    pub client: String,
    /// Path and query.
    target: String,
    headers: Vec<String>,
}

impl Request {
    /// Reads a whole head.
    pub fn parse(head: &[u8]) -> Option<Request> {
        let text = std::str::from_utf8(head).ok()?;
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let target = lines.next()?.split(' ').nth(1)?.to_owned();
        let (ours, headers): (Vec<&str>, Vec<&str>) =
            lines.partition(|line| line.to_ascii_lowercase().starts_with(NAME_HEADER));
        let client = ours.first()?.split_once(':')?.1.trim().to_owned();
        let headers = headers.into_iter().map(str::to_owned).collect();
        Some(Request {
            client,
            target,
            headers,
        })
    }

    /// Whether it is a watch.
    pub fn is_watch(&self) -> bool {
        self.target.contains("watch=1")
    }

    /// Whether the fault can happen to it.
    pub fn can_meet(&self, kind: Kind) -> bool {
        match kind {
            Kind::OldVersion => self
                .parameter("resourceVersion")
                .is_some_and(|version| !version.is_empty()),
            Kind::OldToken => self.parameter("continue").is_some(),
            _ => true,
        }
    }

    /// Makes it ask for what the server has forgotten.
    pub fn make_old(&mut self) {
        if let Some(token) = self.parameter("continue")
            && let Some(old) = old_token(token)
        {
            self.target = self.target.replace(token, &old);
        } else if let Some(version) = self.parameter("resourceVersion") {
            let (was, now) = (format!("resourceVersion={version}"), "resourceVersion=1");
            self.target = self.target.replace(&was, now);
        }
    }

    /// The head for the server.
    pub fn head(&self, authorization: &str) -> Vec<u8> {
        let mut head = format!("GET {} HTTP/1.1\r\n", self.target);
        for line in &self.headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str(&format!("authorization: {authorization}\r\nconnection: close\r\n\r\n"));
        head.into_bytes()
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The token of the same place in the list of version 1. A token is a small JSON object in base64, which clients need
/// not know; we do, because waiting for the server to forget would take minutes.
fn old_token(token: &str) -> Option<String> {
    let plain = token.replace("%3D", "");
    let bytes = URL_SAFE_NO_PAD
        .decode(&plain)
        .or_else(|_| STANDARD_NO_PAD.decode(&plain))
        .ok()?;
    let mut place: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    place.as_object_mut()?.insert("rv".to_owned(), 1.into());
    Some(URL_SAFE_NO_PAD.encode(place.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_for_the_server_is_ours_without_the_name() {
        let head = b"GET /api/v1/pods?watch=1&resourceVersion=77 HTTP/1.1\r\nHost: x\r\nX-Faults-Client: ann\r\n\r\n";
        let mut request = Request::parse(head).unwrap();
        assert_eq!(request.client, "ann");
        assert!(request.is_watch() && request.can_meet(Kind::OldVersion) && !request.can_meet(Kind::OldToken));
        request.make_old();
        assert_eq!(
            String::from_utf8(request.head("Bearer t")).unwrap(),
            "GET /api/v1/pods?watch=1&resourceVersion=1 HTTP/1.1\r\nHost: x\r\nauthorization: Bearer t\r\nconnection: close\r\n\r\n"
        );
    }

    #[test]
    fn token_is_made_old_where_it_points() {
        let token = URL_SAFE_NO_PAD.encode(r#"{"v":"meta.k8s.io/v1","rv":77,"start":"a\u0000"}"#);
        let old = URL_SAFE_NO_PAD.decode(old_token(&token).unwrap()).unwrap();
        let old: serde_json::Value = serde_json::from_slice(&old).unwrap();
        assert_eq!((&old["rv"], &old["start"]), (&1.into(), &"a\0".into()));
    }
}
