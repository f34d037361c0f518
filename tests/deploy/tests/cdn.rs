//! Writes the header files for CDNs from what the gateway itself sends, and tests that the committed ones are those.
//!
//! After a change: `FLOWDECK_GOLDEN=write cargo test -p flowdeck-deploy --test cdn`, then read the difference.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use flowdeck_deploy::deploy;
use flowdeck_gateway::{page, security_headers};
use http::HeaderMap;
use serde_json::{Value, json};

/// What the page's files end in.
const ENDINGS: [&str; 9] = [
    "css",
    "html",
    "js",
    "json",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
    "woff2",
];

/// How the names of files begin that the page's build names by their content.
const HASHED: &[&str] = &["flowdeck-", "start-", "style-"];
/// The other files of the page.
const PLAIN: &[&str] = &[
    "config.json",
    "favicon.svg",
    "index.html",
    "manifest.webmanifest",
    "theme.js",
];

/// What the gateway sends with each file of the page over https, but for caching and type.
fn on_every_file() -> Vec<(String, String)> {
    let mut headers = HeaderMap::new();
    security_headers::common(&mut headers, true);
    let mut lines: BTreeMap<String, String> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    lines.insert("content-security-policy".to_owned(), security_headers::page_policy(&[]));
    lines.into_iter().collect()
}

fn hashed_name(prefix: &str) -> String {
    format!("{prefix}0123456789abcdef.js")
}

/// `_headers`, which Cloudflare Pages and Netlify read: rules add up, so that no header may be in two that meet.
fn underscore_headers() -> String {
    let mut text = "# Written from the gateway's own headers by tests/deploy; put it into dist/ before it is uploaded.\n\
                    # What no rule names is revalidated each time, which is these hosts' own way and right for index.html.\n/*\n"
        .to_owned();
    for (name, value) in on_every_file() {
        text.push_str(&format!("  {name}: {value}\n"));
    }
    for prefix in HASHED {
        text.push_str(&format!(
            "/{prefix}*\n  cache-control: {}\n",
            page::caching(&hashed_name(prefix))
        ));
    }
    text
}

/// For buckets (metadata of each object) and what is in front of them (headers of every answer).
fn headers_json() -> String {
    let every: serde_json::Map<String, Value> = on_every_file()
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let types: serde_json::Map<String, Value> = ENDINGS
        .iter()
        .map(|ending| (format!(".{ending}"), page::content_type(&format!("x.{ending}")).into()))
        .collect();
    let mut objects: Vec<Value> = HASHED
        .iter()
        .map(|prefix| json!({"name": format!("{prefix}*"), "cache-control": page::caching(&hashed_name(prefix))}))
        .collect();
    objects.push(json!({"name": "*", "cache-control": page::caching("index.html")}));
    let all = json!({
        "about": "Written from the gateway's own headers by tests/deploy. objects: the first name that fits says an object's Cache-Control; types: its Content-Type by ending; everyAnswer: what the CDN adds to each answer; fallback: what it answers, with 200, where there is no object; gateway: paths that go to the gateway uncached, with all headers, cookies and query, and WebSockets.",
        "objects": objects,
        "types": types,
        "everyAnswer": every,
        "fallback": "index.html",
        "gateway": ["/auth/*", "/k8s/*", "/pipeline/*"],
    });
    format!("{}\n", serde_json::to_string_pretty(&all).unwrap())
}

/// For an nginx that serves the files.
fn nginx() -> String {
    let mut text = "# Written from the gateway's own headers by tests/deploy: a server for the files in dist/, behind something that sends\n\
                    # /k8s/, /auth/ and /pipeline/ to the gateway. Include it in `http { … }`.\n"
        .to_owned();
    text.push_str("map $uri $flowdeck_caching {\n");
    text.push_str(&format!("    default \"{}\";\n", page::caching("index.html")));
    text.push_str(&format!(
        "    \"~[-_./][0-9a-f]{{16}}([-_.][^/]*)?$\" \"{}\";\n}}\n\n",
        page::caching(&hashed_name("x-"))
    ));
    text.push_str("server {\n    listen 8080;\n    root /srv/flowdeck;\n    gzip_static on;\n    gzip_vary on;\n    default_type application/octet-stream;\n    types {\n");
    for ending in ENDINGS {
        let kind = page::content_type(&format!("x.{ending}"));
        text.push_str(&format!("        {} {ending};\n", kind.split(';').next().unwrap()));
    }
    text.push_str("    }\n    charset utf-8;\n    charset_types text/css text/javascript text/plain;\n\n");
    for (name, value) in on_every_file() {
        text.push_str(&format!("    add_header {name} \"{value}\" always;\n"));
    }
    // Not `always`: a file that is missing now may come.
    text.push_str("    add_header cache-control $flowdeck_caching;\n\n");
    text.push_str("    location ~ /\\.|^/csp-hashes\\.txt$ { return 404; }\n");
    text.push_str("    location / { try_files $uri @address; }\n");
    text.push_str("    # Every address of the app is its index; a script or a font that is missing is not.\n");
    text.push_str("    location @address {\n        if ($http_accept !~ text/html) { return 404; }\n");
    text.push_str("        rewrite ^ /index.html break;\n    }\n}\n");
    text
}

#[test]
fn the_files_for_cdns_are_what_the_gateway_sends() {
    let write = std::env::var_os("FLOWDECK_GOLDEN").is_some_and(|how| how == "write");
    let mut differing = Vec::new();
    for (name, text) in [
        ("_headers", underscore_headers()),
        ("headers.json", headers_json()),
        ("nginx.conf", nginx()),
    ] {
        let file = deploy().join("cdn").join(name);
        if write {
            std::fs::write(&file, &text).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != text {
            differing.push(name);
        }
    }
    assert!(
        differing.is_empty(),
        "not what the gateway sends: {differing:?}; if that is meant, run with FLOWDECK_GOLDEN=write"
    );
}

#[test]
fn only_names_with_a_hash_are_kept_for_ever() {
    for prefix in HASHED {
        assert!(page::caching(&hashed_name(prefix)).contains("immutable"), "{prefix}");
        assert!(PLAIN.iter().all(|name| !name.starts_with(prefix)), "{prefix}");
    }
    for name in PLAIN {
        assert_eq!(page::caching(name), "no-cache", "{name}");
    }
}

#[test]
fn the_names_are_those_of_the_pages_build() {
    let read = |file: &str| std::fs::read_to_string(deploy().join("..").join(file)).unwrap();
    // A built page, when there is one: every file that the gateway lets be kept for ever has one of the beginnings.
    if let Ok(entries) = std::fs::read_dir(deploy().join("../dist")) {
        for entry in entries {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let hashed = page::caching(&name).contains("immutable");
            let named = HASHED.iter().any(|prefix| name.starts_with(prefix));
            assert!(
                hashed || !named,
                "{name} has the beginning of a hashed name and no hash"
            );
        }
    }
    for (file, word) in [
        ("crates/tidy/src/dist.rs", "\"start-{:016x}.js\""),
        ("crates/tidy/src/dist/sheets.rs", "\"style-{:016x}.css\""),
        ("crates/tidy/src/split.rs", "\"{name}-{:016x}\""),
    ] {
        assert!(read(file).contains(word), "{file} names files in another way now");
    }
    assert!(read("Cargo.toml").contains("\nname = \"flowdeck\"\n"));
    let mut plain: Vec<String> = std::fs::read_dir(deploy().join("../public"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains('.'))
        .collect();
    plain.push("index.html".to_owned());
    plain.sort_unstable();
    assert_eq!(plain, PLAIN);
}
