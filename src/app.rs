//! Says which address shows which page.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::shell::toasts::Toasts;

/// The whole app.
#[component]
pub(crate) fn App() -> AnyView {
    Toasts::provide();
    view! {
        <Router>
            <Routes fallback=|| "Not found">
                <Route path=path!("/") view=|| "" />
            </Routes>
        </Router>
    }
    .into_any()
}
