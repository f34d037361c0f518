//! Knows where the page is, goes elsewhere, and draws the page of the route that fits.
//!
//! Never: what an address means; a page reads its own query with a struct of `flowdeck_view::query`.

mod links;
mod scroll;

use flowdeck_view::address::Address;
use flowdeck_view::query;
use leptos::ev;
use leptos::prelude::*;
use leptos::reactive::graph::untrack;
use wasm_bindgen::JsValue;

use crate::live::tell::tell;
use crate::widgets::reactive::memo;

/// An address pattern ("/notebooks/:name") and the page that it shows.
pub(crate) struct Route {
    pattern: &'static str,
    draw: Box<dyn Fn() -> AnyView + Send + Sync>,
}

impl Route {
    /// A route; where several fit, the first one counts.
    pub(crate) fn new(pattern: &'static str, draw: impl Fn() -> AnyView + Send + Sync + 'static) -> Route {
        Route {
            pattern,
            draw: Box::new(draw),
        }
    }
}

/// Where the page is, and the way elsewhere; in context, from [`Router::provide`] on.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    at: RwSignal<Address>,
    path: Memo<String>,
    routes: StoredValue<Vec<Route>>,
    /// Place of the route that fits.
    route: Memo<Option<usize>>,
}

/// The app's router.
pub(crate) fn use_router() -> Router {
    expect_context()
}

impl Router {
    /// Makes it, once, and follows the browser's buttons and the links of the page from then on.
    pub(crate) fn provide(routes: Vec<Route>) -> Router {
        let at = RwSignal::new(here());
        let routes = StoredValue::new(routes);
        let router = Router {
            at,
            path: memo(move || at.with(|at| at.path().to_owned())),
            routes,
            route: memo(move || at.with(|at| routes.with_value(|routes| place(routes, at)))),
        };
        window_event_listener(ev::popstate, move |_| {
            tell(&at, here());
            scroll::restore();
        });
        scroll::keep();
        links::follow(router);
        provide_context(router);
        router
    }

    /// The path, as it is escaped in the URL.
    pub(crate) fn path(self) -> Signal<String> {
        self.path.into()
    }

    /// The query, read by a page: `router.query(NotebooksQuery::from_params)`.
    pub(crate) fn query<T>(self, read: fn(query::Get<'_>) -> T) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        memo(move || self.at.with(|at| at.query(read)))
    }

    /// What stands in the path where the route has `:name`. A page that is being left keeps its own.
    pub(crate) fn param(self, name: &'static str) -> Memo<String> {
        Memo::new(move |before: Option<&String>| {
            let pattern = |at: usize| self.routes.with_value(|routes| routes[at].pattern);
            let found = self.route.get().map(pattern);
            let value = found.and_then(|pattern| self.at.with(|at| at.param(pattern, name)));
            value.or_else(|| before.cloned()).unwrap_or_default()
        })
    }

    /// The URL of this page with `key=value` in its query.
    pub(super) fn with(self, key: &str, value: &str) -> String {
        self.at.with_untracked(|at| at.with(key, value))
    }

    /// Goes to an address of the app as a new step of the history; to where we are already, in its place.
    pub(crate) fn push(self, url: &str) {
        if Address::parse(url) == self.at.get_untracked() {
            return self.replace(url);
        }
        scroll::remember();
        self.go(url, |history| {
            history.push_state_with_url(&JsValue::NULL, "", Some(url))
        });
    }

    /// Goes to an address of the app in place of this one: "back" leads to the page before.
    pub(crate) fn replace(self, url: &str) {
        self.go(url, |history| {
            let state = history.state().unwrap_or_default();
            history.replace_state_with_url(&state, "", Some(url))
        });
    }

    fn go(self, url: &str, write: impl Fn(&web_sys::History) -> Result<(), JsValue>) {
        // The browser refuses after hundreds of steps in a few seconds: then the page moves on, and the URL with the next step.
        if let Ok(history) = window().history() {
            write(&history).ok();
        }
        let to = Address::parse(url);
        if self.at.with_untracked(|at| *at != to) {
            tell(&self.at, to);
        }
    }

    /// Whether an address is a page of ours.
    fn knows(self, at: &Address) -> bool {
        self.routes.with_value(|routes| place(routes, at).is_some())
    }

    /// The page of the route that fits, drawn again only when that is another one; `lost` where none does.
    pub(crate) fn page(self, lost: fn() -> AnyView) -> AnyView {
        let page = move || {
            let route = self.route.get();
            untrack(|| {
                self.routes
                    .with_value(|routes| route.map_or_else(lost, |at| (routes[at].draw)()))
            })
        };
        page.into_any()
    }
}

fn place(routes: &[Route], at: &Address) -> Option<usize> {
    routes.iter().position(|route| at.fits(route.pattern))
}

/// Where the browser is.
fn here() -> Address {
    let location = window().location();
    let search = location.search().unwrap_or_default();
    Address::parse(&[location.pathname().unwrap_or_default(), search].concat())
}
