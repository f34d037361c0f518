//! Sends one request with the browser's fetch and hands out its answer, whole or in pieces as they arrive.
//!
//! Never retries and never reads what the bytes mean. Dropping a [`Reply`], or the future that makes one, aborts the request.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit,
    RequestRedirect, Response, ResponseType,
};

use super::error::{Error, words_of};
use super::socket::{self, Socket};

/// How long the answer to a short request may take, in ms.
const ANSWER_MS: u32 = 30_000;

/// A request before it is sent.
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    /// Content type and text.
    pub(crate) body: Option<(&'static str, String)>,
    /// Long requests (watches, followed logs) have no limit of time of their own.
    pub(crate) endless: bool,
    controller: Option<AbortController>,
}

impl Call {
    /// A read whose answer comes soon.
    pub(crate) fn get(url: String) -> Call {
        Call {
            method: "GET",
            url,
            body: None,
            endless: false,
            controller: None,
        }
    }

    /// A read whose answer may go on for minutes; `controller` is for callers that abort it from outside.
    pub(crate) fn stream(url: String, controller: Option<AbortController>) -> Call {
        Call {
            method: "GET",
            url,
            body: None,
            endless: true,
            controller,
        }
    }

    /// A write.
    pub(crate) fn write(method: &'static str, url: String, kind: &'static str, body: String) -> Call {
        Call {
            method,
            url,
            body: Some((kind, body)),
            endless: false,
            controller: None,
        }
    }
}

/// An answer whose headers have arrived.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Seconds, from the header `Retry-After`.
    pub(crate) retry_after_secs: Option<u32>,
    pub(crate) content_type: String,
    source: Source,
    guard: Guard,
}

/// Where the body comes from.
enum Source {
    Body(ReadableStreamDefaultReader),
    Socket(Socket),
    Ended,
}

/// Aborts the request in `Drop`; harmless once the answer is complete.
struct Guard {
    controller: AbortController,
    timed_out: Rc<Cell<bool>>,
    timer: Option<Timeout>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

thread_local! {
    static ON_REFUSAL: RefCell<Option<Rc<dyn Fn(Refusal)>>> = const { RefCell::new(None) };
}

/// What everybody has to know of, whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no session (401, or a redirect to a sign-in page).
    SignedOut,
    /// A right is missing (403): what we believed of the rights may be old.
    Forbidden,
}

/// Sets who is told of refusals.
pub(crate) fn on_refusal(tell: impl Fn(Refusal) + 'static) {
    ON_REFUSAL.set(Some(Rc::new(tell)));
}

fn tell(refusal: Refusal) {
    let told = ON_REFUSAL.with_borrow(Clone::clone);
    if let Some(tell) = told {
        tell(refusal);
    }
}

/// Sends the request; resolves when the headers are there, whatever the status.
pub(crate) async fn send(call: Call) -> Result<Reply, Error> {
    let guard = Guard::new(call.controller, call.endless)?;
    if call.endless && socket::is_better(&call.url) {
        let socket = Socket::open(&call.url, &guard.controller.signal())?;
        match socket.head().await {
            Ok(head) => {
                tell_of(head.status, &call.url);
                return Ok(over_socket(socket, head.status, guard));
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            // A socket that does not open says nothing about why (no session, no upgrade, no gateway): fetch does.
            Err(_does_not_open) => {}
        }
    }
    let init = RequestInit::new();
    init.set_method(call.method);
    init.set_signal(Some(&guard.controller.signal()));
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::SameOrigin);
    // A gateway in front that wants a new sign-in answers with a redirect to its own page: seen, not followed.
    init.set_redirect(RequestRedirect::Manual);
    let headers = Headers::new().map_err(|error| unreachable(&error))?;
    let set = |name: &str, value: &str| headers.set(name, value).map_err(|error| unreachable(&error));
    set("Accept", "application/json")?;
    if call.method != "GET" {
        set("X-Flowdeck", "1")?;
        let (kind, text) = call.body.unwrap_or(("application/json", String::new()));
        set("Content-Type", kind)?;
        if !text.is_empty() {
            init.set_body(&JsValue::from_str(&text));
        }
    }
    init.set_headers(&headers);
    let window = web_sys::window().ok_or(Error::Cancelled)?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(&call.url, &init)).await;
    let response: Response = answer.map_err(|error| guard.explain(&error))?.unchecked_into();
    if response.type_() == ResponseType::Opaqueredirect {
        tell(Refusal::SignedOut);
        return Err(Error::SignedOut);
    }
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let reply = Reply {
        status: response.status(),
        retry_after_secs: header("Retry-After").and_then(|text| text.trim().parse().ok()),
        content_type: header("Content-Type").unwrap_or_default(),
        source: response
            .body()
            .and_then(|body| body.get_reader().dyn_into().ok())
            .map_or(Source::Ended, Source::Body),
        guard,
    };
    tell_of(reply.status, &call.url);
    Ok(reply)
}

