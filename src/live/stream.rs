//! Drives one list and watch: sends what the machine asks for, feeds it what comes, tells signals once a frame.
//!
//! Decides nothing: every rule is in `flowdeck_watch`.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use flowdeck_objects::Object;
use flowdeck_watch::resource::with_query;
use flowdeck_watch::{Command, Config, Core, Input, Machine, Problem, Request, Rows, State, Table, Typed};
use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_sys::AbortController;

use crate::client::Error;
use crate::client::fetch::{self, Call};

use super::Inner;
use super::browser;
use super::connection::trouble;
use super::lease::{StreamKey, StreamState};
use super::tell::tell;

/// So many bytes are fed at once, so that a huge chunk is cut into slices too.
const PIECE_BYTES: usize = 32 << 10;

/// A stream whose rows' type nobody needs to know: all that drives one is compiled once, not once a kind.
pub(super) type AnyStream = Stream<dyn Table>;

/// One live list.
pub(super) struct Stream<R: ?Sized> {
    me: Weak<AnyStream>,
    live: Weak<Inner>,
    url: String,
    flight: RefCell<Option<AbortController>>,
    alarm: RefCell<Option<Alarm>>,
    frame_asked: Cell<bool>,
    pub(super) changed: ArcRwSignal<u64>,
    pub(super) state: ArcRwSignal<StreamState>,
    /// Last, so that a stream of a kind can become [`AnyStream`].
    machine: RefCell<Core<R>>,
}

struct Alarm {
    at_ms: f64,
    _timer: Timeout,
}

impl<T: Object> Stream<Typed<T>> {
    /// A stream that has not begun: tell it [`Input::Start`].
    pub(super) fn new(key: &StreamKey, live: Weak<Inner>) -> Rc<Stream<Typed<T>>> {
        let config = Config {
            label_selector: key.selector.clone(),
            seed: browser::seed(),
            ..Config::default()
        };
        Rc::new_cyclic(|me: &Weak<Stream<Typed<T>>>| Stream {
            me: me.clone() as Weak<AnyStream>,
            live,
            url: key.resource.collection(&key.namespace),
            machine: RefCell::new(Machine::<T>::new(config)),
            flight: RefCell::default(),
            alarm: RefCell::default(),
            frame_asked: Cell::new(false),
            changed: ArcRwSignal::new(0),
            state: ArcRwSignal::new(StreamState::Loading),
        })
    }
}

impl<T> Stream<Typed<T>> {
    /// Reads the rows.
    pub(super) fn with_rows<R>(&self, read: impl FnOnce(&Rows<T>) -> R) -> R {
        read(self.machine.borrow().rows())
    }
}

impl AnyStream {
    /// Tells the machine what has happened.
    pub(super) fn tell(&self, input: Input<'_>) {
        // Somebody is reading the rows and calls us from there: not now, the machine can wait for its next input.
        let Ok(mut machine) = self.machine.try_borrow_mut() else {
            return;
        };
        let commands = machine.handle(browser::now_ms(), input);
        let wake_in = machine.wake_in();
        drop(machine);
        for command in commands {
            match command {
                Command::Send(request) => self.send(request),
                Command::Abort { .. } => self.abort(),
            }
        }
        self.set_alarm(wake_in);
        self.ask_frame();
    }

    fn abort(&self) {
        if let Some(controller) = self.flight.take() {
            controller.abort();
        }
    }

    fn send(&self, request: Request) {
        let (Ok(controller), Some(live)) = (AbortController::new(), self.live.upgrade()) else {
            return;
        };
        self.flight.replace(Some(controller.clone()));
        let turn_ms = live.bucket.borrow_mut().reserve(browser::steady_ms() as u64);
        browser::spawn(run(self.me.clone(), request, controller, turn_ms));
    }

    /// Sets the timer unless one that is due earlier is set: it rings for nothing at worst.
    fn set_alarm(&self, wake_in: Option<u64>) {
        let Some(ms) = wake_in else {
            self.alarm.take();
            return;
        };
        let at_ms = browser::steady_ms() + ms as f64;
        if self.alarm.borrow().as_ref().is_some_and(|alarm| alarm.at_ms <= at_ms) {
            return;
        }
        let me = self.me.clone();
        let timer = Timeout::new(u32::try_from(ms).unwrap_or(u32::MAX).min(i32::MAX as u32), move || {
            if let Some(stream) = me.upgrade() {
                stream.alarm.take();
                stream.tell(Input::Tick);
            }
        });
        self.alarm.replace(Some(Alarm { at_ms, _timer: timer }));
    }

    fn ask_frame(&self) {
        if self.frame_asked.replace(true) {
            return;
        }
        let me = self.me.clone();
        browser::next_frame(move || {
            if let Some(stream) = me.upgrade() {
                stream.frame_asked.set(false);
                stream.flush();
            }
        });
    }

