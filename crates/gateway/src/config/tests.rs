//! Tests that each wrong setting is named and explained, and right ones are taken.

use std::path::Path;

use clap::Parser;

use super::*;
use crate::cli::Cli;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
    std::fs::write(folder.path().join("users.toml"), "").unwrap();
    std::fs::write(folder.path().join("not-a.pem"), "hello").unwrap();
    std::fs::write(folder.path().join("secret"), "a-secret-that-nobody-guesses").unwrap();
    folder
}

fn check(folder: &Path, flags: &str) -> Result<Config, BadSetting> {
    let dir = folder.display().to_string();
    let flags = flags.replace("DIR", &dir);
    let app = if flags.contains("--app") {
        ""
    } else {
        &format!("--app {dir} ")
    };
    let line = format!("x {app}{flags}");
    let all = line.split_whitespace();
    Config::check(Cli::try_parse_from(all).unwrap().settings)
}

/// Flags, the setting that is to blame, a part of what is said. `DIR` is a folder with an app and an empty
/// users file, `UPSTREAM` a complete setting without a sandbox.
const BAD: [(&str, &str, &str); 64] = [
    ("", "sandbox", "no cluster is named"),
    ("--sandbox --in-cluster", "sandbox", "only one cluster"),
    ("--upstream http://a:1", "users", "nobody could sign in"),
    ("--sandbox --listen 8080", "listen", "not an address with a port"),
    (
        "--sandbox --listen 0.0.0.0:8080",
        "public-url",
        "is needed when listening on 0.0.0.0:8080",
    ),
    (
        "--sandbox --listen 127.0.0.1:5 --metrics-listen 127.0.0.1:5",
        "metrics-listen",
        "another address",
    ),
    ("--sandbox --public-url deck", "public-url", "needs http:// or https://"),
    (
        "--sandbox --public-url ftp://deck",
        "public-url",
        "must begin with http",
    ),
    (
        "--sandbox --public-url https://deck:99999",
        "public-url",
        "has a port that is no number from 1 to 65535",
    ),
    ("--sandbox --public-url https://deck:", "public-url", "has a port that"),
    (
        "--sandbox --public-url https://[::1]:0",
        "public-url",
        "has a port that",
    ),
    (
        "--upstream https://10.0.0.1:64430000 --users DIR/users.toml",
        "upstream",
        "has a port that",
    ),
    (
        "SANDBOX --oidc-issuer https://id.example.com:x --oidc-client-id x",
        "oidc-issuer",
        "is not an issuer",
    ),
    (
        "SANDBOX --oidc-name Dex",
        "oidc-name",
        "only means something with --oidc-issuer",
    ),
    ("SANDBOX --oidc-scope openid", "oidc-scope", "only means something with"),
    (
        "SANDBOX --oidc-user-claim sub",
        "oidc-user-claim",
        "only means something with",
    ),
    (
        "SANDBOX --oidc-groups-claim g",
        "oidc-groups-claim",
        "only means something with",
    ),
    (
        "SANDBOX --oidc-user-prefix a:",
        "oidc-user-prefix",
        "only means something with",
    ),
    (
        "SANDBOX --oidc-groups-prefix a:",
        "oidc-groups-prefix",
        "only means something with",
    ),
    ("SANDBOX --oidc-leeway 1m", "oidc-leeway", "only means something with"),
    (
        "--sandbox --public-url https://deck/app",
        "public-url",
        "must not have a path",
    ),
    (
        "--sandbox --public-url https://a:b@deck",
        "public-url",
        "name or password",
    ),
    ("--sandbox --app DIR/none", "app", "has no index.html"),
    (
        "--kubeconfig DIR/none --users DIR/users.toml",
        "kubeconfig",
        "there is no file",
    ),
    (
        "--sandbox --context dev",
        "context",
        "only means something with --kubeconfig",
    ),
    (
        "--upstream ftp://a --users DIR/users.toml",
        "upstream",
        "needs http:// or https://",
    ),
    (
        "--upstream http://u:p@a --users DIR/users.toml",
        "upstream",
        "plain address",
    ),
    (
        "UPSTREAM --upstream-token-file DIR/none",
        "upstream-token-file",
        "there is no file",
    ),
    ("UPSTREAM --upstream-ca DIR/none", "upstream-ca", "cannot be read"),
    (
        "UPSTREAM --upstream-ca DIR/not-a.pem",
        "upstream-ca",
        "not a PEM certificate",
    ),
    ("UPSTREAM --empty", "empty", "only means something with --sandbox"),
    ("UPSTREAM --data x", "data", "only means something with --sandbox"),
    (
        "--sandbox --data DIR/s --sandbox-world big",
        "sandbox-world",
        "is not believable",
    ),
    (
        "--sandbox --data DIR/s --sandbox-world load:pods=many",
        "sandbox-world",
        "is not believable",
    ),
    (
        "--sandbox --data DIR/s --empty --pods 5",
        "sandbox-world",
        "only one of",
    ),
    (
        "--sandbox --data DIR/s --sandbox-listen 0.0.0.0:1",
        "sandbox-listen",
        "this machine only",
    ),
    ("--sandbox --data DIR/s --sandbox-speed 0", "sandbox-speed", "above 0"),
    (
        "--sandbox --data DIR/s --session-idle 2h --session-max 1h",
        "session-idle",
        "longer than",
    ),
    (
        "--sandbox --data DIR/s --session-idle soon",
        "session-idle",
        "not a time above 0",
    ),
    (
        "--sandbox --data DIR/s --header-timeout 0s",
        "header-timeout",
        "not a time above 0",
    ),
    (
        "--sandbox --data DIR/s --max-streams-per-user 0",
        "max-streams-per-user",
        "1 or more",
    ),
    (
        "--sandbox --data DIR/s --trusted-proxy proxy",
        "trusted-proxy",
        "not an IP address",
    ),
    (
        "SANDBOX --trusted-header-user x-user",
        "trusted-header-user",
        "only means something with --trusted-header-peer",
    ),
    (
        "SANDBOX --trusted-header-peer 10.0.0.0/8",
        "trusted-header-secret-file",
        "an address alone proves nothing",
    ),
    (
        "SANDBOX --trusted-header-peer 10.0.0.0/40",
        "trusted-header-peer",
        "not an IP address or a network",
    ),
    (
        "SANDBOX --trusted-header-peer 10.0.0.1 --trusted-header-secret-file DIR/none",
        "trusted-header-secret-file",
        "cannot be used",
    ),
    (
        "SANDBOX --trusted-header-peer 10.0.0.1 --trusted-header-secret-file DIR/not-a.pem",
        "trusted-header-secret-file",
        "at least 16",
    ),
    (
        "TRUSTED --trusted-header-user Cookie",
        "trusted-header-user",
        "cannot be used as a header",
    ),
    (
        "TRUSTED --trusted-header-user kubeflow_userid",
        "trusted-header-user",
        "letters, digits and - only",
    ),
    (
        "TRUSTED --trusted-header-user x --trusted-header-groups X",
        "trusted-header-groups",
        "another header",
    ),
    (
        "SANDBOX --allow-system-name System:Masters",
        "allow-system-name",
        "never signs in here",
    ),
    (
        "SANDBOX --allow-system-name alice",
        "allow-system-name",
        "may sign in anyway",
    ),
    (
        "SANDBOX --oidc-client-id x",
        "oidc-client-id",
        "only means something with --oidc-issuer",
    ),
    (
        "SANDBOX --oidc-issuer id.example.com --oidc-client-id x",
        "oidc-issuer",
        "right would be https://",
    ),
    (
        "SANDBOX --oidc-issuer https://a:b@id.example.com --oidc-client-id x",
        "oidc-issuer",
        "is not an issuer",
    ),
    (
        "SANDBOX --oidc-issuer https://id.example.com",
        "oidc-client-id",
        "is needed with --oidc-issuer",
    ),
    (
        "OIDC --oidc-client-secret-file DIR/none",
        "oidc-client-secret-file",
        "cannot be read",
    ),
    (
        "OIDC --oidc-client-secret-file DIR/users.toml",
        "oidc-client-secret-file",
        "is empty",
    ),
    ("OIDC --oidc-scope email", "oidc-scope", "must have openid"),
    ("OIDC --oidc-leeway 2h", "oidc-leeway", "not be longer than 10m"),
    ("SANDBOX --tls-cert DIR/not-a.pem", "tls-key", "is needed"),
    (
        "SANDBOX --tls-cert DIR/not-a.pem --tls-key DIR/not-a.pem",
        "tls-cert",
        "has no PEM certificate",
    ),
    (
        "TRUSTED --tls-client-ca DIR/not-a.pem",
        "tls-cert",
        "is needed with --tls-client-ca",
    ),
    (
        "--sandbox --data DIR/s --state DIR/index.html",
        "state",
        "cannot be made",
    ),
];

