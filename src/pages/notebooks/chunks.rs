//! Cuts off what the list does not need at first: `tidy` writes it into a chunk of Wasm of its own.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::create::NewPage;
use super::delete::{DeleteDialog, Question};
use super::one::NotebookPage;
use crate::shell::chunk::{ChunkLayer, Coming, Load};

#[wasm_split(notebooks, preload(fetch_notebooks), fallible)]
fn draw_notebook() -> Result<fn() -> AnyView, SplitLoaderError> {
    Ok(|| NotebookPage().into_any())
}

#[wasm_split(notebooks, fallible)]
fn draw_new_notebook() -> Result<fn() -> AnyView, SplitLoaderError> {
    Ok(|| NewPage().into_any())
}

#[wasm_split(notebooks, fallible)]
fn draw_delete() -> Result<fn(Question) -> AnyView, SplitLoaderError> {
    Ok(|question| view! { <DeleteDialog question=question /> }.into_any())
}

/// The page of one notebook.
pub(crate) fn notebook_page() -> Coming {
    Box::pin(async { Ok(Arc::new(draw_notebook().await?) as _) })
}

/// The form for a new notebook.
pub(crate) fn new_page() -> Coming {
    Box::pin(async { Ok(Arc::new(draw_new_notebook().await?) as _) })
}

/// The question before a notebook is deleted.
pub(super) fn delete_dialog(question: Question) -> AnyView {
    let ask = question.ask;
    let load: Load = Arc::new(move || {
        Box::pin(async move {
            let draw = draw_delete().await?;
            Ok(Arc::new(move || draw(question)) as _)
        })
    });
    view! { <ChunkLayer wanted=Signal::derive(move || ask.with(Option::is_some)) load=load /> }.into_any()
}

/// Fetches all of it ahead of time, so that later clicks find them here. What does not come is asked for again when needed.
pub(crate) async fn fetch() {
    fetch_notebooks().await.ok();
}
