//! Says that an address shows nothing, and where to go on.

use leptos::prelude::*;

use crate::widgets::states::EmptyState;

use super::page::Page;
use super::router::use_router;

/// The page for every address that is no page.
#[component]
pub(crate) fn NotFound() -> AnyView {
    let path = use_router().path();
    let text = Signal::derive(move || {
        format!(
            "Flowdeck has no page at {}. The link may be old or mistyped.",
            path.get()
        )
    });
    view! {
        <Page title="No such page">
            <EmptyState title="There is nothing at this address" text=text>
                <a class="button button-primary" href="/notebooks">
                    "Go to notebooks"
                </a>
            </EmptyState>
        </Page>
    }
    .into_any()
}
