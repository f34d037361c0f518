//! Keeps how far each step of the history was scrolled, so that back, forward and reload find the place again.
//!
//! The body never scrolls: what does is marked `data-scroll`. The places stand in the step's own state, as numbers in
//! the order of the document.

use std::cell::Cell;
use std::time::Duration;

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

/// How soon after scrolling the place is noted: the browser takes only some 200 notes in 30 s.
const NOTED: Duration = Duration::from_millis(200);
/// How long rows may take to come before their place is given up, in ms.
const PATIENCE_MS: f64 = 3_000.0;

thread_local! {
    /// A note is due.
    static DUE: Cell<bool> = const { Cell::new(false) };
    /// Until when a place is looked for, 0 for not at all, in ms since the page began; what scrolls by that is not noted.
    static SEEKING_UNTIL: Cell<f64> = const { Cell::new(0.0) };
}

/// Notes places from now on, and finds the place that a reload left.
pub(super) fn keep() {
    let note = Closure::<dyn Fn()>::new(|| {
        if !DUE.replace(true) {
            set_timeout(remember, NOTED);
        }
    });
    // Scrolling does not bubble.
    let listened = document().add_event_listener_with_callback_and_bool("scroll", note.as_ref().unchecked_ref(), true);
    if listened.is_ok() {
        note.forget();
    }
    restore();
}

/// Notes the places in the step that is shown now.
pub(super) fn remember() {
    DUE.set(false);
    if SEEKING_UNTIL.get() > 0.0 {
        return;
    }
    let places: Array = scrollers()
        .iter()
        .map(|room| JsValue::from(room.scroll_top()))
        .collect();
    if let Ok(history) = window().history() {
        history.replace_state(&places, "").ok();
    }
}

/// Scrolls to where the step that is shown now was, as soon as there is enough to scroll.
pub(super) fn restore() {
    let state = window().history().and_then(|history| history.state());
    let wanted: Vec<i32> = state
        .ok()
        .and_then(|state| state.dyn_into::<Array>().ok())
        .map(|places| places.iter().filter_map(|y| y.as_f64()).map(|y| y as i32).collect())
        .unwrap_or_default();
    if wanted.iter().any(|y| *y > 0) {
        let until = now_ms() + PATIENCE_MS;
        SEEKING_UNTIL.set(until);
        seek(until, wanted, Vec::new());
    } else {
        SEEKING_UNTIL.set(0.0);
    }
}

/// Tries once a frame; `before` is what came of it in the frame before.
fn seek(until: f64, wanted: Vec<i32>, before: Vec<i32>) {
    request_animation_frame(move || {
        // Another step is being looked for meanwhile.
        if SEEKING_UNTIL.get() != until {
            return;
        }
        let rooms = scrollers();
        let places = || rooms.iter().map(Element::scroll_top).collect::<Vec<_>>();
        let by_hand = before.len() == rooms.len() && places() != before;
        if !by_hand {
            rooms.iter().zip(&wanted).for_each(|(room, y)| room.set_scroll_top(*y));
        }
        let now = places();
        if by_hand || now == wanted || now_ms() > until {
            SEEKING_UNTIL.set(0.0);
        } else {
            seek(until, wanted, now);
        }
    });
}

fn scrollers() -> Vec<Element> {
    let Ok(found) = document().query_selector_all("[data-scroll]") else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.get(at)?.dyn_into().ok())
        .collect()
}

fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
