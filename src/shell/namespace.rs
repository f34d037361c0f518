//! Says which namespace the page is about: the one in the URL, else the one remembered.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Key in localStorage.
const REMEMBERED: &str = "flowdeck.namespace";

/// The namespace of the page: query `ns`, else the last one used on this computer, else empty.
pub(crate) fn use_namespace() -> Signal<String> {
    let query = use_query_map();
    Memo::new(move |_| {
        query
            .read()
            .get("ns")
            .filter(|ns| !ns.is_empty())
            .or_else(remembered)
            .unwrap_or_default()
    })
    .into()
}

/// The last namespace used on this computer.
pub(crate) fn remembered() -> Option<String> {
    storage()?
        .get_item(REMEMBERED)
        .ok()
        .flatten()
        .filter(|ns| !ns.is_empty())
}

/// Remembers a namespace for the next visit.
pub(crate) fn remember(namespace: &str) {
    if let Some(storage) = storage() {
        storage.set_item(REMEMBERED, namespace).ok();
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
