//! Draws the navigation: only what exists, with the number of what is there.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use flowdeck_view::query::encode;

use crate::live::use_live;
use crate::widgets::icon::{Icon, icon, mark};

use super::Layers;
use super::namespace::use_namespace;
use super::person::Person;
use super::picker::Picker;
use super::router::use_router;
use crate::widgets::reactive::{effect, memo};

/// The rail: brand, namespace, areas, person. A drawer on a narrow screen.
#[component]
pub(super) fn Rail() -> AnyView {
    let layers = expect_context::<Layers>();
    let namespace = use_namespace();
    let path = use_router().path();
    let href = move || {
        let mut url = String::from("/notebooks?ns=");
        namespace.with(|ns| encode(ns, &mut url));
        url
    };
    let current = move || path.with(|p| p.starts_with("/notebooks")).then_some("page");
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && layers.drawer.get_untracked() {
            layers.drawer.set(false);
        }
    };
    let rail = NodeRef::<html::Nav>::new();
    // The page behind an open drawer is inert; the focus goes in, and back to the button that opened it.
    Effect::new(move |was_open: Option<bool>| {
        let open = layers.drawer.get();
        if was_open.is_some_and(|was| was != open) {
            let selector = if open {
                ".picker-button"
            } else {
                ".drawer-button button"
            };
            request_animation_frame(move || focus_first(rail, selector));
        }
        open
    });
    // Going somewhere closes the drawer.
    effect(move || {
        path.track();
        namespace.track();
        if layers.drawer.get_untracked() {
            layers.drawer.set(false);
        }
    });
    view! {
        <nav node_ref=rail class="rail" class:is-drawer=layers.drawer aria-label="Flowdeck" on:keydown=keys>
            <a class="brand" href=href aria-label="Flowdeck">
                {mark()}
                <span class="wide">"Flowdeck"</span>
            </a>
            <Picker />
            <div class="rail-nav">
                <p class="rail-group">"Build"</p>
                <a class="rail-item" href=href aria-current=current>
                    {icon(Icon::Notebook)}
                    <span class="rail-label wide">"Notebooks"</span>
                    {move || count(namespace.get())}
                </a>
            </div>
            <div class="rail-foot">
                <Person />
            </div>
        </nav>
        <div class="veil" class:is-open=layers.drawer on:click=move |_| layers.drawer.set(false)></div>
    }
    .into_any()
}

/// Focuses the first of what the selector names, in the rail or else in the page beside it.
fn focus_first(rail: NodeRef<html::Nav>, selector: &str) {
    let frame = rail
        .try_get_untracked()
        .flatten()
        .and_then(|rail| rail.parent_element());
    let found = frame.and_then(|frame| frame.query_selector(selector).ok().flatten());
    if let Some(element) = found.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        element.focus().ok();
    }
}

/// How many notebooks the namespace has, from the live store. The reactive scope around it lets the lease go.
fn count(namespace: String) -> Option<AnyView> {
    if namespace.is_empty() {
        return None;
    }
    let lease = use_live().notebooks(&namespace);
    let number = memo(move || lease.with(|rows| rows.len()));
    let words = move || (number.get() > 0).then(|| number.get().to_string());
    Some(view! { <span class="rail-count wide">{words}</span> }.into_any())
}
