//! Listens with TLS: the gateway's certificate, HTTP/2 by ALPN, and client certificates where a proxy shows one.
//!
//! Certificates are read again when a file of theirs changes, for they are renewed every few weeks. A client
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
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
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
#[derive(Debug, Clone)]
pub struct Tls {
    files: Arc<Files>,
    current: Arc<Mutex<Current>>,
}

/// Where the certificates are.
#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

/// When each file had last been changed.
type Stamps = [Option<SystemTime>; 3];

#[derive(Debug)]
struct Current {
    stamps: Stamps,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads certificate and key, and the authority of client certificates if there is one.
    pub fn open(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Tls, BadFile> {
        let files = Files {
            cert: cert.to_owned(),
            key: key.to_owned(),
            client_ca: client_ca.map(Path::to_owned),
        };
        let current = Current {
            stamps: files.stamps(),
            config: files.load()?,
        };
        Ok(Tls {
            files: Arc::new(files),
            current: Arc::new(Mutex::new(current)),
        })
    }

    /// Shakes hands; tells whether the client showed a certificate of our authority.
    pub async fn accept(&self, socket: TcpStream) -> io::Result<(TlsStream<TcpStream>, bool)> {
        let config = Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner).config);
        let stream = TlsAcceptor::from(config).accept(socket).await?;
        let certified = stream
            .get_ref()
            .1
            .peer_certificates()
            .is_some_and(|chain| !chain.is_empty());
        Ok((stream, certified))
    }

    /// Looks for renewed certificates; called every few seconds.
    pub fn refresh(&self) {
        let stamps = self.files.stamps();
        if self.current.lock().unwrap_or_else(PoisonError::into_inner).stamps == stamps {
            return;
        }
        // Certificate and key are two files: between the two renewals they do not fit, and we try again.
        match self.files.load() {
            Ok(config) => {
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Current { stamps, config };
                tracing::info!("the certificates were read again");
            }
            Err(error) => tracing::warn!(%error, "renewed certificates cannot be used; those before stay"),
        }
    }
}

impl Files {
    fn stamps(&self) -> Stamps {
        [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()]
            .map(|file| fs::metadata(file?).ok()?.modified().ok())
    }

    fn load(&self) -> Result<Arc<ServerConfig>, BadFile> {
        let provider = Arc::new(ring::default_provider());
        let own = certified_key(&self.cert, &self.key, &provider)?;
        let clients = match &self.client_ca {
            None => Arc::new(NoClientAuth),
            Some(file) => client_verifier(file, &provider)?,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| BadFile(self.cert.clone(), e.to_string()))?
            .with_client_cert_verifier(clients)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn client_verifier(file: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, BadFile> {
    let wrong = |e: &dyn fmt::Display| BadFile(file.to_owned(), format!("cannot be used: {e}"));
    let mut roots = RootCertStore::empty();
    for cert in certificates(file)? {
        roots.add(cert).map_err(|e| wrong(&e))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .allow_unauthenticated()
        .build()
        .map_err(|e| wrong(&e))
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

fn certified_key(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, BadFile> {
    let chain = certificates(cert)?;
    let wrong = |why: String| BadFile(key.to_owned(), why);
    let pem = fs::read(key).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|e| wrong(format!("has no PEM private key: {e}")))?;
    CertifiedKey::from_der(chain, private, provider)
        .map_err(|e| wrong(format!("does not belong to the certificate: {e}")))
}
