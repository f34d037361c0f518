//! Checks the settings that say who people are: trusted headers, `/auth/check`, TLS.

use http::HeaderName;

use crate::{
    cli::Settings,
    config::{BadSetting, bad},
    network::Network,
    sign_in::{
        check::IdentityHeaders,
        identity::{MASTERS, is_of_the_cluster},
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
