//! Checks the settings that say who people are: OpenID Connect, trusted headers, `/auth/check`, TLS.

use std::time::Duration;

use http::{HeaderName, Uri};

use crate::{
    cli::Settings,
    config::{BadSetting, authority, bad, duration, has_plain_port},
    network::Network,
    sign_in::{
        check::IdentityHeaders,
        identity::{MASTERS, is_of_the_cluster},
        oidc,
        trusted::{SharedSecret, TrustedHeaders},
    },
    tls::Tls,
};

/// The networks of a setting.
pub(super) fn networks(name: &'static str, texts: &[String]) -> Result<Vec<Network>, BadSetting> {
    let parse = |text: &String| {
        text.parse().or_else(|_| {
            bad(
                name,
                format!("{text:?} is not an IP address or a network such as 10.0.0.0/8"),
            )
        })
    };
    texts.iter().map(parse).collect()
}

/// Who may name the user in headers, if anybody.
pub(super) fn trusted_headers(settings: &Settings) -> Result<Option<TrustedHeaders>, BadSetting> {
    if settings.trusted_header_peer.is_empty() {
        for (name, given) in [
            ("trusted-header-user", settings.trusted_header_user.is_some()),
            ("trusted-header-groups", settings.trusted_header_groups.is_some()),
            (
                "trusted-header-secret-file",
                settings.trusted_header_secret_file.is_some(),
            ),
            ("tls-client-ca", settings.tls_client_ca.is_some()),
        ] {
            if given {
                return bad(name, "only means something with --trusted-header-peer");
            }
        }
        return Ok(None);
    }
    let peers = networks("trusted-header-peer", &settings.trusted_header_peer)?;
    let certificate = settings.tls_client_ca.is_some();
    let secret = match &settings.trusted_header_secret_file {
        None if !certificate => {
            return bad(
                "trusted-header-secret-file",
                "is needed with --trusted-header-peer (or --tls-client-ca): an address alone proves nothing inside a cluster",
            );
        }
        None => None,
        Some(file) => match SharedSecret::open(file) {
            Ok(secret) => Some(secret),
            Err(error) => {
                return bad(
                    "trusted-header-secret-file",
                    format!("{} cannot be used: {error}", file.display()),
                );
            }
        },
    };
    let user = header(
        "trusted-header-user",
        settings.trusted_header_user.as_deref(),
        "kubeflow-userid",
    )?;
    let groups = header(
        "trusted-header-groups",
        settings.trusted_header_groups.as_deref(),
        "kubeflow-groups",
    )?;
    if user == groups {
        return bad("trusted-header-groups", "must be another header than the user's");
    }
    Ok(Some(TrustedHeaders {
        peers,
        user,
        groups,
        secret,
        certificate,
    }))
}

fn header(name: &'static str, given: Option<&str>, default: &'static str) -> Result<HeaderName, BadSetting> {
    let text = given.unwrap_or(default).to_ascii_lowercase();
    // Proxies take `_` and `-` for the same sign, or drop such headers (CVE-2025-64484).
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let taken = [
        "authorization",
        "cookie",
        "host",
        "origin",
        "x-flowdeck",
        "x-flowdeck-secret",
    ];
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(header) if plain && !taken.contains(&text.as_str()) => Ok(header),
        _ => bad(
            name,
            format!("{text:?} cannot be used as a header: letters, digits and - only, such as {default}"),
        ),
    }
}

/// At most so often are the provider's keys asked for.
const KEYS_PAUSE: Duration = Duration::from_secs(60);

