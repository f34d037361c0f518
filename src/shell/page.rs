//! Gives a page its title, its actions in the top bar, and its room.

use leptos::prelude::*;

use crate::widgets::button::{Button, Kind};
use crate::widgets::icon::{Icon, icon};

use super::Layers;
use super::connection::{ConnectionChip, StaleBanner};
use super::namespace::use_namespace;
use crate::widgets::reactive::effect;

/// A page. Sets the document's title; the heading gets the focus when the route changes.
#[component]
pub(crate) fn Page(
    /// "Notebooks", or the object's name.
    #[prop(into)]
    title: Signal<String>,
    /// Where it belongs, before the title: ("Notebooks", "/notebooks?ns=research-vision").
    #[prop(into, optional)]
    parent: Signal<Option<(String, String)>>,
    /// The page's buttons, at the right of the top bar; at most one is `Primary`.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
    /// The content.
    children: Children,
) -> AnyView {
    let namespace = use_namespace();
    effect(move || {
        let place = [title.get(), namespace.get(), "Flowdeck".to_owned()];
        document().set_title(
            &place
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
        );
    });
    view! {
        <header class="top">
            {drawer_button()} <div class="top-where">
                {move || parent.get().map(crumb)} <h1 class="top-title" tabindex="-1">
                    {title}
                </h1>
                {move || parent.with(Option::is_none).then(|| view! { <span class="top-namespace">{namespace}</span> })}
                <ConnectionChip />
            </div>
            <div class="top-end">{command_button()} {actions.map(|a| a.run())}</div>
        </header>
        <StaleBanner />
        <div class="page" data-scroll>{children()}</div>
    }
    .into_any()
}

fn crumb((label, href): (String, String)) -> AnyView {
    view! {
        <a class="crumb" href=href>
            {icon(Icon::Into)}
            <span class="crumb-label">{label}</span>
        </a>
        <span class="top-slash" aria-hidden="true">
            "/"
        </span>
    }
    .into_any()
}

/// Opens the navigation where there is no room for it.
fn drawer_button() -> Option<AnyView> {
    let layers = use_context::<Layers>()?;
    let open = move || layers.drawer.set(true);
    let button = view! {
        <span class="drawer-button">
            <Button label="Open the navigation" kind=Kind::Quiet icon=Icon::Rail icon_only=true on_click=open />
        </span>
    };
    Some(button.into_any())
}

/// Opens the palette; looks like the field that it becomes.
fn command_button() -> Option<AnyView> {
    let layers = use_context::<Layers>()?;
    let button = view! {
        <button
            type="button"
            class="command"
            aria-label="Search or run a command"
            aria-keyshortcuts="Control+K Meta+K"
            on:click=move |_| layers.palette.set(true)
        >
            {icon(Icon::Search)}
            <span class="wide">"Search or run a command"</span>
            <kbd class="key wide" data-letter="Ctrl K"></kbd>
        </button>
    };
    Some(button.into_any())
}
