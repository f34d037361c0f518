//! Draws one line of a log, with what is searched for marked in it.

use leptos::prelude::*;

use super::{LINE_PX, LogLine, LogSpan};
use crate::widgets::px;
use crate::widgets::reactive::memo;

/// A line and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// Row at which it begins.
    pub(super) row: u32,
    /// Whether it is the current hit of the search.
    pub(super) hit: bool,
    /// Its text.
    pub(super) line: LogLine,
}

/// A slot's content.
pub(super) type Slot = RwSignal<Option<Shown>>;

/// The element of a slot; its content is built again only when the line in it changes.
pub(super) fn slot_line(slot: Slot, needle: Signal<String>) -> AnyView {
    let row = memo(move || slot.with(|s| s.as_ref().map(|s| s.row)));
    let hit = memo(move || slot.with(|s| s.as_ref().is_some_and(|s| s.hit)));
    let line = memo(move || slot.with(|s| s.as_ref().map(|s| s.line.clone())));
    let content = move || {
        let needle = needle.get();
        line.with(|line| line.as_ref().map(|line| content(line, &needle)))
    };
    view! {
        <div
            class="log-line"
            class:is-hit=hit
            hidden=move || row.get().is_none()
            style:top=move || px(f64::from(row.get().unwrap_or(0)) * LINE_PX)
        >
            {content}
        </div>
    }
    .into_any()
}

fn content(line: &LogLine, needle: &str) -> AnyView {
    let spans = line.spans.iter().map(|span| piece(span, needle)).collect_view();
    view! {
        <span class="log-time">{line.time.clone()}</span>
        {spans}
    }
    .into_any()
}

fn piece(span: &LogSpan, needle: &str) -> AnyView {
    let parts = marked(&span.text, needle)
        .into_iter()
        .map(|(text, found)| {
            let text = text.to_owned();
            if found {
                view! { <mark>{text}</mark> }.into_any()
            } else {
                text.into_any()
            }
        })
        .collect_view();
    view! { <span class=span.class>{parts}</span> }.into_any()
}

/// A text cut at what is searched for, upper and lower case alike; with whether each piece is it.
fn marked<'a>(text: &'a str, needle: &str) -> Vec<(&'a str, bool)> {
    if needle.is_empty() {
        return vec![(text, false)];
    }
    let (low, needle) = (text.to_ascii_lowercase(), needle.to_ascii_lowercase());
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, found) in low.match_indices(&needle) {
        parts.push((&text[from..at], false));
        parts.push((&text[at..at + found.len()], true));
        from = at + found.len();
    }
    parts.push((&text[from..], false));
    parts
}
