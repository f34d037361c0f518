//! Stands before kwok and is of logs what a kubelet is: it says why there is none, and ends one that is followed when its
//! container has ended. kwok, which runs no containers, knows neither. All else passes.
//!
//! Source: kubernetes v1.36.3, pkg/kubelet/kubelet_pods.go `validateContainerLogStatus`; k8s.io/cri-client/pkg/logs.

use std::convert::Infallible;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use flowdeck_sandbox::{Answer, no_log};
use futures::future::{Either, pending, ready, select};
use futures::stream;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::runtime::wait::await_condition;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::cluster::client;
use crate::error::{Error, Result};

/// When its container has ended, a log has come to its end as soon as nothing more came for so long.
const QUIET: Duration = Duration::from_millis(300);

type Ended = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What stands before kwok.
pub(crate) struct Kubelet {
    /// Where the API server finds it.
    pub(crate) port: u16,
    /// Where kwok listens.
    pub(crate) kwok: u16,
    /// The folder of the certificate.
    pub(crate) folder: PathBuf,
    pub(crate) kubeconfig: PathBuf,
}

struct Front {
    kwok: u16,
    pods: kube::Client,
    http: Client<HttpConnector, Incoming>,
}

/// A request for a log: `/containerLogs/namespace/pod/container`.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    namespace: String,
    pod: String,
    container: String,
    previous: bool,
    follow: bool,
}

