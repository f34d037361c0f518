//! Writes the response headers that keep a browser from doing more than the page needs.
//!
//! Source: kubernetes-and-gateway.md §3.2.

use http::{HeaderMap, HeaderValue, header};

/// For every answer that is not a file of the app: JSON of the cluster or of the gateway.
///
/// `sandbox` keeps HTML that a cluster might answer from running on our origin.
pub const API_POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The page's policy, with extra script hashes (each like `sha256-…`) in `script-src`.
pub fn page_policy(script_hashes: &[String]) -> String {
    let hashes: String = script_hashes.iter().map(|hash| format!(" '{hash}'")).collect();
    format!(
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; \
         script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; worker-src 'self'"
    )
}

/// The lines that `csp-hashes.txt` may hold; others are ignored.
pub fn is_script_hash(line: &str) -> bool {
    let Some((kind, digest)) = line.split_once('-') else {
        return false;
    };
    matches!(kind, "sha256" | "sha384" | "sha512")
        && (40..=90).contains(&digest.len())
        && digest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}

/// What every response carries, whatever it is.
pub fn common(headers: &mut HeaderMap, https: bool) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    if https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

/// What the answers of the API and of the gateway itself carry on top: never stored, never run.
pub fn api(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(API_POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie, Authorization"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_policy_never_allows_inline_or_eval() {
        let policy = page_policy(&["sha256-AAAA".to_owned()]);
        assert!(!policy.contains("unsafe-inline"));
        assert!(!policy.replace("wasm-unsafe-eval", "").contains("unsafe-eval"));
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-AAAA';"));
        assert!(policy.contains("frame-ancestors 'none'"));
    }

    #[test]
    fn hash_lines_that_could_widen_the_policy_are_ignored() {
        assert!(is_script_hash("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
        for line in [
            "",
            "unsafe-inline",
            "sha256-",
            "sha256-x'; script-src *",
            "md5-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ] {
            assert!(!is_script_hash(line), "{line}");
        }
    }
}
