//! Serves the app's files: compressed siblings, caching, deep links, policy.
//!
//! Files are looked at when they are asked for, so a rebuilt app needs no restart. Whoever asks for one shares its bytes
//! with all others: anybody may ask, many at once, and read slowly. Only names of plain characters are looked for, and
//! none that begins with a dot.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use sha2::{Digest as _, Sha256};

use crate::{
    rejection::Rejection,
    routes::{Body, empty, full},
    security_headers::{is_script_hash, page_policy},
};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const INDEX: &str = "index.html";
/// Of a file's digest, in its entity tag.
const TAG_BYTES: usize = 15;
/// Written by the build; a hash of an inline script a line. Never served.
const HASHES_FILE: &str = "csp-hashes.txt";

/// The folder with the built app.
pub struct Page {
    root: PathBuf,
    /// Files as they were when they were read last.
    read: Mutex<HashMap<PathBuf, Content>>,
}

#[derive(Clone)]
struct Content {
    version: Version,
    bytes: Bytes,
    /// The entity tag: a digest of the bytes, so that replicas agree, and builds that clamp times say of another content
    /// that it is another.
    tag: String,
}

/// When a file was changed, in milliseconds, and how long it is.
type Version = (u128, u64);

impl Page {
    /// Serves the files under `root`.
    pub fn new(root: PathBuf) -> Page {
        Page {
            root,
            read: Mutex::default(),
        }
    }

    /// Answers a request for a file or a deep link; the path was checked for ambiguity before.
    pub async fn handle(&self, request: &Request<Incoming>) -> Result<Response<Body>, Rejection> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Rejection::Method);
        }
        let path = request.uri().path();
        let last = path.rsplit('/').next().unwrap_or_default();
        // A deep link of the app has no extension; a file has one.
        let mut name = if last.contains('.') {
            path.trim_start_matches('/')
        } else {
            INDEX
        };
        let mut found = match plain(name) {
            Some(name) => self.find(name, request.headers()).await,
            None => return Err(Rejection::NoSuchPage),
        };
        // A notebook may have a dot in its name: what a person opens in a tab is the app's business.
        if found.is_err() && is_navigation(request.headers()) {
            name = INDEX;
            found = self.find(name, request.headers()).await;
        }
        let found = found.or(Err(Rejection::NoSuchPage))?;
        let Content { bytes, tag, .. } = self.read(&found).await.or(Err(Rejection::NoSuchPage))?;
        let mut response = if is_same(request.headers(), &tag) {
            let mut response = Response::new(empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            Response::new(full(bytes))
        };
        let policy = page_policy(&self.hashes().await);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(name)));
        if let Some(encoding) = found.encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        for (name, text) in [(header::ETAG, tag), (header::CONTENT_SECURITY_POLICY, policy)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        Ok(response)
    }

    /// Whether there is a file of this very path; deep links are not looked at.
    pub async fn has(&self, path: &str) -> bool {
        match plain(path.trim_start_matches('/')) {
            Some(name) => self.find(name, &HeaderMap::new()).await.is_ok(),
            None => false,
        }
    }

    async fn find(&self, name: &str, headers: &HeaderMap) -> io::Result<Found> {
        let original = self.root.join(name);
        let source = stat(&original).await?;
        for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
            if accepts(headers, encoding) {
                let mut sibling = original.clone().into_os_string();
                sibling.push(suffix);
                // A sibling older than its original is left over from another build.
                if let Ok(found) = stat(Path::new(&sibling)).await
                    && found.modified_ms >= source.modified_ms
                {
                    return Ok(Found {
                        encoding: Some(encoding),
                        ..found
                    });
                }
            }
        }
        Ok(source)
    }

    /// What is in a file.
    async fn read(&self, found: &Found) -> io::Result<Content> {
        let version = (found.modified_ms, found.length);
        let kept = |read: &HashMap<PathBuf, Content>| read.get(&found.file).filter(|it| it.version == version).cloned();
        if let Some(content) = kept(&self.read.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(content);
        }
        let bytes = Bytes::from(tokio::fs::read(&found.file).await?);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..TAG_BYTES]));
        let content = Content { version, bytes, tag };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // A rebuilt app has other names.
        read.retain(|file, _| file.exists());
        read.insert(found.file.clone(), content.clone());
        Ok(content)
    }

    async fn hashes(&self) -> Vec<String> {
        let text = tokio::fs::read_to_string(self.root.join(HASHES_FILE))
            .await
            .unwrap_or_default();
        text.lines()
            .map(|line| line.trim().trim_matches('\''))
            .filter(|line| is_script_hash(line))
            .map(str::to_owned)
            .collect()
    }
}

