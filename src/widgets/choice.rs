//! Takes a choice among values: select, radio cards, checkbox; and folds away what is rarely needed.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::field::{frame, fresh_id};
use super::icon::{Icon, icon};

/// One value that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What the form gets.
    pub(crate) value: String,
    /// What is read.
    pub(crate) label: String,
    /// A second, muted line or word.
    pub(crate) detail: String,
    /// Why it can't be chosen.
    pub(crate) blocked: Option<String>,
}

impl Choice {
    /// A value that reads as itself.
    pub(crate) fn plain(value: impl Into<String>) -> Self {
        let value = value.into();
        Self {
            label: value.clone(),
            value,
            ..Self::default()
        }
    }
}

/// The browser's own select.
#[component]
pub(crate) fn SelectField(
    /// What is chosen.
    #[prop(into)]
    label: Signal<String>,
    /// The chosen value.
    value: RwSignal<String>,
    /// What there is.
    #[prop(into)]
    options: Signal<Vec<Choice>>,
    /// About it.
    #[prop(into, optional)]
    hint: Signal<String>,
    /// What is wrong with it.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
) -> AnyView {
    frame(label, hint, error, move |id, about| {
        let lines = move || {
            let now = value.get();
            options
                .get()
                .into_iter()
                .map(|c| {
                    let chosen = c.value == now;
                    view! {
                        <option value=c.value selected=chosen disabled=c.blocked.is_some()>
                            {c.label}
                        </option>
                    }
                })
                .collect_view()
        };
        view! {
            <span class="input input-select">
                <select
                    id=id
                    aria-describedby=about
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=value
                    on:change=move |event| value.set(event_target_value(&event))
                >
                    {lines}
                </select>
                {icon(Icon::Open)}
            </span>
        }
        .into_any()
    })
}

/// A few values, each with a line about it, as cards of which one is chosen.
#[component]
pub(crate) fn RadioCards(
    /// What is chosen.
    #[prop(into)]
    label: Signal<String>,
    /// The chosen value.
    value: RwSignal<String>,
    /// What there is.
    #[prop(into)]
    options: Signal<Vec<Choice>>,
) -> AnyView {
    let name = fresh_id("cards");
    let cards = move || {
        options
            .get()
            .into_iter()
            .map(|c| {
                let (own, again) = (c.value.clone(), c.value.clone());
                let blocked = c.blocked.is_some();
                view! {
                    <label class="card-choice" class:is-blocked=blocked>
                        <input
                            type="radio"
                            name=name.clone()
                            value=c.value
                            disabled=blocked
                            prop:checked=move || value.with(|v| *v == own)
                            on:change=move |_| value.set(again.clone())
                        />
                        <span class="card-choice-label">{c.label}</span>
                        <span class="card-choice-detail">{c.blocked.unwrap_or(c.detail)}</span>
                    </label>
                }
            })
            .collect_view()
    };
    view! {
        <fieldset class="field">
            <legend class="field-label">{label}</legend>
            <div class="card-choices">{cards}</div>
        </fieldset>
    }
    .into_any()
}

/// A box to tick.
#[component]
pub(crate) fn Checkbox(
    /// What ticking it means.
    #[prop(into)]
    label: Signal<String>,
    /// Whether it is ticked.
    checked: RwSignal<bool>,
) -> AnyView {
    let change = move |event: web_sys::Event| {
        if let Some(input) = event
            .target()
            .and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok())
        {
            checked.set(input.checked());
        }
    };
    view! {
        <label class="checkbox">
            <input type="checkbox" prop:checked=checked on:change=change />
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// Folds away what is rarely needed.
#[component]
pub(crate) fn Disclosure(
    /// What is inside.
    #[prop(into)]
    summary: Signal<String>,
    /// Whether it is open.
    #[prop(optional)]
    open: RwSignal<bool>,
    /// What is folded away.
    children: Children,
) -> AnyView {
    let details = NodeRef::<html::Details>::new();
    let toggled = move |_| {
        if let Some(details) = details.get_untracked() {
            open.set(details.has_attribute("open"));
        }
    };
    view! {
        <details class="disclosure" node_ref=details prop:open=open on:toggle=toggled>
            <summary>{icon(Icon::Into)} <span>{summary}</span></summary>
            <div class="disclosure-body">{children()}</div>
        </details>
    }
    .into_any()
}
