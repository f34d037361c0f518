//! Switches between panels; the chosen one stands in the URL.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::On;
use super::field::fresh_id;
use crate::widgets::reactive::memo;

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tab {
    /// What stands in the URL.
    pub(crate) id: &'static str,
    /// What is read.
    pub(crate) label: &'static str,
}

/// A row of tabs and, below it, the panel that `panel` builds for the chosen one. Arrow keys, Home and End move.
#[component]
pub(crate) fn Tabs(
    /// What they divide, for the ear.
    #[prop(into)]
    label: String,
    /// The tabs.
    tabs: &'static [Tab],
    /// Id of the chosen one.
    #[prop(into)]
    chosen: Signal<String>,
    /// A tab was chosen.
    #[prop(into)]
    on_choose: On<&'static str>,
    /// A number or word behind a tab's label, by id: how many events.
    #[prop(into, optional)]
    counts: Option<leptos::reactive::callback::UnsyncCallback<(&'static str,), String>>,
    /// The content for the chosen id.
    panel: leptos::reactive::callback::UnsyncCallback<(String,), AnyView>,
) -> AnyView {
    let base = fresh_id("tabs");
    let keys = move |event: ev::KeyboardEvent| {
        let now = chosen
            .with_untracked(|c| tabs.iter().position(|t| t.id == *c))
            .unwrap_or(0);
        let count = tabs.len();
        let next = match event.key().as_str() {
            "ArrowRight" => (now + 1) % count,
            "ArrowLeft" => (now + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        on_choose.run((tabs[next].id,));
        let list = event
            .current_target()
            .and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let button = list.and_then(|l| l.children().item(next as u32));
        if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
            button.focus().ok();
        }
    };
    let buttons = tabs
        .iter()
        .map(|tab| {
            let selected = memo(move || chosen.with(|c| c == tab.id));
            view! {
                <button
                    type="button"
                    role="tab"
                    class="tab"
                    id=format!("{base}-{}", tab.id)
                    aria-controls=format!("{base}-panel")
                    aria-selected=move || if selected.get() { "true" } else { "false" }
                    tabindex=move || if selected.get() { "0" } else { "-1" }
                    on:click=move |_| on_choose.run((tab.id,))
                >
                    {tab.label}
                    {counts.map(|counts| view! { <span class="tab-count">{move || counts.run((tab.id,))}</span> })}
                </button>
            }
        })
        .collect_view();
    let panel_id = format!("{base}-panel");
    let chosen_once = memo(move || chosen.get());
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=keys>
            {buttons}
        </div>
        <div class="tab-panel" id=panel_id role="tabpanel" aria-labelledby=move || format!("{base}-{}", chosen_once.get())>
            {move || panel.run((chosen_once.get(),))}
        </div>
    }
    .into_any()
}
