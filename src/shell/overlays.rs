//! Cuts the layers off that the frame opens only when asked: palette, keys, signing in again, menus.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::Layers;
use super::chunk::{ChunkLayer, Coming, Load};
use super::gate::{Gate, SignedOutDialog};
use super::keys::KeysDialog;
use super::palette::Palette;
use crate::widgets::menu::Opened;
use crate::widgets::menu::panel::MenuPanel;

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

#[wasm_split(frame, fallible)]
fn draw_menu_panel() -> Result<fn(Opened, Signal<String>) -> AnyView, SplitLoaderError> {
    Ok(|open, label| view! { <MenuPanel open=open label=label /> }.into_any())
}

/// The panel of a menu.
pub(super) fn menu_panel(open: Opened, label: Signal<String>) -> AnyView {
    let load: Load = Arc::new(move || {
        Box::pin(async move {
            let draw = draw_menu_panel().await?;
            Ok(Arc::new(move || draw(open, label)) as _)
        })
    });
    view! { <ChunkLayer wanted=Signal::derive(move || open.with(Option::is_some)) load=load /> }.into_any()
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
