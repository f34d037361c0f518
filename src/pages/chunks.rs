//! Cuts the pages off that the first load does not need: `tidy` writes each into a chunk of Wasm of its own.
#![expect(
    unsafe_code,
    reason = "the attribute declares the loader of each chunk as a foreign function"
)]

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::shell::chunk::{Coming, Draw};

use super::notebooks::{NewPage, NotebookPage};

#[wasm_split(notebook, preload(fetch_notebook), fallible)]
fn notebook() -> Result<Draw, SplitLoaderError> {
    Ok(|| NotebookPage().into_any())
}

#[wasm_split(new_notebook, preload(fetch_new_notebook), fallible)]
fn new_notebook() -> Result<Draw, SplitLoaderError> {
    Ok(|| NewPage().into_any())
}

/// The page of one notebook.
pub(crate) fn notebook_page() -> Coming {
    Box::pin(notebook())
}

/// The form for a new notebook.
pub(crate) fn new_page() -> Coming {
    Box::pin(new_notebook())
}

/// Fetches all chunks, so that later clicks find them here. One that does not come is asked for again when needed.
pub(crate) async fn fetch_all() {
    fetch_notebook().await.ok();
    fetch_new_notebook().await.ok();
}
