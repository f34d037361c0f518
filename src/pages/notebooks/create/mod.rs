//! Asks for what a new notebook needs, checks it as one types, and creates it.

use leptos::prelude::*;

/// A new notebook: `/notebooks/new`.
#[component]
pub(crate) fn NewPage() -> AnyView {
    ().into_any()
}
