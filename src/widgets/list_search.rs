//! Takes the text that narrows a list below it, and moves through that list with the arrow keys.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// A search field over a listbox that is always open.
///
/// The listbox has the id `list`, its options `option-0`, `option-1` … ; `active` is the one that Enter takes.
pub(crate) fn list_search(
    label: &'static str,
    (list, option): (&'static str, &'static str),
    text: RwSignal<String>,
    active: RwSignal<usize>,
    keys: impl Fn(ev::KeyboardEvent) + 'static,
) -> AnyView {
    let field = NodeRef::<html::Input>::new();
    super::field::focus_when_there(field);
    view! {
        <input
            node_ref=field
            class="input-text"
            type="text"
            role="combobox"
            aria-label=label
            aria-expanded="true"
            aria-controls=list
            aria-autocomplete="list"
            aria-activedescendant=move || format!("{option}-{}", active.get())
            placeholder=label
            autocomplete="off"
            spellcheck="false"
            prop:value=text
            on:input=move |event| {
                text.set(event_target_value(&event));
                active.set(0);
            }
            on:keydown=keys
        />
    }
    .into_any()
}

/// Moves `active` round a list of `count` options if `key` is an arrow; says whether it was.
pub(crate) fn moved_by(key: &str, active: RwSignal<usize>, count: usize) -> bool {
    let count = count.max(1);
    match key {
        "ArrowDown" => active.update(|at| *at = (*at + 1) % count),
        "ArrowUp" => active.update(|at| *at = (*at + count - 1) % count),
        _ => return false,
    }
    true
}