fn over_socket(socket: Socket, status: u16, guard: Guard) -> Reply {
    Reply {
        status,
        retry_after_secs: None,
        content_type: "application/json".to_owned(),
        source: Source::Socket(socket),
        guard,
    }
}

fn tell_of(status: u16, url: &str) {
    // The gateway's own addresses answer 401 to a wrong password too; `session` knows which is which.
    match status {
        401 if !url.starts_with("/auth/") => tell(Refusal::SignedOut),
        403 if !url.starts_with("/auth/") => tell(Refusal::Forbidden),
        _ => {}
    }
}

/// Sends the request and returns the text of a success; everything else is an error.
pub(crate) async fn text(call: Call) -> Result<String, Error> {
    let reply = send(call).await?;
    let (status, content_type) = (reply.status, reply.content_type.clone());
    let retry_after_secs = reply.retry_after_secs;
    let body = reply.bytes().await?;
    if !(200..300).contains(&status) {
        return Err(Error::from_answer(status, retry_after_secs, &content_type, &body));
    }
    if content_type.starts_with("text/html") {
        return Err(Error::Unreadable {
            message: words_of(&content_type, &body),
        });
    }
    String::from_utf8(body).map_err(|_bytes| Error::Unreadable {
        message: "the answer is not text".to_owned(),
    })
}

impl Reply {
    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let reader = match &mut self.source {
            Source::Body(reader) => reader,
            Source::Socket(socket) => {
                let piece = socket.chunk().await;
                return if self.guard.controller.signal().aborted() {
                    Err(Error::Cancelled)
                } else {
                    piece
                };
            }
            Source::Ended => return Ok(None),
        };
        let step = JsFuture::from(reader.read())
            .await
            .map_err(|error| self.guard.explain(&error))?;
        let done = Reflect::get(&step, &JsValue::from_str("done")).is_ok_and(|done| done.is_truthy());
        if done {
            self.source = Source::Ended;
            return Ok(None);
        }
        let value = Reflect::get(&step, &JsValue::from_str("value")).map_err(|error| unreachable(&error))?;
        Ok(Some(value.unchecked_into::<Uint8Array>().to_vec()))
    }

    /// The whole body.
    pub(crate) async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(piece) = self.chunk().await? {
            if body.is_empty() {
                body = piece;
            } else {
                body.extend_from_slice(&piece);
            }
        }
        // The answer is complete: nothing to abort.
        self.guard.timer = None;
        Ok(body)
    }
}

impl Guard {
    fn new(controller: Option<AbortController>, endless: bool) -> Result<Guard, Error> {
        let controller = match controller {
            Some(controller) => controller,
            None => AbortController::new().map_err(|error| unreachable(&error))?,
        };
        let timed_out = Rc::new(Cell::new(false));
        let timer = (!endless).then(|| {
            let (controller, timed_out) = (controller.clone(), timed_out.clone());
            Timeout::new(ANSWER_MS, move || {
                timed_out.set(true);
                controller.abort();
            })
        });
        Ok(Guard {
            controller,
            timed_out,
            timer,
        })
    }

    fn explain(&self, error: &JsValue) -> Error {
        if self.timed_out.get() {
            return Error::Unreachable {
                message: format!("nothing came within {} seconds", ANSWER_MS / 1000),
            };
        }
        if self.controller.signal().aborted() {
            return Error::Cancelled;
        }
        unreachable(error)
    }
}

fn unreachable(error: &JsValue) -> Error {
    let message = error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_default();
    let message = if message.is_empty() {
        "the request failed".to_owned()
    } else {
        message
    };
    Error::Unreachable { message }
}
