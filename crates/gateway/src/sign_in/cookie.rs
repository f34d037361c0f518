//! Names, writes and reads the session cookie.
//!
//! Rules of kubernetes-and-gateway.md §3.4 item 30: `__Host-` and `Secure` where the page is https,
//! `HttpOnly`, `SameSite=Lax` (`Strict` would lose the session on the way back from an identity
//! provider), `Path=/`, no `Domain`, and a random id that says nothing about the user.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// The cookie's name. Browsers refuse the prefix without `Secure`, so plain http has none.
pub fn name(https: bool) -> &'static str {
    if https { "__Host-flowdeck" } else { "flowdeck" }
}

/// The name of the cookie that binds a sign-in at a provider to the browser that began it.
pub fn sign_in_name(https: bool) -> &'static str {
    if https {
        "__Host-flowdeck-sign-in"
    } else {
        "flowdeck-sign-in"
    }
}

/// The session id that the browser sent; none if it sent two different ones.
pub fn read(headers: &HeaderMap, https: bool) -> Option<&str> {
    read_named(headers, name(https))
}

/// The one value of a cookie; none if the browser sent two different ones.
pub fn read_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found: Option<&[u8]> = None;
    for line in headers.get_all(header::COOKIE) {
        // Bytes: another application on this host may have set a cookie that is no plain text.
        for pair in line.as_bytes().split(|&b| b == b';').map(<[u8]>::trim_ascii) {
            let Some(value) = pair.strip_prefix(name.as_bytes()).and_then(|v| v.strip_prefix(b"=")) else {
                continue;
            };
            if found.is_some_and(|other| other != value) {
                return None;
            }
            found = Some(value);
        }
    }
    std::str::from_utf8(found?).ok()
}

/// Sets the cookie for as long as the session can last.
pub fn set(id: &str, https: bool, life: Duration) -> Option<HeaderValue> {
    write(name(https), id, https, life.as_secs())
}

/// Sets the cookie of a sign-in.
pub fn set_sign_in(secret: &str, https: bool, life: Duration) -> Option<HeaderValue> {
    write(sign_in_name(https), secret, https, life.as_secs())
}

/// Takes the cookie of a sign-in away.
pub fn clear_sign_in(https: bool) -> Option<HeaderValue> {
    write(sign_in_name(https), "", https, 0)
}

/// Takes the cookie away.
pub fn clear(https: bool) -> Option<HeaderValue> {
    write(name(https), "", https, 0)
}

fn write(name: &str, value: &str, https: bool, max_age_secs: u64) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_follows_the_rules() {
        let set = set("id", true, Duration::from_secs(60)).unwrap();
        assert_eq!(
            set,
            "__Host-flowdeck=id; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            clear(false).unwrap(),
            "flowdeck=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn two_different_cookies_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; flowdeck=one"));
        assert_eq!(read(&headers, false), Some("one"));
        assert_eq!(read(&headers, true), None);
        headers.append(header::COOKIE, HeaderValue::from_static("flowdeck=two"));
        assert_eq!(read(&headers, false), None);
    }
}
