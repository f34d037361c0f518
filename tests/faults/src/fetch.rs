//! Sends one GET over a connection of its own and hands out its answer in pieces as they arrive.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::asked::NAME_HEADER;
use crate::failure::Result;

/// A GET.
#[derive(Debug)]
pub struct Call {
    /// Where to.
    pub proxy: SocketAddr,
    /// Path and query.
    pub target: String,
    /// The client's name.
    pub name: &'static str,
    /// Who asks.
    pub user: Option<&'static str>,
    /// When its turn has come.
    pub after: Duration,
}

/// A piece of what comes back.
#[derive(Debug)]
pub enum Piece {
    /// Status and `Retry-After`.
    Head(u16, Option<u32>),
    /// Some of the body.
    Bytes(Bytes),
    /// The body ended as it should.
    End,
    /// It broke off.
    Broken(String),
    /// There was nobody to connect to.
    Refused,
}

/// Runs the call; `feed` takes each piece, and says whether anybody still listens.
pub async fn run<F: Future<Output = bool>>(call: Call, feed: impl Fn(Piece) -> F) {
    tokio::time::sleep(call.after).await;
    let Ok(socket) = TcpStream::connect(call.proxy).await else {
        feed(Piece::Refused).await;
        return;
    };
    let last = match talk(socket, &call, &feed).await {
        Ok(()) => Piece::End,
        Err(why) => Piece::Broken(why.0),
    };
    feed(last).await;
}

async fn talk<F: Future<Output = bool>>(socket: TcpStream, call: &Call, feed: &impl Fn(Piece) -> F) -> Result<()> {
    socket.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    // It ends with its sender and body; what is wrong with it, they say.
    let carrying = Carrying(tokio::spawn(async move { drop(connection.await) }));
    let mut request = http::Request::get(&call.target)
        .header("host", "proxy")
        .header("accept", "application/json")
        .header(NAME_HEADER, call.name);
    if let Some(user) = call.user {
        request = request.header("impersonate-user", user);
    }
    let mut answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let retry_after = answer.headers().get("retry-after");
    let seconds = retry_after.and_then(|text| text.to_str().ok()?.trim().parse().ok());
    if !feed(Piece::Head(answer.status().as_u16(), seconds)).await {
        return Ok(());
    }
    while let Some(frame) = answer.body_mut().frame().await {
        if let Ok(bytes) = frame?.into_data()
            && !feed(Piece::Bytes(bytes)).await
        {
            return Ok(());
        }
    }
    drop(carrying);
    Ok(())
}

/// The task that carries the bytes; it ends with the call.
struct Carrying(tokio::task::JoinHandle<()>);

impl Drop for Carrying {
    fn drop(&mut self) {
        self.0.abort();
    }
}
