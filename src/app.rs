//! Says which address shows which page.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use crate::live::connection::Connection;
use crate::live::{Live, use_live};
use crate::pages::notebooks::{ListPage, chunks};
use crate::pages::sign_in::{sign_in_page, take_token};
use crate::shell::chunk::{ChunkLayer, ChunkPage, Load};
use crate::shell::frame::Frame;
use crate::shell::gate::{Gate, Stage};
use crate::shell::not_found::NotFound;
use crate::shell::overlays;
use crate::shell::router::{Route, Router, use_router};
use crate::shell::toasts::Toasts;
use crate::widgets::reactive::{effect, task_to_its_end};

/// How long after the first rows the rest is fetched: they are to be drawn first.
const AHEAD: Duration = Duration::from_millis(500);

/// The whole app: the stores, then either the sign-in page or the frame with its routes.
#[component]
pub(crate) fn App() -> AnyView {
    Live::provide();
    Toasts::provide();
    let token = RwSignal::new(take_token());
    let router = Router::provide(routes(token));
    fetch_ahead(use_live().connection());
    let stage = Gate::provide(token).stage();
    let shown = move || match stage.get() {
        Stage::Waiting => ().into_any(),
        Stage::SignIn => sign_in(token),
        Stage::Frame => {
            take_over();
            view! { <Frame>{router.page(|| NotFound().into_any())}</Frame> }.into_any()
        }
    };
    shown.into_any()
}

fn routes(token: RwSignal<Option<String>>) -> Vec<Route> {
    vec![
        Route::new("/", || {
            let router = use_router();
            effect(move || router.replace("/notebooks"));
            ().into_any()
        }),
        Route::new("/notebooks", || ListPage().into_any()),
        Route::new("/notebooks/new", || chunk(Arc::new(chunks::new_page))),
        Route::new("/notebooks/:name", || chunk(Arc::new(chunks::notebook_page))),
        Route::new("/sign-in", move || sign_in(token)),
    ]
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
            task_to_its_end(async {
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