#[test]
fn bad_setting_is_named_and_explained() {
    let folder = folder();
    for (flags, name, says) in BAD {
        let flags = flags
            .replace("UPSTREAM", "--upstream http://127.0.0.1:1 --users DIR/users.toml")
            .replace(
                "TRUSTED",
                "SANDBOX --trusted-header-peer 10.0.0.1 --trusted-header-secret-file DIR/secret",
            )
            .replace(
                "OIDC",
                "SANDBOX --oidc-issuer https://id.example.com --oidc-client-id x",
            )
            .replace("SANDBOX", "--sandbox --data DIR/s");
        let Err(error) = check(folder.path(), &flags) else {
            panic!("accepted: {flags}")
        };
        assert_eq!(error.name, name, "{flags}: {error}");
        assert!(error.to_string().contains(says), "{flags}: {error}");
    }
}

#[test]
fn bad_file_is_named_with_its_line() {
    let folder = folder();
    let file = folder.path().join("gateway.toml");
    for (text, says) in [
        ("listen = '127.0.0.1:1'\nlisen = 'x'", "line 2: unknown field `lisen`"),
        ("max-in-flight = 'many'", "line 1: invalid type"),
        ("listen = ", "line 1"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = Config::read_file(&file).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let error = Config::read_file(Path::new("/nowhere")).unwrap_err();
    assert!(error.to_string().contains("--config: /nowhere cannot be read"));
}

#[test]
fn sandbox_gives_a_link_for_the_owner_and_keeps_sessions() {
    let folder = folder();
    let config = check(folder.path(), "--sandbox --data DIR/s").unwrap();
    assert_eq!(config.sign_in_links, ["alice@example.com"]);
    assert_eq!(
        config.sessions_file,
        Some(folder.path().join("s/gateway/sessions.json"))
    );
    assert_eq!(config.cluster_name, "sandbox");
    assert!(!config.https);
}

#[test]
fn proxy_that_signs_people_in_makes_users_needless() {
    let folder = folder();
    let flags = "--upstream http://127.0.0.1:1 --trusted-header-peer 10.0.0.0/8,fd00::/8 --trusted-header-secret-file DIR/secret";
    let config = check(
        folder.path(),
        &format!("{flags} --check-headers impersonate,kubeflow,impersonate"),
    )
    .unwrap();
    let trusted = config.trusted_headers.unwrap();
    assert_eq!((trusted.peers.len(), trusted.user.as_str()), (2, "kubeflow-userid"));
    assert!(!format!("{trusted:?}").contains("nobody"));
    assert_eq!(
        config.check_headers,
        [IdentityHeaders::Impersonate, IdentityHeaders::Kubeflow]
    );
    assert_eq!(config.check_original, Original::Path);
}

#[test]
fn provider_makes_users_needless_and_has_usual_names() {
    let folder = folder();
    let flags = "--upstream http://127.0.0.1:1 --oidc-issuer https://id.example.com/realms/a --oidc-client-id deck";
    let oidc = check(folder.path(), flags).unwrap().oidc.unwrap();
    assert_eq!(
        (oidc.user_claim.as_str(), oidc.groups_claim.as_str()),
        ("email", "groups")
    );
    assert_eq!(oidc.scopes, ["openid", "email", "profile"]);
    assert_eq!((oidc.leeway.as_secs(), oidc.keys_pause.as_secs()), (30, 60));
}

#[test]
fn worlds_are_read() {
    let folder = folder();
    let world = |flags: &str| {
        let config = check(folder.path(), &format!("--sandbox --data DIR/s {flags}")).unwrap();
        let Cluster::Sandbox(sandbox) = config.cluster else {
            panic!("no sandbox")
        };
        sandbox.world
    };
    use flowdeck_sandbox::World;
    assert_eq!(world(""), World::Believable);
    assert_eq!(world("--empty"), World::Empty);
    let load = World::Load {
        pods: 10,
        notebooks: 5,
        rate_per_s: 2,
    };
    assert_eq!(world("--pods 10 --notebooks 5 --rate 2"), load);
    assert_eq!(world("--sandbox-world load:pods=10,notebooks=5,rate=2"), load);
}

#[test]
fn origins_are_written_as_browsers_do() {
    for (url, origin) in [
        ("https://Deck.Example.com/", "https://deck.example.com"),
        ("https://deck.example.com:443", "https://deck.example.com"),
        ("http://deck.example.com:8080", "http://deck.example.com:8080"),
    ] {
        assert_eq!(origin_of(url).as_deref(), Ok(origin));
    }
}
