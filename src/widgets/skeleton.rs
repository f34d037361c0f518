//! Holds the place of what is still on its way, in the size it will have.

use leptos::prelude::*;

/// A few bars of a line's height. Shown at once but visible only after 150 ms (CSS), so that quick answers do not flash.
#[component]
pub(crate) fn Skeleton(
    /// How many lines.
    lines: usize,
    /// What is loading, for the ear: "Loading notebooks".
    #[prop(into)]
    label: String,
) -> AnyView {
    let bars = (0..lines)
        .map(|line| view! { <span class=format!("bone bone-{}", line % 4)></span> })
        .collect_view();
    view! {
        <div class="skeleton" role="status">
            <span class="hear">{label}</span>
            {bars}
        </div>
    }
    .into_any()
}
