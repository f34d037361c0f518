//! Where the API server is, and how to reach it: in the clear, or over TLS; and as whom.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::failure::{Failure, Result};

/// Bytes both ways.
pub trait Wire: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Wire for T {}

/// An open connection to the server.
pub type Connection = Pin<Box<dyn Wire>>;

/// How the server is reached.
#[derive(Clone)]
struct Way {
    address: SocketAddr,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// The `Authorization` header.
    authorization: String,
}

/// The API server; cheap to clone. It may move when it is started again.
#[derive(Clone)]
pub struct Upstream(Arc<Mutex<Way>>);

impl Upstream {
    /// A server in the clear that knows us by a bearer token.
    pub fn plain(address: SocketAddr, token: &str) -> Upstream {
        Upstream(Arc::new(Mutex::new(Way {
            address,
            tls: None,
            authorization: format!("Bearer {token}"),
        })))
    }

    /// A server over TLS, by its address `https://IP:PORT` and its authority, that knows us by a bearer token.
    ///
    /// # Errors
    /// When the address or the certificate is none.
    pub fn tls(url: &str, ca_pem: &str, token: &str) -> Result<Upstream> {
        let address: SocketAddr = url
            .trim_start_matches("https://")
            .trim_end_matches('/')
            .parse()
            .map_err(|why| Failure(format!("{url}: {why}")))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            let certificate = certificate.map_err(|why| Failure(format!("the authority: {why}")))?;
            roots
                .add(certificate)
                .map_err(|why| Failure(format!("the authority: {why}")))?;
        }
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| Failure(format!("TLS: {why}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Upstream(Arc::new(Mutex::new(Way {
            address,
            tls: Some((Arc::new(config), ServerName::from(address.ip()))),
            authorization: format!("Bearer {token}"),
        }))))
    }

    /// The server has been started again and is now there.
    pub fn moved(&self, to: &Upstream) {
        let way = to.way();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = way;
    }

    /// The `Authorization` header that requests need.
    pub fn authorization(&self) -> String {
        self.way().authorization
    }

    fn way(&self) -> Way {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connects.
    pub async fn open(&self) -> io::Result<Connection> {
        let way = self.way();
        let socket = TcpStream::connect(way.address).await?;
        socket.set_nodelay(true)?;
        match way.tls {
            None => Ok(Box::pin(socket)),
            Some((config, name)) => {
                let stream = TlsConnector::from(config).connect(name, socket).await?;
                Ok(Box::pin(stream))
            }
        }
    }
}

/// Speaks to the server directly, with all rights: for preparations and for the truth.
pub struct Api {
    upstream: Upstream,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Api {
    /// A client that has not connected yet.
    pub fn new(upstream: &Upstream) -> Api {
        Api {
            upstream: upstream.clone(),
            open: None,
        }
    }

    /// Sends one request; a connection that broke is opened again, once.
    pub async fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<(u16, Bytes)> {
        if self.open.is_some()
            && let Ok(answer) = self.try_send(method, path, kind, body).await
        {
            return Ok(answer);
        }
        self.try_send(method, path, kind, body).await
    }

    async fn try_send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<(u16, Bytes)> {
        let mut sender = match self.open.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let io = TokioIo::new(self.upstream.open().await?);
                let (sender, connection) = http1::handshake(io).await?;
                // It ends with its sender; what is wrong with it, the sender says.
                tokio::spawn(async move { drop(connection.await) });
                sender
            }
        };
        sender.ready().await?;
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "api")
            .header("accept", "application/json")
            .header("authorization", self.upstream.authorization());
        if !body.is_empty() {
            request = request.header("content-type", kind);
        }
        let answer = sender
            .send_request(request.body(Full::new(Bytes::copy_from_slice(body)))?)
            .await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        self.open = Some(sender);
        Ok((status, body))
    }

    /// GET: the body of a success.
    pub async fn get(&mut self, path: &str) -> Result<Bytes> {
        match self.send("GET", path, "", b"").await? {
            (200, body) => Ok(body),
            (status, body) => Err(refused("GET", path, status, &body)),
        }
    }

    /// POST: an object that may be there already.
    pub async fn ensure(&mut self, path: &str, object: &Value) -> Result<()> {
        let body = object.to_string();
        match self.send("POST", path, "application/json", body.as_bytes()).await? {
            (200 | 201 | 409, _) => Ok(()),
            (status, body) => Err(refused("POST", path, status, &body)),
        }
    }

    /// DELETE: an object that may be gone already.
    pub async fn delete(&mut self, path: &str) -> Result<()> {
        match self.send("DELETE", path, "", b"").await? {
            (200 | 202 | 404, _) => Ok(()),
            (status, body) => Err(refused("DELETE", path, status, &body)),
        }
    }
}

fn refused(method: &str, path: &str, status: u16, body: &[u8]) -> Failure {
    let words = String::from_utf8_lossy(&body[..body.len().min(300)]);
    Failure(format!("{method} {path}: {status} {words}"))
}
