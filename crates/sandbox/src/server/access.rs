//! Makes the admin token and the kubeconfig that holds it.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// 256 random bits, as text.
pub(crate) fn new_token() -> String {
    let bytes: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Writes `<data>/kubeconfig`, readable by its owner only.
pub(crate) fn write_kubeconfig(data: &Path, address: SocketAddr, token: &str, pem: &str) -> std::io::Result<()> {
    let authority = STANDARD.encode(pem);
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\nclusters:\n- name: sandbox\n  cluster:\n    server: https://{address}\n    certificate-authority-data: {authority}\n\
         users:\n- name: admin\n  user:\n    token: {token}\ncontexts:\n- name: sandbox\n  context:\n    cluster: sandbox\n    user: admin\n"
    );
    let path = data.join("kubeconfig");
    let fresh = data.join(".kubeconfig.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(fresh, path)
}
