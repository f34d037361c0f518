//! Shows its children while something holds.

use leptos::prelude::*;

use super::reactive::memo;

/// Leptos' `Show`, compiled once instead of once a condition.
#[component]
pub(crate) fn Show(
    /// Whether the children are shown; they are drawn anew each time it begins to hold.
    #[prop(into)]
    when: Signal<bool>,
    /// What is shown.
    children: ChildrenFn,
    /// What is shown otherwise.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> AnyView {
    let when = memo(move || when.get());
    let shown = move || if when.get() { children() } else { fallback.run() };
    shown.into_any()
}
