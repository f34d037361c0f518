//! Takes a text with suggestions: a list that narrows as one types, and that one need not use.

use leptos::ev;
use leptos::prelude::*;

use super::choice::Choice;
use super::field::frame;
use super::icon::{Icon, icon};
use crate::widgets::reactive::memo;

/// A text field with a list of suggestions that narrows as one types; any other text is allowed too.
#[component]
pub(crate) fn Combobox(
    /// What is chosen.
    #[prop(into)]
    label: Signal<String>,
    /// The text.
    value: RwSignal<String>,
    /// What is suggested.
    #[prop(into)]
    options: Signal<Vec<Choice>>,
    /// About it.
    #[prop(into, optional)]
    hint: Signal<String>,
    /// What is wrong with it.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
) -> AnyView {
    let open = RwSignal::new(false);
    let typed = RwSignal::new(false); // narrows only after typing: opening shows all
    let active = RwSignal::new(None::<usize>);
    let shown = memo(move || {
        let text = if typed.get() {
            value.get().to_ascii_lowercase()
        } else {
            String::new()
        };
        let fits =
            |c: &Choice| c.value.to_ascii_lowercase().contains(&text) || c.label.to_ascii_lowercase().contains(&text);
        options.with(|all| all.iter().filter(|c| fits(c)).cloned().collect::<Vec<_>>())
    });
    let choose = move |choice: &Choice| {
        value.set(choice.value.clone());
        typed.set(false);
        open.set(false);
    };
    let keys = move |event: ev::KeyboardEvent| {
        let shown = shown.get_untracked();
        if on_key(&event.key(), &shown, open, active, choose) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    frame(label, hint, error, move |id, about| {
        let list = format!("{id}-list");
        let list_again = list.clone();
        let option_id = {
            let list = list.clone();
            move |n: usize| format!("{list}-{n}")
        };
        let active_id = {
            let option_id = option_id.clone();
            move || open.get().then(|| active.get()).flatten().map(&option_id)
        };
        let lines = move || {
            shown
                .get()
                .into_iter()
                .enumerate()
                .map(|(n, choice)| line(option_id(n), n, choice, active, choose))
                .collect_view()
        };
        view! {
            <div class="combobox">
                <span class="input input-mono">
                    <input
                        id=id
                        class="input-text"
                        role="combobox"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        aria-autocomplete="list"
                        aria-controls=list
                        aria-expanded=move || if open.get() { "true" } else { "false" }
                        aria-activedescendant=active_id
                        aria-describedby=about
                        aria-invalid=move || error.with(Option::is_some).then_some("true")
                        prop:value=value
                        on:input=move |event| {
                            value.set(event_target_value(&event));
                            typed.set(true);
                            active.set(None);
                            open.set(true);
                        }
                        on:click=move |_| open.set(true)
                        on:blur=move |_| open.set(false)
                        on:keydown=keys
                    />
                    {icon(Icon::Open)}
                </span>
                <ul
                    id=list_again
                    class="options"
                    role="listbox"
                    aria-label=label
                    hidden=move || !open.get() || shown.with(Vec::is_empty)
                >
                    {lines}
                </ul>
            </div>
        }
        .into_any()
    })
}

fn line(
    id: String,
    at: usize,
    choice: Choice,
    active: RwSignal<Option<usize>>,
    choose: impl Fn(&Choice) + 'static,
) -> AnyView {
    let (label, detail) = (choice.label.clone(), choice.detail.clone());
    view! {
        <li
            id=id
            role="option"
            class="option"
            class:is-active=move || active.get() == Some(at)
            aria-selected=move || if active.get() == Some(at) { "true" } else { "false" }
            on:pointerdown=move |event| {
                event.prevent_default();
                choose(&choice);
            }
        >
            <span class="option-label">{label}</span>
            <span class="option-detail">{detail}</span>
        </li>
    }
    .into_any()
}

/// Gives whether the key was one of the list's.
fn on_key(
    key: &str,
    shown: &[Choice],
    open: RwSignal<bool>,
    active: RwSignal<Option<usize>>,
    choose: impl Fn(&Choice),
) -> bool {
    let (count, now) = (shown.len(), active.get_untracked());
    match key {
        "ArrowDown" | "ArrowUp" if !open.get_untracked() => open.set(true),
        "ArrowDown" if count > 0 => active.set(Some(now.map_or(0, |n| (n + 1) % count))),
        "ArrowUp" if count > 0 => active.set(Some(now.map_or(count - 1, |n| (n + count - 1) % count))),
        "Enter" if open.get_untracked() => match now.and_then(|n| shown.get(n)) {
            Some(choice) => choose(choice),
            None => open.set(false),
        },
        "Escape" if open.get_untracked() => open.set(false),
        _ => return false,
    }
    true
}