impl Kubelet {
    /// Serves until it is dropped.
    ///
    /// # Errors
    /// When the port or the certificate cannot be had.
    pub(crate) async fn serve(self) -> Result<()> {
        let cannot = |why| Error::of("a kubelet", why);
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.map_err(cannot)?;
        let tls = acceptor(&self.folder)?;
        let front = Arc::new(Front {
            kwok: self.kwok,
            pods: client(&self.kubeconfig).await?,
            http: Client::builder(TokioExecutor::new()).build_http(),
        });
        loop {
            let Ok((socket, _)) = listener.accept().await else {
                continue;
            };
            socket.set_nodelay(true).ok();
            let (front, tls) = (Arc::clone(&front), tls.clone());
            tokio::spawn(async move {
                let Ok(stream) = tls.accept(socket).await else {
                    return;
                };
                let service = service_fn(move |request| {
                    let front = Arc::clone(&front);
                    async move { Ok::<_, Infallible>(front.answer(request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                // A connection that breaks is its client's matter.
                connection.await.ok();
            });
        }
    }
}

fn acceptor(folder: &Path) -> Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_file(folder.join("kubelet.crt"));
    let key = PrivateKeyDer::from_pem_file(folder.join("kubelet.key"));
    let cannot = |why: String| Error::of("the kubelet's certificate", why);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| cannot(why.to_string()))?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.map_err(|why| cannot(why.to_string()))?],
            key.map_err(|why| cannot(why.to_string()))?,
        )
        .map_err(|why| cannot(why.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl Front {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let Some(wish) = Wish::of(request.uri()) else {
            return self.pass(request).await;
        };
        let pods: Api<Pod> = Api::namespaced(self.pods.clone(), &wish.namespace);
        let pod = match pods.get(&wish.pod).await {
            Ok(pod) => json!(pod),
            Err(why) => return plain(StatusCode::NOT_FOUND, why.to_string()),
        };
        if let Some(why) = no_log(&pod, &wish.container, wish.previous) {
            return plain(StatusCode::BAD_REQUEST, why);
        }
        let answer = self.pass(request).await;
        if !wish.follow || answer.status() != StatusCode::OK {
            return answer;
        }
        let ended: Ended = match run(&pod, &wish.container) {
            Some(this) if !wish.previous => Box::pin(async move {
                let is_over =
                    |pod: Option<&Pod>| pod.is_none_or(|pod| run(&json!(pod), &wish.container) != Some(this.clone()));
                if await_condition(pods, &wish.pod, is_over).await.is_err() {
                    pending::<()>().await;
                }
            }),
            _ => Box::pin(ready(())),
        };
        answer.map(|body| until(body, ended))
    }

    /// Sends a request on to kwok, with what may be agreed on to be spoken after it.
    async fn pass(&self, mut request: Request<Incoming>) -> Answer {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let Ok(uri) = format!("http://127.0.0.1:{}{target}", self.kwok).parse() else {
            return plain(StatusCode::BAD_REQUEST, "no such address".to_owned());
        };
        *request.uri_mut() = uri;
        let ours = hyper::upgrade::on(&mut request);
        let mut answer = match self.http.request(request).await {
            Ok(answer) => answer,
            Err(why) => return plain(StatusCode::BAD_GATEWAY, why.to_string()),
        };
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let theirs = hyper::upgrade::on(&mut answer);
            tokio::spawn(async move {
                if let Ok((ours, theirs)) = tokio::try_join!(ours, theirs) {
                    copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(theirs))
                        .await
                        .ok();
                }
            });
        }
        answer.map(|body| body.map_err(std::io::Error::other).boxed_unsync())
    }
}

impl Wish {
    fn of(uri: &Uri) -> Option<Self> {
        let mut parts = uri.path().strip_prefix("/containerLogs/")?.split('/');
        let mut next = || parts.next().map(str::to_owned);
        // The API server writes it so, and only when it is so.
        let flag = |flag: &str| uri.query().unwrap_or_default().split('&').any(|pair| pair == flag);
        Some(Self {
            namespace: next()?,
            pod: next()?,
            container: next()?,
            previous: flag("previous=true"),
            follow: flag("follow=true"),
        })
    }
}

/// Which run of which pod's container goes on: how many there were before, since when.
fn run(pod: &Value, container: &str) -> Option<(Value, Value)> {
    let status = pod["status"]["containerStatuses"]
        .as_array()?
        .iter()
        .find(|status| status["name"] == container)?;
    let running = status["state"]["running"].is_object();
    running.then(|| (pod["metadata"]["uid"].clone(), status["restartCount"].clone()))
}

/// The body until it ends, or `ended` says so and no more comes.
fn until(body: flowdeck_sandbox::Body, ended: Ended) -> flowdeck_sandbox::Body {
    let state = (BodyStream::new(body), Some(ended));
    let frames = stream::unfold(state, |(mut frames, mut ended)| async move {
        loop {
            let Some(waits) = ended.take() else {
                let frame: std::io::Result<Frame<Bytes>> =
                    timeout(QUIET, futures::StreamExt::next(&mut frames)).await.ok()??;
                return Some((frame, (frames, None)));
            };
            match select(futures::StreamExt::next(&mut frames), waits).await {
                Either::Left((frame, waits)) => return Some((frame?, (frames, Some(waits)))),
                Either::Right(_) => {}
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn plain(code: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = code;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_logs_are_known() {
        let of = |text: &str| Wish::of(&text.parse().expect("an address"));
        let wish = of("/containerLogs/n/p/c?follow=true&tailLines=1").expect("a log");
        assert!(wish.follow && !wish.previous);
        assert_eq!((wish.namespace.as_str(), wish.container.as_str()), ("n", "c"));
        assert_eq!(of("/exec/n/p/c?command=ls"), None);
        assert_eq!(of("/containerLogs/n/p"), None);
    }

    #[tokio::test]
    async fn a_followed_log_ends_with_its_container_and_what_was_said_before() {
        let endless = || {
            let said = stream::iter([Ok(Frame::data(Bytes::from_static(b"a\n")))]);
            StreamBody::new(futures::StreamExt::chain(said, stream::pending())).boxed_unsync()
        };
        let all = until(endless(), Box::pin(ready(()))).collect().await;
        assert_eq!(all.expect("a body").to_bytes(), "a\n");
        let goes_on = timeout(QUIET * 2, until(endless(), Box::pin(pending())).collect()).await;
        assert!(goes_on.is_err());
    }
}
