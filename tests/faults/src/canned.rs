//! Answers that do not come from the API server: a load balancer's, a portal's, an overloaded server's.

use flowdeck_watch::Random;

use crate::kind::Kind;

/// The bytes of an answer that this fault puts in the server's place.
pub fn answer(kind: Kind, random: &mut Random) -> Option<Vec<u8>> {
    Some(match kind {
        Kind::BadGateway => match random.below(3) {
            0 => page("502 Bad Gateway", ""),
            1 => page("504 Gateway Time-out", ""),
            _ => page("503 Service Unavailable", "Retry-After: 3\r\n"),
        },
        Kind::NoRoute => page("404 Not Found", ""),
        Kind::Firewall => page("403 Forbidden", ""),
        Kind::Portal => page("200 OK", ""),
        Kind::Internal => status(500, "InternalError", ""),
        Kind::TooMany => {
            let seconds = 1 + random.below(5);
            status(429, "TooManyRequests", &format!("Retry-After: {seconds}\r\n"))
        }
        Kind::TooManyNoHint => status(429, "TooManyRequests", ""),
        Kind::SignedOut => status(401, "Unauthorized", ""),
        Kind::NotHttp => match random.below(3) {
            0 => b"\x15\x03\x01\x00\x02\x02\x28".to_vec(),
            1 => b"<html>no HTTP at all \xe2\x98\x83</html>".to_vec(),
            _ => vec![0; 64],
        },
        _ => return None,
    })
}

/// The web page that load balancers send.
pub const PAGE: &str = "<html><head><title>Oops \u{2603}</title></head>\n<body>no healthy upstream</body></html>\n";

fn page(line: &str, headers: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {line}\r\nContent-Type: text/html\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    )
    .into_bytes()
}

fn status(code: u16, reason: &str, headers: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"a test says {reason}","reason":"{reason}","code":{code}}}"#
    );
    format!(
        "HTTP/1.1 {code} {reason}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
