//! Frames every page: navigation, namespace, connection, theme, toasts, sign-in again, commands.
//!
//! Never: what only one area knows. A page puts its title, its buttons and its content into `page::Page`.

pub(crate) mod chunk;
pub(crate) mod connection;
pub(crate) mod frame;
pub(crate) mod gate;
mod keys;
pub(crate) mod namespace;
pub(crate) mod not_found;
pub(crate) mod overlays;
pub(crate) mod page;
mod palette;
mod person;
mod picker;
mod rail;
pub(crate) mod router;
pub(crate) mod sign_in_form;
mod storage;
mod theme;
pub(crate) mod toasts;

use leptos::prelude::*;

/// What is open over the page. Made once by the frame, in context for its parts.
#[derive(Clone, Copy)]
struct Layers {
    /// The navigation as a drawer, on a narrow screen.
    drawer: RwSignal<bool>,
    /// The command palette.
    palette: RwSignal<bool>,
    /// The list of keys.
    help: RwSignal<bool>,
    /// Raised when a page is drawn that had to be fetched first.
    arrived: RwSignal<u32>,
}
