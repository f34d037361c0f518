//! Narrows a list: one text field, then chips with counts that are also the summary.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::On;
use super::reactive::memo;
use super::status::{Tone, tone_shape};

/// One chip. It is always there, so that it keeps the focus; while it counts nothing it is hidden, unless it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    /// What the page gets when it is chosen; empty for "All".
    pub(crate) id: String,
    /// One word.
    pub(crate) label: String,
    /// Its shape; none for "All".
    pub(crate) tone: Option<Tone>,
}

/// The bar above a list. `/` goes to its field, Escape empties it and then leaves it.
#[component]
pub(crate) fn FilterBar(
    /// "Filter by name, image, reason".
    #[prop(into)]
    placeholder: String,
    /// The text, as in the URL.
    #[prop(into)]
    text: Signal<String>,
    /// Called at each key; the page waits 250 ms before it writes the URL.
    #[prop(into)]
    on_text: On<String>,
    /// The chips.
    chips: Vec<Chip>,
    /// How many rows each of them stands for.
    #[prop(into)]
    counts: Signal<Vec<usize>>,
    /// Id of the chosen chip.
    #[prop(into)]
    chosen: Signal<String>,
    /// A chip was chosen.
    #[prop(into)]
    on_choose: On<String>,
    /// What stands at the right: quota.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    let field = NodeRef::<html::Input>::new();
    let slash = window_event_listener(ev::keydown, move |event| {
        if event.key() == "/"
            && !is_typing(&event)
            && !event.ctrl_key()
            && !event.meta_key()
            && let Some(Some(field)) = field.try_get_untracked()
        {
            event.prevent_default();
            field.focus().ok();
            field.select();
        }
    });
    on_cleanup(move || slash.remove());
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            if text.with_untracked(String::is_empty) {
                if let Some(field) = field.get_untracked() {
                    field.blur().ok();
                }
            } else {
                on_text.run((String::new(),));
            }
        }
    };
    let label = placeholder.clone();
    view! {
        <div class="filter-bar" role="search">
            <span class="input filter-text">
                <input
                    node_ref=field
                    type="search"
                    class="input-text"
                    placeholder=placeholder
                    aria-label=label
                    aria-keyshortcuts="/"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=text
                    on:input=move |event| on_text.run((event_target_value(&event),))
                    on:keydown=keys
                />
                <kbd class="key" aria-hidden="true">"/"</kbd>
            </span>
            <div class="chips" role="group" aria-label="Filter by status">
                {chips.into_iter().enumerate().map(|(at, chip)| one_chip(at, chip, counts, chosen, on_choose)).collect_view()}
            </div>
            <div class="filter-end">{children.map(|c| c())}</div>
        </div>
    }
    .into_any()
}

fn one_chip(
    at: usize,
    chip: Chip,
    counts: Signal<Vec<usize>>,
    chosen: Signal<String>,
    on_choose: On<String>,
) -> AnyView {
    let Chip { id, label, tone } = chip;
    let (own, is_all) = (id.clone(), id.is_empty());
    let pressed = memo(move || chosen.with(|chosen| *chosen == own));
    let count = memo(move || counts.with(|counts| counts.get(at).copied().unwrap_or_default()));
    let class = match tone {
        Some(Tone::Bad) => "chip chip-bad",
        Some(Tone::Waiting) => "chip chip-waiting",
        _ => "chip",
    };
    view! {
        <button
            type="button"
            class=class
            hidden=move || count.get() == 0 && !is_all && !pressed.get()
            aria-pressed=move || if pressed.get() { "true" } else { "false" }
            on:click=move |_| on_choose.run((if pressed.get_untracked() { String::new() } else { id.clone() },))
        >
            {tone.map(|tone| tone_shape(Signal::stored(tone)))}
            <b>{move || (count.get() > 0).then(|| count.get().to_string())}</b>
            <span>{label}</span>
        </button>
    }
    .into_any()
}

/// Whether a key goes into a field, so that it must not act as a shortcut.
pub(crate) fn is_typing(event: &ev::KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else {
        return false;
    };
    matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || target.has_attribute("contenteditable")
}
