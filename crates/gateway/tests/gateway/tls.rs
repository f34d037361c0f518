//! TLS: cookies that only https knows, HTTP/2, client certificates that make a proxy believed, renewal.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::support::{ALICE, Echo, PASSWORD, World, folder};

/// An authority and what it signed, in a folder.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new(dir: &Path, name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        std::fs::write(dir.join(format!("{name}.pem")), cert.pem()).unwrap();
        Authority { params, key }
    }

    /// Writes `NAME.pem` and `NAME.key`.
    fn sign(&self, dir: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let issuer = Issuer::from_params(&self.params, &self.key);
        let cert = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(dir.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        std::fs::write(dir.join(format!("{name}.pem")), cert.pem()).unwrap();
    }
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// A client that trusts `ca.pem`, with a certificate of its own if it has one.
fn client(dir: &Path, own: Option<&str>, alpn: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for cert in certificates(&dir.join("ca.pem")) {
        roots.add(cert).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let key = PrivateKeyDer::from_pem_file(dir.join(format!("{name}.key"))).unwrap();
            builder
                .with_client_auth_cert(certificates(&dir.join(format!("{name}.pem"))), key)
                .unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// Sends a request and reads to the end; an error text where no connection comes about.
async fn ask(address: SocketAddr, tls: &TlsConnector, head: &str, body: &str) -> String {
    let socket = TcpStream::connect(address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let talk = async {
        let mut stream = tls.connect(name, socket).await?;
        let text = format!(
            "{head}\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = tokio::time::timeout(Duration::from_secs(15), talk).await.unwrap();
    answer.unwrap_or_else(|error| format!("no connection: {error}"))
}

struct Secured {
    gateway: flowdeck_gateway::start::Started,
    echo: Echo,
    dir: tempfile::TempDir,
    ca: Authority,
    clients: Authority,
}

async fn secured(flags: &str) -> Secured {
    let dir = folder();
    let path = dir.path();
    let ca = Authority::new(path, "ca");
    ca.sign(path, "server");
    // The authority of the clients is another one than the server's.
    let clients = Authority::new(path, "clients");
    let echo = Echo::start().await;
    let at = path.display();
    let flags = format!(
        "--tls-cert {at}/server.pem --tls-key {at}/server.key {}",
        flags.replace("DIR", &at.to_string())
    );
    let gateway = World::start(path, &echo.url(), &flags, &Arc::default()).await;
    Secured {
        gateway,
        echo,
        dir,
        ca,
        clients,
    }
}

#[tokio::test]
async fn https_gives_secure_cookies_and_http2() {
    let world = secured("").await;
    let address = world.gateway.running.address;
    let plain = client(world.dir.path(), None, &["http/1.1"]);
    assert!(
        world.gateway.links[0]
            .1
            .starts_with(&format!("https://{address}/#sign-in="))
    );
    let head = format!(
        "POST /auth/sign-in HTTP/1.1\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nOrigin: https://{address}"
    );
    let answer = ask(
        address,
        &plain,
        &head,
        &format!("{{\"user\":\"{ALICE}\",\"password\":\"{PASSWORD}\"}}"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let cookie = answer
        .split("set-cookie: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    assert!(
        cookie.starts_with("__Host-flowdeck=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert!(answer.contains("strict-transport-security: "), "{answer}");
    let id = cookie.split(';').next().unwrap();
    let session = ask(
        address,
        &plain,
        &format!("GET /auth/session HTTP/1.1\r\nCookie: {id}"),
        "",
    )
    .await;
    assert!(session.starts_with("HTTP/1.1 200"), "{session}");

    let socket = TcpStream::connect(address).await.unwrap();
    let both = client(world.dir.path(), None, &["h2", "http/1.1"]);
    let stream = both.connect("localhost".try_into().unwrap(), socket).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn t47_only_a_certificate_of_our_authority_makes_a_proxy_believed() {
    let world = secured("--trusted-header-peer 127.0.0.1 --tls-client-ca DIR/clients.pem").await;
    let path = world.dir.path();
    world.clients.sign(path, "proxy");
    world.ca.sign(path, "stranger");
    let address = world.gateway.running.address;
    let head = "GET /k8s/api/v1/pods HTTP/1.1\r\nkubeflow-userid: carol@example.com";
    let proxy = client(path, Some("proxy"), &["http/1.1"]);
    let answer = ask(address, &proxy, head, "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(world.echo.take()[0].all("impersonate-user"), ["carol@example.com"]);
    let browser = client(path, None, &["http/1.1"]);
    let answer = ask(address, &browser, head, "").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let stranger = client(path, Some("stranger"), &["http/1.1"]);
    let answer = ask(address, &stranger, head, "").await;
    assert!(answer.starts_with("no connection"), "{answer}");
    assert!(world.echo.take().is_empty());
}

#[tokio::test]
async fn renewed_certificate_is_shown_and_a_broken_one_is_not() {
    let world = secured("").await;
    let path = world.dir.path();
    let address = world.gateway.running.address;
    let shown = async || {
        let socket = TcpStream::connect(address).await.unwrap();
        let tls = client(path, None, &[]);
        let stream = tls.connect("localhost".try_into().unwrap(), socket).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown().await;
    world.ca.sign(path, "server");
    let began = Instant::now();
    while shown().await == first {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the new certificate is not shown"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let second = shown().await;
    std::fs::write(path.join("server.pem"), "nothing").unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(shown().await, second);
}

#[tokio::test]
async fn renewed_authority_of_clients_is_believed_and_the_old_one_no_more() {
    let world = secured("--trusted-header-peer 127.0.0.1 --tls-client-ca DIR/clients.pem").await;
    let path = world.dir.path();
    world.clients.sign(path, "old");
    Authority::new(path, "clients").sign(path, "new");
    let is_believed = async |name: &str| {
        let tls = client(path, Some(name), &["http/1.1"]);
        let head = "GET /k8s/api/v1/pods HTTP/1.1\r\nkubeflow-userid: carol@example.com";
        let answer = ask(world.gateway.running.address, &tls, head, "").await;
        answer.starts_with("HTTP/1.1 200")
    };
    let began = Instant::now();
    while !is_believed("new").await {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the new authority is not believed"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!is_believed("old").await);
}

#[tokio::test]
async fn silent_handshake_is_cut_and_holds_nobody_up() {
    let world = secured("--header-timeout 1s").await;
    let address = world.gateway.running.address;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let browser = client(world.dir.path(), None, &["http/1.1"]);
    let answer = ask(address, &browser, "GET /healthz HTTP/1.1", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut buffer = [0; 64];
    let read = tokio::time::timeout(Duration::from_secs(10), silent.read(&mut buffer)).await;
    assert!(matches!(read.expect("it was not cut"), Ok(0) | Err(_)));
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).await.ok();
    assert!(
        !answer.starts_with(b"HTTP"),
        "plain http is not answered on the TLS port"
    );
}
