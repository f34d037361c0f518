//! Reads a watch or a followed log through a WebSocket, where streams by fetch would use up the browser's connections.
//!
//! Over plain http a browser opens six connections to a host, for all tabs together; a list page holds six watches, so
//! that no other request would ever be sent. WebSockets are counted apart. Over https (HTTP/2) fetch stays.
//! The other side, and what the messages mean: `crates/gateway/src/forward/socket.rs`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortSignal, BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::error::Error;

const PROTOCOL: &str = "stream.flowdeck.dev";
/// Close codes from here on are this plus an HTTP status.
const REFUSED: u16 = 4000;

/// Whether this stream should not be fetched.
pub(super) fn is_better(url: &str) -> bool {
    let plain = web_sys::window()
        .and_then(|w| w.location().protocol().ok())
        .is_some_and(|p| p == "http:");
    plain && (url.contains("watch=") || url.contains("follow=true"))
}

/// An open stream.
pub(super) struct Socket {
    socket: WebSocket,
    inbox: Rc<RefCell<Inbox>>,
    accepted: Cell<bool>,
    on_event: Closure<dyn FnMut(Event)>,
    signal: AbortSignal,
}

#[derive(Default)]
struct Inbox {
    pieces: VecDeque<Vec<u8>>,
    /// The cluster's refusal.
    refusal: Option<String>,
    opened: bool,
    closed: Option<u16>,
    waker: Option<Waker>,
}

/// What the first news said.
pub(super) struct Head {
    pub(super) status: u16,
}

impl Socket {
    /// Opens a stream to a path of this origin; `signal` closes it.
    pub(super) fn open(path: &str, signal: &AbortSignal) -> Result<Socket, Error> {
        let failed = || Error::Unreachable {
            message: "no WebSocket could be opened".to_owned(),
        };
        let host = web_sys::window()
            .and_then(|w| w.location().host().ok())
            .ok_or_else(failed)?;
        let url = ["ws://", &host, path].concat();
        let socket = WebSocket::new_with_str(&url, PROTOCOL).map_err(|_refused| failed())?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let (inner, ours) = (inbox.clone(), socket.clone());
        let on_event = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let mut inbox = inner.borrow_mut();
            match event.type_().as_str() {
                "open" => inbox.opened = true,
                "message" => inbox.take(event.unchecked_ref()),
                "close" => inbox.closed = Some(event.unchecked_ref::<CloseEvent>().code()),
                // "abort" comes from the signal; the socket's own "close" follows too late for whoever waits.
                "abort" => {
                    inbox.closed = Some(1000);
                    ours.close().ok();
                }
                _ => return,
            }
            if let Some(waker) = inbox.waker.take() {
                drop(inbox);
                waker.wake();
            }
        });
        let call = on_event.as_ref().unchecked_ref();
        for event in ["open", "message", "close"] {
            socket
                .add_event_listener_with_callback(event, call)
                .map_err(|_refused| failed())?;
        }
        signal
            .add_event_listener_with_callback("abort", call)
            .map_err(|_refused| failed())?;
        Ok(Socket {
            socket,
            inbox,
            accepted: Cell::new(false),
            on_event,
            signal: signal.clone(),
        })
    }

    /// Waits until the stream is accepted or refused.
    pub(super) async fn head(&self) -> Result<Head, Error> {
        self.wait(|inbox| !inbox.pieces.is_empty() || inbox.closed.is_some())
            .await;
        if self.signal.aborted() {
            return Err(Error::Cancelled);
        }
        let inbox = self.inbox.borrow();
        if !inbox.pieces.is_empty() {
            self.accepted.set(true);
            return Ok(Head { status: 200 });
        }
        match inbox.closed {
            Some(code) if code >= REFUSED => Ok(Head { status: code - REFUSED }),
            Some(_) if !inbox.opened => Err(Error::Unreachable {
                message: "the gateway does not answer".to_owned(),
            }),
            _ => Ok(Head { status: 200 }),
        }
    }

    /// The next piece; `None` at the end of the stream, which for a refusal comes after its text.
    pub(super) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.wait(|inbox| !inbox.pieces.is_empty() || inbox.closed.is_some())
            .await;
        let mut inbox = self.inbox.borrow_mut();
        // The first piece is empty: it only says that the stream is accepted.
        if let Some(piece) = inbox.pieces.pop_front() {
            return Ok(Some(piece));
        }
        if let Some(text) = inbox.refusal.take().filter(|_| !self.accepted.get()) {
            return Ok(Some(text.into_bytes()));
        }
        match inbox.closed {
            // Through, or the gateway is stopping, or said already by the status.
            Some(1000 | 1001) => Ok(None),
            Some(code) if code >= REFUSED && !self.accepted.get() => Ok(None),
            _ => Err(Error::Unreachable {
                message: "the stream broke off".to_owned(),
            }),
        }
    }

    async fn wait(&self, until: fn(&Inbox) -> bool) {
        poll_fn(|context| {
            let mut inbox = self.inbox.borrow_mut();
            if until(&inbox) {
                return Poll::Ready(());
            }
            inbox.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Inbox {
    fn take(&mut self, message: &MessageEvent) {
        let data = message.data();
        match data.dyn_into::<ArrayBuffer>() {
            Ok(buffer) => self.pieces.push_back(Uint8Array::new(&buffer).to_vec()),
            Err(text) => self.refusal = text.as_string(),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let call = self.on_event.as_ref().unchecked_ref();
        for event in ["open", "message", "close"] {
            self.socket.remove_event_listener_with_callback(event, call).ok();
        }
        self.signal.remove_event_listener_with_callback("abort", call).ok();
        self.socket.close().ok();
    }
}