    /// Tells the signals what has changed since the last frame.
    fn flush(&self) {
        let Ok(mut machine) = self.machine.try_borrow_mut() else {
            return self.ask_frame();
        };
        let version = machine.seal();
        let state = machine.state();
        let is_out = matches!(state, State::SignedOut { .. });
        let state = told(state, machine.is_complete());
        for warning in machine.take_warnings() {
            let (namespace, name, message) = (&warning.namespace, &warning.name, &warning.message);
            leptos::logging::warn!("{}: {namespace}/{name} cannot be read: {message}", self.url);
        }
        drop(machine);
        if is_out && let Some(live) = self.live.upgrade() {
            // Learned from inside a stream, so no answer's status has told the store.
            live.session_ended();
        }
        if self.changed.try_get_untracked() != Some(version) {
            tell(&self.changed, version);
        }
        if self.state.try_with_untracked(|old| *old != state) == Some(true) {
            let came_back = state == StreamState::Live && trouble(&self.state(), 0.0).is_some();
            tell(&self.state, state);
            if let Some(live) = self.live.upgrade() {
                live.judge_connection();
                if came_back {
                    // The server answers again: the others need not wait for their turns, up to a minute away.
                    live.tell_streams(|| Input::Nudge);
                }
            }
        }
    }
}

impl AnyStream {
    /// How it is doing, as last told to signals.
    pub(super) fn state(&self) -> StreamState {
        self.state.try_get_untracked().unwrap_or(StreamState::Loading)
    }
}

impl<R: ?Sized> Drop for Stream<R> {
    fn drop(&mut self) {
        if let Some(controller) = self.flight.take() {
            controller.abort();
        }
    }
}

/// Sends one request and feeds its answer; ends when the stream does, or at the abort.
async fn run(stream: Weak<AnyStream>, request: Request, controller: AbortController, turn_ms: u64) {
    if turn_ms > 0 {
        TimeoutFuture::new(u32::try_from(turn_ms).unwrap_or(u32::MAX)).await;
    }
    let epoch = request.epoch;
    let Some(url) = stream.upgrade().map(|stream| stream.url.clone()) else {
        return;
    };
    if controller.signal().aborted() {
        return;
    }
    let url = with_query(url, request.query.iter().map(|(key, value)| (*key, value.as_str())));
    let feed = |input: Input<'_>| {
        if let Some(stream) = stream.upgrade() {
            browser::work(|| stream.tell(input));
        }
    };
    let mut reply = match fetch::send(Call::stream(url, Some(controller))).await {
        Ok(reply) => reply,
        Err(Error::Cancelled) => return,
        Err(Error::SignedOut) => {
            feed(Input::Head {
                epoch,
                status: 401,
                retry_after_secs: None,
            });
            return feed(Input::End { epoch });
        }
        Err(error) => {
            return feed(Input::Broken {
                epoch,
                why: &words(&error),
            });
        }
    };
    feed(Input::Head {
        epoch,
        status: reply.status,
        retry_after_secs: reply.retry_after_secs,
    });
    loop {
        match reply.chunk().await {
            Ok(Some(bytes)) => {
                for piece in bytes.chunks(PIECE_BYTES) {
                    feed(Input::Chunk { epoch, bytes: piece });
                    browser::breathe().await;
                }
            }
            Ok(None) => return feed(Input::End { epoch }),
            Err(Error::Cancelled) => return,
            Err(error) => {
                return feed(Input::Broken {
                    epoch,
                    why: &words(&error),
                });
            }
        }
        if stream.strong_count() == 0 {
            return;
        }
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::Unreachable { message } => message.clone(),
        other => other.to_string(),
    }
}

/// The machine's state in the words of the pages.
fn told(state: State, is_complete: bool) -> StreamState {
    match state {
        State::Loading => StreamState::Loading,
        State::Partial { loaded, remaining } => StreamState::Partial { loaded, remaining },
        State::Live => StreamState::Live,
        State::Stale { since_ms, problem } => StreamState::Stale {
            since_ms,
            why: problem.words(),
        },
        State::Failed(problem) => StreamState::Failed {
            error: error_of(problem),
        },
        State::Denied(status) => StreamState::Denied {
            error: Error::from(status),
        },
        State::Missing(_) => StreamState::Missing,
        // The page stays as it is behind the dialog.
        State::SignedOut { since_ms } if is_complete => StreamState::Stale {
            since_ms,
            why: Error::SignedOut.to_string(),
        },
        State::SignedOut { .. } => StreamState::Failed {
            error: Error::SignedOut,
        },
    }
}

fn error_of(problem: Problem) -> Error {
    match problem {
        Problem::Answer(status) => Error::from(status),
        Problem::Unreachable(message) => Error::Unreachable { message },
        Problem::Unreadable(message) => Error::Unreadable { message },
    }
}
