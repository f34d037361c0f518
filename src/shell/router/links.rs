//! Follows links to pages of the app without loading a new document.
//!
//! All else is the browser's: other buttons and keys, `target`, `download`, `rel="external"`, other origins, and
//! addresses that are no route of ours (`/tensorboard/…` is another application behind the same gateway).

use flowdeck_view::address::Address;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement};

use super::Router;

/// Listens for as long as the app lives.
pub(super) fn follow(router: Router) {
    window_event_listener(ev::click, move |event| {
        if event.default_prevented()
            || event.button() != 0
            || event.meta_key()
            || event.ctrl_key()
            || event.shift_key()
            || event.alt_key()
        {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
        let Some(url) = link.and_then(|link| url_of(link.unchecked_ref())) else {
            return;
        };
        if router.knows(&Address::parse(&url)) {
            event.prevent_default();
            router.push(&url);
        }
    });
}

/// Path and query of a link that stays on this origin and in this tab.
fn url_of(link: &HtmlAnchorElement) -> Option<String> {
    let external = link.rel().split_ascii_whitespace().any(|word| word == "external");
    let elsewhere = !link.target().is_empty() || external || link.has_attribute("download");
    let ours = window().location().origin().is_ok_and(|origin| origin == link.origin());
    (ours && !elsewhere).then(|| [link.pathname(), link.search()].concat())
}
