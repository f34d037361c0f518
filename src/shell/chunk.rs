//! Shows what comes in a chunk of Wasm of its own: a page when somebody goes there, a layer when it is first opened.

use std::pin::Pin;
use std::sync::Arc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_split_helpers::SplitLoaderError;

use crate::widgets::reactive::{effect, task_to_its_end};
use crate::widgets::skeleton::Skeleton;
use crate::widgets::states::ErrorState;

use super::Layers;
use super::page::Page;
use super::toasts::{Toast, use_toasts};

/// What a chunk gives when it is there: the function that draws.
pub(crate) type Draw = Arc<dyn Fn() -> AnyView + Send + Sync>;
/// A chunk on its way.
pub(crate) type Coming = Pin<Box<dyn Future<Output = Result<Draw, SplitLoaderError>>>>;
/// Sends for a chunk; it is there at once when it was fetched before.
pub(crate) type Load = Arc<dyn Fn() -> Coming + Send + Sync>;

/// How long to wait before a layer that did not come is asked for again, in ms.
const AGAIN_MS: u32 = 3_000;

/// The page that `load` brings; until it is there a skeleton, and if it can't be had a way to try again.
#[component]
pub(crate) fn ChunkPage(
    /// Sends for it.
    load: Load,
) -> AnyView {
    let drawn = RwSignal::new(None::<Result<Draw, Arc<str>>>);
    let arrived = use_context::<Layers>().map(|layers| layers.arrived);
    let fetch = move || {
        let coming = load();
        task_to_its_end(async move {
            let page = coming.await.map_err(|why| why.to_string().into());
            // Whoever went elsewhere in the meantime has taken the signal along.
            if drawn.try_set(Some(page)).is_none()
                && let Some(arrived) = arrived
            {
                arrived.try_update(|count| *count += 1);
            }
        });
    };
    fetch();
    let shown = move || match drawn.get() {
        Some(Ok(draw)) => draw(),
        Some(Err(why)) => failed(why, fetch.clone()),
        None => view! { <Page title="Loading"><Skeleton lines=8 label="Loading the page" /></Page> }.into_any(),
    };
    shown.into_any()
}

fn failed(why: Arc<str>, fetch: impl Fn() + Send + Sync + 'static) -> AnyView {
    view! {
        <Page title="Not loaded">
            <ErrorState
                title="This page could not be fetched"
                text="The connection broke, or Flowdeck was updated since you opened it. Try again; if that does not help, reload."
                details=why.to_string()
                on_retry=fetch
            />
        </Page>
    }
    .into_any()
}

/// A layer over the page, fetched when it is first wanted. It sees by itself when it is to open.
#[component]
pub(crate) fn ChunkLayer(
    /// Whether it is to be open.
    #[prop(into)]
    wanted: Signal<bool>,
    /// Sends for it.
    load: Load,
) -> AnyView {
    let drawn = RwSignal::new(None::<Draw>);
    let is_wanted = Memo::new(move |_| wanted.get());
    let toasts = use_toasts();
    effect(move || {
        if !is_wanted.get() || drawn.with_untracked(Option::is_some) {
            return;
        }
        let load = load.clone();
        task_to_its_end(async move {
            let mut told = false;
            while is_wanted.try_get_untracked() == Some(true) {
                if let Ok(draw) = load().await {
                    drawn.try_set(Some(draw));
                    return;
                }
                if !told {
                    toasts.push(Toast::failed(
                        "This part of Flowdeck could not be fetched yet: it opens when the connection is back",
                    ));
                    told = true;
                }
                TimeoutFuture::new(AGAIN_MS).await;
            }
        });
    });
    (move || drawn.get().map(|draw| draw())).into_any()
}
