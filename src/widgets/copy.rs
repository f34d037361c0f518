//! Copies a text to the clipboard and says so.

use leptos::prelude::*;

use super::button::{Button, Kind};
use super::icon::Icon;
use crate::widgets::reactive::task;

/// A quiet button that copies what `text` is at the time of the click.
#[component]
pub(crate) fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What is copied, in words: "Copy name".
    #[prop(into)]
    label: String,
    /// Shows the label beside the icon.
    #[prop(optional)]
    labelled: bool,
) -> AnyView {
    let copied = RwSignal::new(false);
    let copy = move || {
        let Some(window) = web_sys::window() else {
            return;
        };
        let promise = window.navigator().clipboard().write_text(&text.get_untracked());
        task(async move {
            if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
                copied.try_set(true);
                gloo_timers::future::TimeoutFuture::new(1_500).await;
                copied.try_set(false);
            }
        });
    };
    let shown = Signal::derive(move || {
        if copied.get() {
            "Copied".to_owned()
        } else {
            label.clone()
        }
    });
    view! {
        <span class="copy" class:is-copied=copied>
            <Button label=shown on_click=copy kind=Kind::Quiet small=true icon=Icon::Copy icon_only=!labelled />
            <span class="hear" role="status">
                {move || copied.get().then_some("Copied")}
            </span>
        </span>
    }
    .into_any()
}
