//! Says which address shows which page.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::path;

use crate::live::connection::Connection;
use crate::live::{Live, use_live};
use crate::pages::notebooks::{ListPage, chunks};
use crate::pages::sign_in::{sign_in_page, take_token};
use crate::shell::chunk::{ChunkLayer, ChunkPage, Load};
use crate::shell::frame::Frame;
use crate::shell::gate::{Gate, Stage};
use crate::shell::not_found::NotFound;
use crate::shell::overlays;
use crate::shell::page::Page;
use crate::shell::toasts::Toasts;
use crate::widgets::reactive::effect;
use crate::widgets::states::ErrorState;

/// How long after the first rows the rest is fetched: they are to be drawn first.
const AHEAD: Duration = Duration::from_millis(500);

/// The whole app: the stores, then either the sign-in page or the frame with its routes.
#[component]
pub(crate) fn App() -> AnyView {
    Live::provide();
    Toasts::provide();
    let token = RwSignal::new(take_token());
    fetch_ahead(use_live().connection());
    let stage = Gate::provide(token).stage();
    let shown = move || match stage.get() {
        Stage::Waiting => ().into_any(),
        Stage::SignIn => sign_in(token),
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

/// Until the sign-in page is here, the frame of index.html stays.
fn sign_in(token: RwSignal<Option<String>>) -> AnyView {
    let load: Load = Arc::new(move || {
        Box::pin(async move {
            let draw = sign_in_page(token).await?;
            let draw = move || {
                take_over();
                draw()
            };
            Ok(Arc::new(draw) as _)
        })
    });
    view! { <ChunkLayer wanted=true load=load /> }.into_any()
}

fn chunk(load: Load) -> AnyView {
    view! { <ChunkPage load=load /> }.into_any()
}

/// Fetches what the first page does not need once that page is live, so that nobody waits for it later.
fn fetch_ahead(connection: Signal<Connection>) {
    let begun = StoredValue::new(false);
    let begin = move || {
        // Where the connection went meanwhile, it is done when that is back.
        if connection.get_untracked() == Connection::Live && !begun.get_value() {
            begun.set_value(true);
            spawn_local_scoped(async {
                overlays::fetch().await;
                chunks::fetch().await;
            });
        }
    };
    effect(move || {
        if connection.get() == Connection::Live && !begun.get_value() {
            set_timeout(begin, AHEAD);
        }
    });
}

fn routes(token: RwSignal<Option<String>>) -> AnyView {
    view! {
        <ErrorBoundary fallback=|errors| broken(errors)>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=|| view! { <Redirect path="/notebooks" /> } />
                <Route path=path!("/notebooks") view=ListPage />
                <Route path=path!("/notebooks/new") view=|| chunk(Arc::new(chunks::new_page)) />
                <Route path=path!("/notebooks/:name") view=|| chunk(Arc::new(chunks::notebook_page)) />
                <Route path=path!("/sign-in") view=move || sign_in(token) />
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
