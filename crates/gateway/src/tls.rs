//! Listens with TLS: the gateway's certificate, HTTP/2 by ALPN, and client certificates where a proxy shows one.
//!
//! Certificates are read again when their file changes, for they are renewed every few weeks. A client
//! without a certificate still connects: browsers have none. One with a bad certificate does not.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier},
    sign::CertifiedKey,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A certificate or key that cannot be used: which file, and why.
#[derive(Debug)]
pub struct BadFile(pub PathBuf, pub String);

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.display(), self.1)
    }
}

/// What the listener needs for TLS.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    files: Arc<Files>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads certificate and key, and the authority of client certificates if there is one.
    pub fn open(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Tls, BadFile> {
        let provider = Arc::new(ring::default_provider());
        let files = Arc::new(Files {
            cert: cert.to_owned(),
            key: key.to_owned(),
            loaded: Mutex::new((stamp(cert), load(cert, key, &provider)?)),
            provider: Arc::clone(&provider),
        });
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| BadFile(cert.to_owned(), e.to_string()))?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let wrong = |e: &dyn fmt::Display| BadFile(file.to_owned(), format!("cannot be used: {e}"));
                let mut roots = RootCertStore::empty();
                for cert in certificates(file)? {
                    roots.add(cert).map_err(|e| wrong(&e))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|e| wrong(&e))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::clone(&files) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            files,
        })
    }

    /// Shakes hands; tells whether the client showed a certificate of our authority.
    pub async fn accept(&self, socket: TcpStream) -> io::Result<(TlsStream<TcpStream>, bool)> {
        let stream = self.acceptor.accept(socket).await?;
        let certified = stream
            .get_ref()
            .1
            .peer_certificates()
            .is_some_and(|chain| !chain.is_empty());
        Ok((stream, certified))
    }

    /// Looks for a renewed certificate; called every few seconds.
    pub fn refresh(&self) {
        self.files.refresh();
    }
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    loaded: Mutex<(Option<SystemTime>, Arc<CertifiedKey>)>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("cert", &self.cert)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Files {
    fn refresh(&self) {
        let fresh = stamp(&self.cert);
        if self.loaded.lock().unwrap_or_else(PoisonError::into_inner).0 == fresh {
            return;
        }
        // Certificate and key are two files: between the two renewals they do not fit, and we try again.
        match load(&self.cert, &self.key, &self.provider) {
            Ok(key) => {
                *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = (fresh, key);
                tracing::info!("the certificate was read again");
            }
            Err(error) => tracing::warn!(%error, "the renewed certificate cannot be used; the one before stays"),
        }
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.loaded.lock().unwrap_or_else(PoisonError::into_inner).1,
        ))
    }
}

fn stamp(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, BadFile> {
    let wrong = |why: String| BadFile(file.to_owned(), why);
    let pem = fs::read(file).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let all: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(format!("is not PEM: {e}")))?;
    if all.is_empty() {
        return Err(wrong("has no PEM certificate".to_owned()));
    }
    Ok(all)
}

fn load(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, BadFile> {
    let chain = certificates(cert)?;
    let wrong = |why: String| BadFile(key.to_owned(), why);
    let pem = fs::read(key).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|e| wrong(format!("has no PEM private key: {e}")))?;
    let certified = CertifiedKey::from_der(chain, private, provider)
        .map_err(|e| wrong(format!("does not belong to the certificate: {e}")))?;
    Ok(Arc::new(certified))
}