/// Whether a person opens the address, rather than the page loading a part of itself.
fn is_navigation(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accepts.is_some_and(|types| types.contains("text/html"))
}

struct Found {
    file: PathBuf,
    modified_ms: u128,
    length: u64,
    encoding: Option<&'static str>,
}

async fn stat(file: &Path) -> io::Result<Found> {
    let meta = tokio::fs::metadata(file).await?;
    if !meta.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let modified_ms = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Ok(Found {
        file: file.to_owned(),
        modified_ms,
        length: meta.len(),
        encoding: None,
    })
}

/// The name if each part is made of plain characters and not hidden.
fn plain(name: &str) -> Option<&str> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    (name.split('/').all(is_plain) && name != HASHES_FILE).then_some(name)
}

fn is_same(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|list| list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
}

/// Whether the client takes this encoding (`q=0` means no).
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|one| {
            let mut parts = one.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let refused = parts.any(|p| {
                p.strip_prefix("q=")
                    .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0))
            });
            named && !refused
        })
}

/// Whether the name carries a digest of the content, as Trunk writes it: `flowdeck-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.split(['-', '_', '.'])
        .any(|part| part.len() == 16 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// How long a file may be kept, as `Cache-Control` says it: for ever when its name changes with its content.
pub fn caching(name: &str) -> &'static str {
    if is_hashed(name) { IMMUTABLE } else { "no-cache" }
}

/// The media type of a file, by its name.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_recognised() {
        for (name, expect) in [
            ("flowdeck-0123456789abcdef.js", true),
            ("flowdeck-0123456789abcdef_bg.wasm", true),
            ("fonts/inter-0123456789abcdef.woff2", true),
            ("index.html", false),
            ("config.json", false),
            ("fonts/inter.woff2", false),
            ("a-0123456789ABCDEF.js", false),
        ] {
            assert_eq!(is_hashed(name), expect, "{name}");
        }
    }

    #[test]
    fn hidden_and_odd_names_are_not_files() {
        for name in [
            "",
            ".env",
            "a/.git/config",
            "../x",
            "a//b",
            "a%2eb",
            "csp-hashes.txt",
            "a b",
        ] {
            assert_eq!(plain(name), None, "{name}");
        }
        assert_eq!(plain("fonts/inter.woff2"), Some("fonts/inter.woff2"));
    }

    #[test]
    fn refused_encoding_is_not_used() {
        let headers = |v: &'static str| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(v))]);
        assert!(accepts(&headers("gzip, deflate, br"), "br"));
        assert!(!accepts(&headers("gzip, br;q=0"), "br"));
        assert!(!accepts(&headers("brotli"), "br"));
    }

    #[tokio::test]
    async fn readers_share_one_copy_of_a_file_and_see_its_next_version() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("index.html");
        std::fs::write(&file, "first").unwrap();
        let page = Page::new(dir.path().to_owned());
        let read = async || {
            let found = page.find(INDEX, &HeaderMap::new()).await.unwrap();
            page.read(&found).await.unwrap()
        };
        let (one, two) = (read().await, read().await);
        assert_eq!(
            (&one.bytes[..], one.bytes.as_ptr()),
            (&b"first"[..], two.bytes.as_ptr())
        );
        std::fs::write(&file, "second").unwrap();
        assert_eq!(read().await.bytes, "second");
    }

    #[tokio::test]
    async fn entity_tag_follows_content_and_not_time() {
        let tag = async |text: &str, time: SystemTime| {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("index.html");
            std::fs::write(&file, text).unwrap();
            std::fs::File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_modified(time)
                .unwrap();
            let page = Page::new(dir.path().to_owned());
            let found = page.find(INDEX, &HeaderMap::new()).await.unwrap();
            page.read(&found).await.unwrap().tag
        };
        let (then, now) = (UNIX_EPOCH, SystemTime::now());
        assert_ne!(tag("one", then).await, tag("two", then).await);
        assert_eq!(tag("one", then).await, tag("one", now).await);
    }
}
