//! The app's files: compression, caching, deep links, policy.

use crate::support::World;

#[tokio::test]
async fn compressed_sibling_is_chosen_by_what_the_browser_takes() {
    let world = World::new().await;
    let wasm = "/flowdeck-0123456789abcdef_bg.wasm";
    for (accept, encoding, body) in [
        ("gzip, deflate, br, zstd", Some("br"), "br"),
        ("gzip", Some("gzip"), "gz"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "gz"),
        ("identity", None, "\0asm"),
    ] {
        let answer = world.ask("GET", wasm).header("Accept-Encoding", accept).send().await;
        assert_eq!(answer.header("content-encoding").as_deref(), encoding, "{accept}");
        assert_eq!(answer.body, body);
        assert_eq!(answer.header("content-type").as_deref(), Some("application/wasm"));
        assert_eq!(answer.header("vary").as_deref(), Some("Accept-Encoding"));
    }
    let none = world
        .ask("GET", "/config.json")
        .header("Accept-Encoding", "br")
        .send()
        .await;
    assert!(none.header("content-encoding").is_none());
}

#[tokio::test]
async fn hashed_names_are_kept_for_ever_and_others_asked_for_again() {
    let world = World::new().await;
    let caching = |target: &'static str| {
        let ask = world.ask("GET", target);
        async move { ask.send().await.header("cache-control").unwrap() }
    };
    for target in ["/flowdeck-0123456789abcdef.js", "/flowdeck-0123456789abcdef_bg.wasm"] {
        assert_eq!(caching(target).await, "public, max-age=31536000, immutable");
    }
    for target in [
        "/",
        "/index.html",
        "/config.json",
        "/notebooks/mine",
        "/fonts/inter.woff2",
    ] {
        assert_eq!(caching(target).await, "no-cache", "{target}");
    }
    // What does not exist is never kept.
    assert_eq!(caching("/flowdeck-ffffffffffffffff.js").await, "private, no-store");
}

#[tokio::test]
async fn deep_links_give_the_page_and_missing_files_do_not() {
    let world = World::new().await;
    for target in [
        "/",
        "/notebooks",
        "/notebooks/my-notebook?ns=a&tab=logs",
        "/sign-in",
        "/some/where",
    ] {
        let answer = world.ask("GET", target).send().await;
        assert_eq!(answer.status, 200, "{target}");
        assert!(answer.body.contains("<title>Flowdeck</title>"), "{target}");
        assert_eq!(
            answer.header("content-type").as_deref(),
            Some("text/html; charset=utf-8")
        );
    }
    // A notebook with a dot in its name, opened in a tab.
    let tab = world
        .ask("GET", "/notebooks/my.notebook")
        .header("Accept", "text/html,*/*;q=0.8");
    assert_eq!(tab.send().await.status, 200);
    for target in ["/.secret", "/csp-hashes.txt"] {
        let tab = world.ask("GET", target).header("Accept", "text/html");
        assert_eq!(tab.send().await.status, 404);
    }
    for target in [
        "/none.js",
        "/.secret",
        "/csp-hashes.txt",
        "/fonts/.x",
        "/flowdeck.html.br",
        "/metrics",
    ] {
        let answer = world.ask("GET", target).send().await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (404, "no-such-page"),
            "{target}"
        );
    }
    for target in [
        "/..%2fusers.toml",
        "/../users.toml",
        "/%2e%2e/users.toml",
        "/a\\..\\users.toml",
    ] {
        assert_eq!(world.ask("GET", target).send().await.status, 400, "{target}");
    }
    assert_eq!(world.ask("POST", "/").send().await.status, 405);
}

#[tokio::test]
async fn unchanged_file_gives_304_and_head_no_body() {
    let world = World::new().await;
    let first = world.ask("GET", "/config.json").send().await;
    let tag = first.header("etag").unwrap();
    let again = world
        .ask("GET", "/config.json")
        .header("If-None-Match", &format!("W/\"x\", {tag}"))
        .send()
        .await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(tag));
    let head = world.ask("HEAD", "/config.json").open().await.head().await;
    assert_eq!(head.header("content-length").as_deref(), Some("13"));
}

#[tokio::test]
async fn policy_has_the_builds_hashes_and_nothing_unsafe() {
    let world = World::new().await;
    let policy = world
        .ask("GET", "/")
        .send()
        .await
        .header("content-security-policy")
        .unwrap();
    assert!(
        policy.contains("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{policy}"
    );
    assert!(policy.starts_with("default-src 'none'"));
}

#[tokio::test]
async fn notebook_servers_are_refused_in_words() {
    let world = World::new().await;
    let answer = world.get("/notebook/a/mine/").send().await;
    assert_eq!((answer.status, answer.slug().as_str()), (404, "no-notebook-server"));
    let tab = world
        .get("/notebook/a/mine/")
        .header("Accept", "text/html,*/*")
        .send()
        .await;
    assert_eq!(tab.status, 404);
    assert_eq!(
        tab.body,
        "Notebook servers cannot be opened through this gateway yet.\n"
    );
}
