//! Makes sure that a request was started by our own page.
//!
//! Four independent signs: the custom header (a form cannot send it, and a script elsewhere would
//! need a preflight that nobody answers), the JSON content type (same), `Sec-Fetch-Site` (the
//! browser's word; absent in clients that are no browser, which need the custom header anyway), and
//! `Origin` where one is sent. Lesson of CVE-2024-22424: `SameSite` alone does not stop a sibling
//! subdomain.

use http::{HeaderMap, Method, header};

use crate::rejection::Rejection;

/// The header that every write carries, with the value `1`.
pub const CUSTOM_HEADER: &str = "x-flowdeck";

/// Whether the method can change something.
pub fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Refuses a write that our page did not start.
pub fn check_write(headers: &HeaderMap, origins: &[String]) -> Result<(), Rejection> {
    check_site(headers, &["same-origin"])?;
    if let Some(origin) = headers.get(header::ORIGIN)
        && !is_ours(origin.as_bytes(), origins)
    {
        return Err(Rejection::Origin);
    }
    if single(headers, CUSTOM_HEADER) != Some("1") {
        return Err(Rejection::CustomHeader);
    }
    match single(headers, "content-type") {
        Some(value) if is_json(value) => Ok(()),
        _ => Err(Rejection::ContentType),
    }
}

/// Refuses a write to somebody else's application that no page of ours started: it knows nothing of our
/// header, so one of the browser's own signs has to be there. The `Origin` was looked at before.
pub fn check_write_of_others(headers: &HeaderMap) -> Result<(), Rejection> {
    check_site(headers, &["same-origin"])?;
    let signed = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    if signed || single(headers, CUSTOM_HEADER) == Some("1") {
        Ok(())
    } else {
        Err(Rejection::CustomHeader)
    }
}

/// Refuses a read that another site started: notebooks on a sibling subdomain, for example.
pub fn check_read(headers: &HeaderMap) -> Result<(), Rejection> {
    check_site(headers, &["same-origin", "none"])
}

/// Refuses an upgrade whose `Origin` is not exactly ours; browsers always send one.
pub fn check_origin(headers: &HeaderMap, origins: &[String]) -> Result<(), Rejection> {
    let mut values = headers.get_all(header::ORIGIN).iter();
    match (values.next(), values.next()) {
        (Some(origin), None) if is_ours(origin.as_bytes(), origins) => Ok(()),
        _ => Err(Rejection::Origin),
    }
}

fn is_ours(origin: &[u8], origins: &[String]) -> bool {
    origins.iter().any(|ours| ours.as_bytes() == origin)
}

fn check_site(headers: &HeaderMap, allowed: &[&str]) -> Result<(), Rejection> {
    match headers.get("sec-fetch-site") {
        None => Ok(()),
        Some(_) if single(headers, "sec-fetch-site").is_some_and(|site| allowed.contains(&site)) => Ok(()),
        Some(_) => Err(Rejection::CrossSite),
    }
}

/// The value of a header that is there exactly once.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// JSON in any of the API's patch dialects. Server-side apply is named YAML but takes JSON too.
fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let Some(subtype) = essence.strip_prefix("application/") else {
        return false;
    };
    subtype == "json" || subtype == "apply-patch+yaml" || (subtype.ends_with("+json") && !subtype.contains(','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn write_passes_only_with_all_signs() {
        let ours = ["https://deck.example.com".to_owned()];
        let good = [
            ("x-flowdeck", "1"),
            ("content-type", "application/merge-patch+json; charset=utf-8"),
        ];
        let check = |extra: &[(&'static str, &'static str)], drop: &str| {
            let lines: Vec<_> = good.iter().chain(extra).copied().filter(|(n, _)| *n != drop).collect();
            check_write(&headers(&lines), &ours).err().map(Rejection::slug)
        };
        assert_eq!(check(&[], ""), None);
        assert_eq!(
            check(
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "https://deck.example.com")
                ],
                ""
            ),
            None
        );
        assert_eq!(check(&[("sec-fetch-site", "same-site")], ""), Some("cross-site"));
        assert_eq!(check(&[("sec-fetch-site", "none")], ""), Some("cross-site"));
        assert_eq!(check(&[("origin", "null")], ""), Some("origin"));
        assert_eq!(check(&[("origin", "https://deck.example.com:444")], ""), Some("origin"));
        assert_eq!(check(&[], "x-flowdeck"), Some("custom-header"));
        assert_eq!(check(&[], "content-type"), Some("content-type"));
        assert_eq!(
            check(&[("content-type", "text/plain")], "content-type"),
            Some("content-type")
        );
    }
}
