//! Wraps the browser's time and events: clock, timers, animation frames, tasks that outlive a page.
//!
//! The only place of the app that may spawn a task that no page ends; `live` ends its own.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, VisibilityState, Window};

/// How long work may hold the main thread before a frame gets its turn, in ms.
const SLICE_MS: f64 = 8.0;

/// Milliseconds since 1970 by the browser's clock, which may be set back.
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// Milliseconds by a clock that never goes back, but may stand still while the machine sleeps.
pub(crate) fn steady_ms() -> f64 {
    window()
        .and_then(|window| window.performance())
        .map_or_else(now_ms, |performance| performance.now())
}

/// A seed for jitter.
pub(crate) fn seed() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}

/// Whether nobody sees the tab.
pub(crate) fn is_hidden() -> bool {
    document().is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}

/// Whether the browser says that there is no network.
pub(crate) fn is_offline() -> bool {
    window().is_some_and(|window| !window.navigator().on_line())
}

/// Runs a task of the stores: it outlives the page that caused it, and ends by itself or by an abort.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    // Boxed, so that what drives it is compiled once.
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    #[expect(
        clippy::disallowed_methods,
        reason = "streams outlive pages; live aborts them itself"
    )]
    wasm_bindgen_futures::spawn_local(task);
}

/// Calls back before the next paint; in a hidden tab, where nothing is painted, within a second.
pub(crate) fn next_frame(call: impl FnOnce() + 'static) {
    let Some(window) = window() else { return };
    if is_hidden() {
        after(1000, call);
        return;
    }
    let call = Closure::once_into_js(call);
    // It fails only in a window that is being closed.
    drop(window.request_animation_frame(call.unchecked_ref()));
}

/// Calls back once, after so long. Nothing stays behind: a `Timeout` that is forgotten would keep its closure.
pub(crate) fn after(ms: u32, call: impl FnOnce() + 'static) {
    spawn(async move {
        TimeoutFuture::new(ms).await;
        call();
    });
}

/// Listens to an event of the window for as long as the app lives.
pub(crate) fn on_window(event: &str, call: impl FnMut() + 'static) {
    if let Some(window) = window() {
        listen(&window, event, call);
    }
}

/// Listens to the tab being hidden and seen, for as long as the app lives.
pub(crate) fn on_visibility(call: impl FnMut() + 'static) {
    if let Some(document) = document() {
        listen(&document, "visibilitychange", call);
    }
}

fn listen(target: &web_sys::EventTarget, event: &str, call: impl FnMut() + 'static) {
    let call = Closure::<dyn FnMut()>::new(call);
    drop(target.add_event_listener_with_callback(event, call.as_ref().unchecked_ref()));
    call.forget();
}

thread_local! {
    static WORKED_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Does a piece of work and counts its time towards the slice.
pub(crate) fn work<R>(piece: impl FnOnce() -> R) -> R {
    let begun = steady_ms();
    let result = piece();
    WORKED_MS.set(WORKED_MS.get() + steady_ms() - begun);
    result
}

/// Lets the browser paint and listen if the slice is used up.
///
/// Chunks that have already arrived resolve without giving the browser a turn, so a long burst would freeze the page.
pub(crate) async fn breathe() {
    if WORKED_MS.get() >= SLICE_MS {
        WORKED_MS.set(0.0);
        TimeoutFuture::new(0).await;
    }
}

/// The window; there is none in a worker.
pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}
