//! Draws the states of a list or page that has no rows to show, in the place and size of what they replace.

use leptos::prelude::*;

use super::Act;
use super::button::Button;
use super::copy::CopyButton;
use super::icon::{Icon, icon};

/// Nothing here yet: one sentence what this is, and the button to begin.
#[component]
pub(crate) fn EmptyState(
    /// "No notebooks in research-vision yet".
    #[prop(into)]
    title: Signal<String>,
    /// One sentence.
    #[prop(into)]
    text: Signal<String>,
    /// The button to begin, and links to learn.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    plate("state state-empty", Icon::Notebook, title, text, children.map(|c| c()))
}

/// Rows exist but the filter hides them all.
#[component]
pub(crate) fn FilteredEmpty(
    /// "No notebook matches".
    #[prop(into)]
    title: Signal<String>,
    /// What is filtered by, in words.
    #[prop(into)]
    text: Signal<String>,
    /// Takes the filter away.
    #[prop(into)]
    on_clear: Act,
) -> AnyView {
    let button = view! { <Button label="Clear the filter" on_click=on_clear /> }.into_any();
    plate("state", Icon::Search, title, text, Some(button))
}

/// Something went wrong: what, why, what next, a retry, and details to copy.
#[component]
pub(crate) fn ErrorState(
    /// What happened.
    #[prop(into)]
    title: Signal<String>,
    /// Why, if known, and what to do next.
    #[prop(into)]
    text: Signal<String>,
    /// For whoever is asked for help: codes, the server's own words.
    #[prop(into, optional)]
    details: Signal<String>,
    /// Tries again; without it there is no such button.
    #[prop(into, optional)]
    on_retry: Option<Act>,
) -> AnyView {
    let retry = on_retry.map(|act| view! { <Button label="Try again" on_click=act icon=Icon::Retry /> });
    let more = move || {
        details.with(|d| !d.is_empty()).then(|| {
            view! {
                <details class="state-details">
                    <summary>"Details"</summary>
                    <pre>{details}</pre>
                    <CopyButton text=details label="Copy details" labelled=true />
                </details>
            }
        })
    };
    let children = view! {
        {retry}
        {more}
    }
    .into_any();
    view! { <div role="alert">{plate("state state-bad", Icon::Warning, title, text, Some(children))}</div> }.into_any()
}

/// The cluster refuses this to the person: which right is missing and who can give it.
#[component]
pub(crate) fn DeniedState(
    /// "You may not list notebooks in team-platform".
    #[prop(into)]
    title: Signal<String>,
    /// What to do about it.
    #[prop(into)]
    text: Signal<String>,
    /// The server's own words.
    #[prop(into, optional)]
    details: Signal<String>,
) -> AnyView {
    let details = view! { <p class="state-words">{details}</p> }.into_any();
    plate("state", Icon::Locked, title, text, Some(details))
}

/// A banner over content that is still shown but no longer new.
#[component]
pub(crate) fn Banner(
    /// What it says; hidden while empty.
    #[prop(into)]
    text: Signal<String>,
    /// A button at its end.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    view! {
        <div class="banner" role="status" hidden=move || text.with(String::is_empty)>
            {icon(Icon::Offline)} <span class="banner-text">{text}</span> {children.map(|c| c())}
        </div>
    }
    .into_any()
}

/// A weak red or amber note at the top of a page: what happened in bold, why, what to do.
#[component]
pub(crate) fn Note(
    /// What happened.
    #[prop(into)]
    title: Signal<String>,
    /// Why, and what to do.
    #[prop(into)]
    text: Signal<String>,
    /// Red instead of amber.
    #[prop(into)]
    bad: Signal<bool>,
    /// Up to two buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    view! {
        <div class="note" class:note-bad=bad>
            <p>
                <b>{title}</b>
                " "
                {text}
            </p>
            {children.map(|c| view! { <div class="note-buttons">{c()}</div> })}
        </div>
    }
    .into_any()
}

fn plate(
    class: &'static str,
    which: Icon,
    title: Signal<String>,
    text: Signal<String>,
    below: Option<AnyView>,
) -> AnyView {
    view! {
        <div class=class>
            {icon(which)} <h2 class="state-title">{title}</h2> <p class="state-text">{text}</p>
            <div class="state-below">{below}</div>
        </div>
    }
    .into_any()
}
