//! Draws the navigation: only what exists, with the number of what is there.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use flowdeck_view::query::encode;

use crate::live::use_live;
use crate::widgets::icon::{Icon, icon, mark};

use super::Layers;
use super::namespace::use_namespace;
use super::person::Person;
use super::picker::Picker;

/// The rail: brand, namespace, areas, person. A drawer on a narrow screen.
#[component]
pub(super) fn Rail() -> AnyView {
    let layers = expect_context::<Layers>();
    let namespace = use_namespace();
    let path = use_location().pathname;
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
    // Going somewhere closes the drawer.
    Effect::new(move |_| {
        path.track();
        namespace.track();
        layers.drawer.set(false);
    });
    view! {
        <div class="rail" class:is-drawer=layers.drawer on:keydown=keys>
            <a class="brand" href=href aria-label="Flowdeck">
                {mark()}
                <span class="wide">"Flowdeck"</span>
            </a>
            <Picker />
            <nav class="rail-nav" aria-label="Areas">
                <p class="rail-group">"Build"</p>
                <a class="rail-item" href=href aria-current=current>
                    {icon(Icon::Notebook)}
                    <span class="rail-label wide">"Notebooks"</span>
                    {move || count(namespace.get())}
                </a>
            </nav>
            <div class="rail-foot">
                <Person />
            </div>
        </div>
        <div class="veil" class:is-open=layers.drawer on:click=move |_| layers.drawer.set(false)></div>
    }
    .into_any()
}

/// How many notebooks the namespace has, from the live store. The reactive scope around it lets the lease go.
fn count(namespace: String) -> Option<AnyView> {
    if namespace.is_empty() {
        return None;
    }
    let lease = use_live().notebooks(&namespace);
    let number = Memo::new(move |_| lease.with(|rows| rows.len()));
    let words = move || (number.get() > 0).then(|| number.get().to_string());
    Some(view! { <span class="rail-count wide">{words}</span> }.into_any())
}
