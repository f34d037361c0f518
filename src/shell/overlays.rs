//! Cuts the layers off that the frame opens only when asked: palette, keys, signing in again.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::Layers;
use super::chunk::{ChunkLayer, Coming, Load};
use super::gate::{Gate, SignedOutDialog};
use super::keys::KeysDialog;
use super::palette::Palette;

#[wasm_split(frame, preload(fetch_frame), fallible)]
fn draw_overlays() -> Result<fn() -> AnyView, SplitLoaderError> {
    Ok(|| {
        view! {
            <Palette />
            <KeysDialog />
            <SignedOutDialog />
        }
        .into_any()
    })
}

fn overlays() -> Coming {
    Box::pin(async { Ok(Arc::new(draw_overlays().await?) as _) })
}

/// Fetches them ahead of time. What does not come is asked for again when it is opened.
pub(crate) async fn fetch() {
    fetch_frame().await.ok();
}

/// The layers, fetched when the first of them is to open.
pub(super) fn layers(layers: Layers) -> AnyView {
    let gate = expect_context::<Gate>();
    let wanted = Signal::derive(move || layers.palette.get() || layers.help.get() || gate.is_cut_off());
    let load: Load = Arc::new(overlays);
    view! { <ChunkLayer wanted=wanted load=load /> }.into_any()
}
