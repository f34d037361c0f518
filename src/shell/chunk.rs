//! Shows a page whose code comes in a chunk of Wasm of its own, when somebody goes there.

use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_split_helpers::SplitLoaderError;

use crate::widgets::skeleton::Skeleton;
use crate::widgets::states::ErrorState;

use super::page::Page;

/// What a chunk gives when it is there: the function that draws.
pub(crate) type Draw = fn() -> AnyView;
/// A chunk on its way.
pub(crate) type Coming = Pin<Box<dyn Future<Output = Result<Draw, SplitLoaderError>>>>;

/// The page that `load` brings; until it is there a skeleton, and if it can't be had a way to try again.
#[component]
pub(crate) fn Chunk(
    /// Fetches the chunk; at once when it was fetched before.
    load: fn() -> Coming,
) -> AnyView {
    let draw = RwSignal::new(None::<Result<Draw, Arc<str>>>);
    let fetch = move || {
        spawn_local(async move {
            let came = load().await.map_err(|why| why.to_string().into());
            // Whoever went elsewhere in the meantime has taken the signal along.
            draw.try_set(Some(came));
        });
    };
    fetch();
    let shown = move || match draw.get() {
        Some(Ok(draw)) => draw(),
        Some(Err(why)) => failed(why, fetch),
        None => view! { <Page title="Loading"><Skeleton lines=8 label="Loading the page" /></Page> }.into_any(),
    };
    shown.into_any()
}

fn failed(why: Arc<str>, fetch: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
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
