//! Says which namespace the page is about: the one in the URL, else the one remembered, else the person's own.

use leptos::prelude::*;

use flowdeck_objects::Namespace;
use flowdeck_view::query::{self, encode};

use crate::live::use_live;

use super::router::use_router;
use super::storage;
use crate::widgets::reactive::{effect, memo};

const REMEMBERED: &str = "flowdeck.namespace";

/// The namespace that the page is about while the URL names none, in context.
#[derive(Clone, Copy)]
struct Fallback(RwSignal<String>);

/// The namespace of the page: query `ns`, else the last one used on this computer, else empty until one is known.
pub(crate) fn use_namespace() -> Signal<String> {
    let named = use_router().query(named);
    let fallback = use_context::<Fallback>();
    memo(move || {
        let named = named.get().or_else(|| fallback.map(|f| f.0.get()));
        named.unwrap_or_default()
    })
    .into()
}

/// Keeps the URL and the memory in step: a page without `ns` gets one, a page with one is remembered.
pub(super) fn keep() {
    let fallback = RwSignal::new(storage::read(REMEMBERED).unwrap_or_default());
    provide_context(Fallback(fallback));
    let (live, router) = (use_live(), use_router());
    let session = live.session();
    let (named, path) = (router.query(named), router.path());
    effect(move || {
        if let Some(named) = named.get() {
            storage::write(REMEMBERED, &named);
            fallback.set(named);
            return;
        }
        let chosen = fallback.get();
        if !chosen.is_empty() && path.with(|path| path.starts_with("/notebooks")) {
            router.replace(&router.with("ns", &chosen));
        }
    });
    // The first visit on this computer: the person's own namespace.
    effect(move || {
        if fallback.with(String::is_empty) && session.with(Option::is_some) {
            let lease = live.namespaces();
            let user = session.with(|s| s.as_ref().map(|s| s.user.clone()).unwrap_or_default());
            if let Some(first) = lease.with(|rows| first_for(rows.iter(), &user)) {
                fallback.set(first);
            }
            on_cleanup(move || drop(lease));
        }
    });
}

/// The namespace that a URL names.
fn named(get: query::Get<'_>) -> Option<String> {
    get("ns").filter(|ns| !ns.is_empty())
}

/// The namespace to begin with: one that the person owns, else one that belongs to a Profile.
fn first_for<'a>(all: impl Iterator<Item = &'a Namespace>, user: &str) -> Option<String> {
    let owned = all.filter(|ns| ns.owner().is_some());
    let first = owned.min_by_key(|ns| (ns.owner() != Some(user), &ns.metadata.name));
    first.map(|ns| ns.metadata.name.clone())
}

/// Where choosing a namespace leads from a page: to the same list there; from one object to its list.
pub(super) fn address_in(path: &str, namespace: &str) -> String {
    let mut url = String::from(if path == "/notebooks/new" { path } else { "/notebooks" });
    url.push_str("?ns=");
    encode(namespace, &mut url);
    url
}
