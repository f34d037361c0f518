//! Writes kubeconfig files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::pki::Identity;

/// The text of a kubeconfig (JSON is YAML) for one user of one cluster.
pub(crate) fn text(url: &str, ca_pem: &str, user: &str, identity: &Identity) -> String {
    let encoded = |pem: &str| STANDARD.encode(pem);
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "flowdeck-test",
            "cluster": {"server": url, "certificate-authority-data": encoded(ca_pem)},
        }],
        "users": [{
            "name": user,
            "user": {
                "client-certificate-data": encoded(&identity.certificate_pem),
                "client-key-data": encoded(&identity.key_pem),
            },
        }],
        "contexts": [{"name": "flowdeck-test", "context": {"cluster": "flowdeck-test", "user": user}}],
        "current-context": "flowdeck-test",
    })
    .to_string()
}
