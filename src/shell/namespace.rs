//! Says which namespace the page is about: the one in the URL, else the one remembered, else the person's own.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use leptos_router::{NavigateOptions, location::Location};

use flowdeck_objects::Namespace;
use flowdeck_view::query::encode;

use crate::live::use_live;

use super::storage;
use crate::widgets::reactive::{effect, memo};

const REMEMBERED: &str = "flowdeck.namespace";

/// The namespace that the page is about while the URL names none, in context.
#[derive(Clone, Copy)]
struct Fallback(RwSignal<String>);

/// The namespace of the page: query `ns`, else the last one used on this computer, else empty until one is known.
pub(crate) fn use_namespace() -> Signal<String> {
    let query = use_query_map();
    let fallback = use_context::<Fallback>();
    memo(move || {
        let named = query.read().get("ns").filter(|ns| !ns.is_empty());
        named.or_else(|| fallback.map(|f| f.0.get())).unwrap_or_default()
    })
    .into()
}

/// Keeps the URL and the memory in step: a page without `ns` gets one, a page with one is remembered.
pub(super) fn keep() {
    let fallback = RwSignal::new(storage::read(REMEMBERED).unwrap_or_default());
    provide_context(Fallback(fallback));
    let (live, location, go) = (use_live(), use_location(), use_navigate());
    let session = live.session();
    let query = use_query_map();
    effect(move || {
        let named = query.read().get("ns").filter(|ns| !ns.is_empty());
        if let Some(named) = named {
            storage::write(REMEMBERED, &named);
            fallback.set(named);
            return;
        }
        let chosen = fallback.get();
        if !chosen.is_empty() && location.pathname.with(|path| path.starts_with("/notebooks")) {
            let options = NavigateOptions {
                replace: true,
                scroll: false,
                ..Default::default()
            };
            go(&with_namespace(&location, &chosen), options);
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

/// The namespace to begin with: one that the person owns, else one that belongs to a Profile.
fn first_for<'a>(all: impl Iterator<Item = &'a Namespace>, user: &str) -> Option<String> {
    let mut owned: Vec<&Namespace> = all.filter(|ns| ns.owner().is_some()).collect();
    owned.sort_by_key(|ns| (ns.owner() != Some(user), ns.metadata.name.clone()));
    owned.first().map(|ns| ns.metadata.name.clone())
}

/// The address of the page with another namespace; the rest of its query stays.
fn with_namespace(location: &Location, namespace: &str) -> String {
    let mut url = location.pathname.get_untracked();
    url.push_str("?ns=");
    encode(namespace, &mut url);
    let rest = location.search.get_untracked();
    let rest = rest.trim_start_matches('?');
    if !rest.is_empty() {
        url.push('&');
        url.push_str(rest);
    }
    url
}

/// Where choosing a namespace leads from a page: to the same list there; from one object to its list.
pub(super) fn address_in(path: &str, namespace: &str) -> String {
    let mut url = String::from(if path == "/notebooks/new" { path } else { "/notebooks" });
    url.push_str("?ns=");
    encode(namespace, &mut url);
    url
}
