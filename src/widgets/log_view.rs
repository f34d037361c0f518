//! Shows a log of any length: only the lines in sight are in the page, following the end until one scrolls up.

mod lines;
mod scroll;

use leptos::html;
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::button::Button;
use super::icon::Icon;
use crate::widgets::px;
use crate::widgets::reactive::memo;
use crate::widgets::show::Show;
use lines::slot_line;
use scroll::Pane;

/// Height of a row of a log, in px: the token `--line-log`.
const LINE_PX: f64 = 18.0;

/// A piece of a line in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogSpan {
    /// The text, without escape codes.
    pub(crate) text: String,
    /// A class from `style/log.css`: "ansi-red", "ansi-bold"; empty for plain.
    pub(crate) class: &'static str,
}

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// Its number since the log began; the first kept line of a bounded log has a number above zero.
    pub(crate) number: u64,
    /// The time to show before it; empty for none.
    pub(crate) time: String,
    /// Its pieces.
    pub(crate) spans: Vec<LogSpan>,
}

/// The lines of a log as a virtual list. The page owns the lines (a ring buffer), this asks for those in sight.
#[component]
pub(crate) fn LogView(
    /// "Log of vision-train-01".
    #[prop(into)]
    label: Signal<String>,
    /// How many lines are kept.
    #[prop(into)]
    count: Signal<usize>,
    /// Raised whenever any line came, changed or went.
    #[prop(into)]
    version: Signal<u64>,
    /// The kept line at a place, from 0.
    line_at: UnsyncCallback<(usize,), Option<LogLine>>,
    /// How many characters a line has (with its time), to know its height when wrapped.
    chars_at: UnsyncCallback<(usize,), usize>,
    /// Breaks long lines instead of scrolling sideways.
    #[prop(into)]
    wrap: Signal<bool>,
    /// Keeps the end in sight; lets go when one scrolls up, and holds on again at the end.
    follow: RwSignal<bool>,
    /// Text to mark.
    #[prop(into, optional)]
    search: Signal<String>,
    /// A line to bring into sight, by place (the current hit of a search).
    #[prop(into, optional)]
    reveal: Signal<Option<usize>>,
) -> AnyView {
    let (room, probe) = (NodeRef::<html::Div>::new(), NodeRef::<html::Span>::new());
    let pane = Pane::new(room, probe, count, line_at, chars_at, wrap, follow, reveal);
    pane.watch(version);
    let slots = move || {
        let pool = pane.pool.get();
        pane.slots
            .with_value(|slots| slots.iter().take(pool).copied().enumerate().collect::<Vec<_>>())
    };
    let needle = memo(move || search.with(|s| s.trim().to_owned()));
    view! {
        <div class="log-room">
            <div
                node_ref=room
                class="log"
                class:is-wrapped=wrap
                role="region"
                aria-label=label
                tabindex="0"
                on:scroll=move |_| pane.on_scroll()
            >
                <span node_ref=probe class="log-probe" aria-hidden="true">
                    "0000000000000000000000000000000000000000000000000000000000000000"
                </span>
                <div class="log-body" style:height=move || px(f64::from(pane.rows.get()) * LINE_PX)>
                    <For each=slots key=|(at, _)| *at let:slot>
                        {slot_line(slot.1, needle.into())}
                    </For>
                </div>
            </div>
            <Show when=move || !follow.get() && pane.overflows.get()>
                <div class="log-end">
                    <Button label="Go to the end" small=true icon=Icon::Down on_click=move || follow.set(true) />
                </div>
            </Show>
        </div>
    }
    .into_any()
}
