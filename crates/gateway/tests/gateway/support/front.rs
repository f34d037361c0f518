//! Puts the deployed Envoy between the tests and the gateway, when the run wants it: `FLOWDECK_FRONT=envoy`.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use flowdeck_fronts::{Certificate, Envoy, Places};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
};

/// The addresses of Envoys, which speak TLS.
static DOORS: Mutex<Option<HashSet<SocketAddr>>> = Mutex::new(None);

/// One certificate for all Envoys of the run.
pub(crate) fn certificate() -> &'static Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| Certificate::new().unwrap())
}

/// Notes that an address speaks TLS.
pub(crate) fn is_an_envoy(address: SocketAddr) {
    DOORS.lock().unwrap().get_or_insert_default().insert(address);
}

/// Whether the tests go through Envoy.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os("FLOWDECK_FRONT").is_some_and(|front| front == "envoy")
}

/// An address that nobody else takes until Envoy listens on it.
pub(crate) struct Place {
    held: Option<(TcpSocket, SocketAddr)>,
    flags: String,
}

impl Place {
    /// Takes an address, if there is to be an Envoy before a gateway with these flags.
    pub(crate) fn new(flags: &str) -> Place {
        if !is_wanted() {
            return Place {
                held: None,
                flags: String::new(),
            };
        }
        // Envoy shares its port with sockets that allow it, and this one never listens.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = socket.local_addr().unwrap();
        let mut more = "--trusted-proxy 127.0.0.1".to_owned();
        if !flags.contains("--public-url") {
            more.push_str(&format!(" --public-url https://{address}"));
        }
        Place {
            held: Some((socket, address)),
            flags: more,
        }
    }

    /// What the gateway has to know of its front.
    pub(crate) fn flags(&self) -> &str {
        &self.flags
    }

    /// Starts the Envoy, if there is to be one; where to knock.
    pub(crate) async fn open(self, gateway: SocketAddr, pipelines: SocketAddr) -> (SocketAddr, Option<Envoy>) {
        let Some((held, listen)) = self.held else {
            return (gateway, None);
        };
        let places = Places {
            listen,
            gateway,
            pipelines,
        };
        let envoy = tokio::task::spawn_blocking(move || Envoy::start(places, certificate()).unwrap());
        let envoy = envoy.await.unwrap();
        drop(held);
        is_an_envoy(listen);
        (listen, Some(envoy))
    }
}

/// A connection, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
pub(crate) type Socket = Box<dyn Stream>;

/// Connects; by TLS where an Envoy listens, for the named protocol.
pub(crate) async fn connect(address: SocketAddr, protocol: &str) -> Socket {
    let socket = TcpStream::connect(address).await.unwrap();
    let tls = DOORS
        .lock()
        .unwrap()
        .as_ref()
        .is_some_and(|doors| doors.contains(&address));
    if !tls {
        return Box::new(socket);
    }
    let mut roots = RootCertStore::empty();
    roots.add(certificate().certificate_der.clone().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::from(address.ip());
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    Box::new(connector.connect(name, socket).await.unwrap())
}
