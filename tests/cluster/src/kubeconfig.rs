//! Writes kubeconfig files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pki::Identity;

/// The text of a kubeconfig (JSON is YAML) for one user of one cluster, by a certificate.
pub(crate) fn text(url: &str, ca_pem: &str, user: &str, identity: &Identity) -> String {
    let by = json!({
        "client-certificate-data": STANDARD.encode(&identity.certificate_pem),
        "client-key-data": STANDARD.encode(&identity.key_pem),
    });
    of(url, ca_pem, user, &by)
}

/// The same by a token.
pub(crate) fn with_token(url: &str, ca_pem: &str, user: &str, token: &str) -> String {
    of(url, ca_pem, user, &json!({"token": token}))
}

fn of(url: &str, ca_pem: &str, user: &str, by: &Value) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "flowdeck-test",
            "cluster": {"server": url, "certificate-authority-data": STANDARD.encode(ca_pem)},
        }],
        "users": [{"name": user, "user": by}],
        "contexts": [{"name": "flowdeck-test", "context": {"cluster": "flowdeck-test", "user": user}}],
        "current-context": "flowdeck-test",
    })
    .to_string()
}
