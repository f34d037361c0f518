//! Says which address shows which page.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::path;

use crate::live::Live;
use crate::pages::chunks;
use crate::pages::notebooks::ListPage;
use crate::pages::sign_in::{SignInPage, take_token};
use crate::shell::chunk::Chunk;
use crate::shell::frame::Frame;
use crate::shell::gate::{Gate, Stage};
use crate::shell::not_found::NotFound;
use crate::shell::page::Page;
use crate::shell::toasts::Toasts;
use crate::widgets::states::ErrorState;

/// The whole app: the stores, then either the sign-in page or the frame with its routes.
#[component]
pub(crate) fn App() -> AnyView {
    Live::provide();
    Toasts::provide();
    let token = RwSignal::new(take_token());
    let stage = Gate::provide(token).stage();
    let shown = move || match stage.get() {
        Stage::Waiting => ().into_any(),
        Stage::SignIn => {
            take_over();
            view! { <SignInPage token=token /> }.into_any()
        }
        Stage::Frame => {
            take_over();
            view! { <Frame>{routes(token)}</Frame> }.into_any()
        }
    };
    view! { <Router>{shown}</Router> }.into_any()
}

/// In the frame in which the app draws itself, the frame of index.html goes.
fn take_over() {
    if let Some(placeholder) = document().get_element_by_id("placeholder") {
        placeholder.remove();
    }
}

fn routes(token: RwSignal<Option<String>>) -> AnyView {
    view! {
        <ErrorBoundary fallback=|errors| broken(errors)>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=|| view! { <Redirect path="/notebooks" /> } />
                <Route path=path!("/notebooks") view=ListPage />
                <Route path=path!("/notebooks/new") view=|| view! { <Chunk load=chunks::new_page /> } />
                <Route path=path!("/notebooks/:name") view=|| view! { <Chunk load=chunks::notebook_page /> } />
                <Route path=path!("/sign-in") view=move || view! { <SignInPage token=token /> } />
            </FlatRoutes>
        </ErrorBoundary>
    }
    .into_any()
}

/// A page that could not be drawn: the frame lives, the page says so.
fn broken(errors: ArcRwSignal<Errors>) -> AnyView {
    let details = Signal::derive(move || {
        errors
            .read()
            .iter()
            .map(|(_, error)| error.to_string())
            .collect::<Vec<_>>()
            .join("\n")
    });
    view! {
        <Page title="Something went wrong">
            <ErrorState
                title="This page could not be shown"
                text="A mistake in Flowdeck itself. Reload; if it happens again, send the details to whoever runs Flowdeck for you."
                details=details
            />
        </Page>
    }
    .into_any()
}