/// The provider where people sign in, if there is one.
pub(super) fn oidc(settings: &Settings) -> Result<Option<oidc::Settings>, BadSetting> {
    let Some(issuer) = &settings.oidc_issuer else {
        for (name, given) in [
            ("oidc-client-id", settings.oidc_client_id.is_some()),
            ("oidc-client-secret-file", settings.oidc_client_secret_file.is_some()),
            ("oidc-name", settings.oidc_name.is_some()),
            ("oidc-scope", !settings.oidc_scope.is_empty()),
            ("oidc-user-claim", settings.oidc_user_claim.is_some()),
            ("oidc-groups-claim", settings.oidc_groups_claim.is_some()),
            ("oidc-user-prefix", settings.oidc_user_prefix.is_some()),
            ("oidc-groups-prefix", settings.oidc_groups_prefix.is_some()),
            ("oidc-ca", settings.oidc_ca.is_some()),
            ("oidc-leeway", settings.oidc_leeway.is_some()),
        ] {
            if given {
                return bad(name, "only means something with --oidc-issuer");
            }
        }
        return Ok(None);
    };
    let url = issuer.parse::<Uri>().ok();
    let askable = url.is_some_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.authority().is_some_and(has_plain_port)
            && url.query().is_none()
    });
    if !askable || issuer.contains(['@', '#']) {
        return bad(
            "oidc-issuer",
            format!("{issuer:?} is not an issuer; right would be https://id.example.com, as the provider writes it"),
        );
    }
    let Some(client_id) = settings.oidc_client_id.clone().filter(|id| !id.is_empty()) else {
        return bad(
            "oidc-client-id",
            "is needed with --oidc-issuer: the name that the provider knows us by",
        );
    };
    if let Some(file) = &settings.oidc_client_secret_file {
        match std::fs::read_to_string(file) {
            Ok(secret) if secret.trim().is_empty() => {
                return bad("oidc-client-secret-file", format!("{} is empty", file.display()));
            }
            Ok(_) => {}
            Err(error) => {
                return bad(
                    "oidc-client-secret-file",
                    format!("{} cannot be read: {error}", file.display()),
                );
            }
        }
    }
    let leeway = duration("oidc-leeway", settings.oidc_leeway.as_deref(), "30s")?;
    if leeway > Duration::from_secs(600) {
        return bad(
            "oidc-leeway",
            "must not be longer than 10m: tokens would outlive their end",
        );
    }
    let mut scopes = settings.oidc_scope.clone();
    if scopes.is_empty() {
        scopes = ["openid", "email", "profile"].map(str::to_owned).to_vec();
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        return bad(
            "oidc-scope",
            "must have openid among its scopes, or no ID token comes back",
        );
    }
    let text = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
    Ok(Some(oidc::Settings {
        issuer: issuer.clone(),
        client_id,
        client_secret_file: settings.oidc_client_secret_file.clone(),
        name: text(&settings.oidc_name, "single sign-on"),
        scopes,
        user_claim: text(&settings.oidc_user_claim, "email"),
        groups_claim: text(&settings.oidc_groups_claim, "groups"),
        user_prefix: text(&settings.oidc_user_prefix, ""),
        groups_prefix: text(&settings.oidc_groups_prefix, ""),
        ca_pem: authority("oidc-ca", settings.oidc_ca.as_deref())?,
        leeway,
        keys_pause: KEYS_PAUSE,
    }))
}

/// The cluster's own names that may sign in.
pub(super) fn system_names(settings: &Settings) -> Result<Vec<String>, BadSetting> {
    for name in &settings.allow_system_name {
        if name.eq_ignore_ascii_case(MASTERS) {
            return bad(
                "allow-system-name",
                "system:masters may do everything, whatever RBAC says: it never signs in here",
            );
        }
        if !is_of_the_cluster(name) {
            return bad(
                "allow-system-name",
                format!("{name:?} does not begin with system:, so it may sign in anyway"),
            );
        }
    }
    Ok(settings.allow_system_name.clone())
}

/// Which identity headers `/auth/check` answers with, each family once.
pub(super) fn check_headers(settings: &Settings) -> Vec<IdentityHeaders> {
    let mut families = settings.check_headers.clone();
    if families.is_empty() {
        families.push(IdentityHeaders::Kubeflow);
    }
    let mut once = Vec::new();
    for family in families {
        if !once.contains(&family) {
            once.push(family);
        }
    }
    once
}

/// The certificate, if there is one.
pub(super) fn tls(settings: &Settings) -> Result<Option<Tls>, BadSetting> {
    let (cert, key) = match (&settings.tls_cert, &settings.tls_key) {
        (Some(cert), Some(key)) => (cert, key),
        (Some(_), None) => return bad("tls-key", "is needed with --tls-cert"),
        (None, Some(_)) => return bad("tls-cert", "is needed with --tls-key"),
        (None, None) if settings.tls_client_ca.is_some() => {
            return bad(
                "tls-cert",
                "is needed with --tls-client-ca, for certificates are shown over TLS",
            );
        }
        (None, None) => return Ok(None),
    };
    Tls::open(cert, key, settings.tls_client_ca.as_deref())
        .map(Some)
        .or_else(|error| {
            let name = match &settings.tls_client_ca {
                Some(ca) if *ca == error.0 => "tls-client-ca",
                _ if *cert == error.0 => "tls-cert",
                _ => "tls-key",
            };
            bad(name, error.to_string())
        })
}

/// Whether people reach the page by https.
pub(super) fn is_https(public_origin: Option<&str>, tls: Option<&Tls>) -> Result<bool, BadSetting> {
    match public_origin {
        Some(origin) if origin.starts_with("https://") => Ok(true),
        Some(_) if tls.is_some() => bad("public-url", "must begin with https:// when there is a --tls-cert"),
        _ => Ok(tls.is_some()),
    }
}
