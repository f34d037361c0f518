//! Leads out of the app: the only way to link to what the router must not catch.

use leptos::prelude::*;

use super::button::Kind;
use super::icon::{Icon, icon};
use crate::widgets::reactive::memo;

/// A link to another application behind the same gateway, or elsewhere. Opens in a new tab.
///
/// `rel="external"` keeps the router away from it, `noopener` keeps the other page away from ours.
/// An address with a scheme other than http and https is shown as text.
#[component]
pub(crate) fn ExternalLink(
    /// Where to.
    #[prop(into)]
    href: Signal<String>,
    /// The words of the link.
    #[prop(into)]
    label: Signal<String>,
    /// Looks like a button of this kind instead of a link.
    #[prop(optional, into)]
    button: Option<Kind>,
    /// 26 px instead of 30, for a button.
    #[prop(optional)]
    small: bool,
) -> AnyView {
    let safe = memo(move || href.with(|href| is_safe(href)));
    let class = button.map_or("link", Kind::class);
    view! {
        <a
            class=class
            class:button-small=small
            href=move || safe.get().then(|| href.get())
            target="_blank"
            rel="external noopener"
        >
            <span>{label}</span>
            {button.is_none().then(|| icon(Icon::Leave))}
        </a>
    }
    .into_any()
}

/// Whether an address from cluster data may become a link: a path of ours, or http(s).
pub(crate) fn is_safe(href: &str) -> bool {
    (href.starts_with('/') && !href.starts_with("//")) || href.starts_with("https://") || href.starts_with("http://")
}
