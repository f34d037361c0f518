//! Shows how much of a limit is used.

use leptos::prelude::*;

/// "CPU 24.5 of 32" with a bar. The bar turns amber from 90 %, red at the limit.
#[component]
pub(crate) fn Meter(
    /// What is measured: "CPU".
    #[prop(into)]
    label: Signal<String>,
    /// Used, in words.
    #[prop(into)]
    used: Signal<String>,
    /// The limit, in words.
    #[prop(into)]
    limit: Signal<String>,
    /// Used part, 0 to 1.
    #[prop(into)]
    share: Signal<f64>,
) -> AnyView {
    let percent = move || (share.get().clamp(0.0, 1.0) * 100.0).round() as u8;
    let near = move || share.get() >= 0.9;
    let full = move || share.get() >= 1.0;
    view! {
        <span class="meter" class:is-near=near class:is-full=full>
            <span class="meter-text">{label} " " <b>{used}</b> " of " {limit}</span>
            <span class="meter-bar" aria-hidden="true">
                <span class="meter-used" style:width=move || format!("{}%", percent())></span>
            </span>
        </span>
    }
    .into_any()
}
