//! Shows one notebook.

use leptos::prelude::*;

/// One notebook: `/notebooks/:name`.
#[component]
pub(crate) fn NotebookPage() -> AnyView {
    ().into_any()
}
