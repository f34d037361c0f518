//! Shows notebooks: the list of a namespace, one notebook, and the form for a new one.
//!
//! Never asks for a row by itself: everything comes from the shared stores of `live`.

use leptos::prelude::*;

/// The list: `/notebooks`.
#[component]
pub(crate) fn ListPage() -> AnyView {
    ().into_any()
}

/// One notebook: `/notebooks/:name`.
#[component]
pub(crate) fn NotebookPage() -> AnyView {
    ().into_any()
}

/// A new notebook: `/notebooks/new`.
#[component]
pub(crate) fn NewPage() -> AnyView {
    ().into_any()
}
