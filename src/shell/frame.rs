//! Puts rail, page and layers together, and moves focus and ears along when the address changes.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

use crate::widgets::menu::DrawPanel;

use super::Layers;
use super::keys::listen;
use super::overlays::menu_panel;
use super::rail::Rail;
use super::router::use_router;
use super::toasts::ToastRegion;

/// The frame around the routes.
#[component]
pub(crate) fn Frame(
    /// The routes.
    children: Children,
) -> AnyView {
    let layers = Layers {
        drawer: RwSignal::new(false),
        palette: RwSignal::new(false),
        help: RwSignal::new(false),
        arrived: RwSignal::new(0),
    };
    provide_context(layers);
    provide_context(DrawPanel(menu_panel));
    super::namespace::keep();
    listen(layers);
    let main = NodeRef::<html::Main>::new();
    let said = announce(main, layers.arrived);
    view! {
        <button type="button" class="button skip" on:click=move |_| focus_heading(main)>
            "Skip to the page"
        </button>
        <div class="frame">
            <Rail />
            <main class="main" node_ref=main inert=move || layers.drawer.get()>
                {children()}
            </main>
        </div>
        <p class="hear" aria-live="polite">
            {said}
        </p>
        {super::overlays::layers(layers)}
        <ToastRegion />
    }
    .into_any()
}

/// At each change of the path (not of the query), and when its page has arrived: focus to the heading, its text to the ear.
fn announce(main: NodeRef<html::Main>, arrived: RwSignal<u32>) -> RwSignal<String> {
    let said = RwSignal::new(String::new());
    let path = use_router().path();
    Effect::new(move |before: Option<(String, bool)>| {
        arrived.track();
        let now = path.get();
        // The very first page keeps the browser's own focus; so does "/" on its way to the list.
        let went = before.is_some_and(|(before, went)| went || (before != now && before != "/"));
        if went {
            request_animation_frame(move || {
                focus_heading(main);
                let words = heading(main).and_then(|h| h.text_content()).unwrap_or_default();
                said.try_set(words);
            });
        }
        (now, went)
    });
    said
}

fn heading(main: NodeRef<html::Main>) -> Option<HtmlElement> {
    let main = main.try_get_untracked().flatten()?;
    main.query_selector("h1").ok().flatten()?.dyn_into().ok()
}

fn focus_heading(main: NodeRef<html::Main>) {
    if let Some(heading) = heading(main) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        heading.focus_with_options(&options).ok();
    }
}
