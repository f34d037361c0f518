//! Says in the page's words what the stores and the objects say in theirs.

use std::cell::RefCell;
use std::collections::HashMap;

use flowdeck_objects::{Phase, Shape, Timestamp};

use crate::client::Error;
use crate::live::access::Allowed;
use crate::widgets::status::Tone;
use crate::widgets::time;

/// Written times that are kept; `toLocaleString` costs some 20 µs, too much for each row of each frame.
const KEPT_TIMES: usize = 4096;

thread_local! {
    static TIMES: RefCell<HashMap<i64, String>> = RefCell::default();
}

/// The time as the browser writes it, with date and zone.
pub(super) fn exact(then: Timestamp) -> String {
    TIMES.with_borrow_mut(|times| {
        if times.len() >= KEPT_TIMES {
            times.clear();
        }
        times
            .entry(then.ms())
            .or_insert_with(|| time::exact(then.ms() as f64))
            .clone()
    })
}

/// The shape and hue of a phase.
pub(super) fn tone_of(phase: Phase) -> Tone {
    match (phase.shape(), phase) {
        (Shape::Disc, _) => Tone::Ok,
        (Shape::Ring, Phase::Starting) => Tone::Busy,
        (Shape::Ring, _) => Tone::Leaving,
        (Shape::Diamond, _) => Tone::Waiting,
        (Shape::Triangle, _) => Tone::Bad,
        (Shape::Square, _) => Tone::Off,
    }
}

/// Why an action is not offered; nothing while that is not known, the server decides then.
pub(super) fn blocked(allowed: &Allowed, verb: &str, resource: &str, namespace: &str) -> Option<String> {
    match allowed {
        Allowed::Unknown | Allowed::Yes => None,
        Allowed::No { .. } => Some(["Needs ", verb, " on ", resource, " in ", namespace].concat()),
    }
}

/// What went wrong and what to do, in one line.
pub(super) fn what_and_next(error: &Error) -> String {
    [error.to_string().as_str(), ". ", error.advice()].concat()
}

/// The text with a capital at its start (unless that is a name, such as an image's) and a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_word = first_word.chars().all(|c| c.is_alphabetic() || ",'’-".contains(c));
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let mut out = String::with_capacity(text.len() + 1);
    out.push(if is_word { first.to_ascii_uppercase() } else { first });
    out.push_str(chars.as_str());
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// Where a notebook's server answers, behind the same gateway.
pub(super) fn connect_url(namespace: &str, name: &str) -> String {
    let mut url = "/notebook/".to_owned();
    flowdeck_view::query::encode(namespace, &mut url);
    url.push('/');
    flowdeck_view::query::encode(name, &mut url);
    url.push('/');
    url
}
