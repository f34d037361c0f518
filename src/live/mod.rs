//! Keeps what the pages show alive: one watch a (kind, namespace, selector), shared by whoever holds a lease.
//!
//! Also the session, the user's rights, the state of the connection and the clock: everything that outlives a page.
//! Its signals belong to the root (`ArcRwSignal`), so reading them after a page is gone is safe.

pub(crate) mod access;
pub(crate) mod browser;
pub(crate) mod connection;
pub(crate) mod lease;
mod session;
mod stream;
mod tab;
pub(crate) mod tell;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use flowdeck_objects::{
    Event, Namespace, Node, Notebook, Object, PersistentVolumeClaim, Pod, ResourceQuota, StatefulSet,
};
use flowdeck_watch::resource::{self, Resource};
use flowdeck_watch::{Bucket, Input, Leases, Typed};
use gloo_timers::callback::{Interval, Timeout};
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::client::session::Session;

use access::{Access, Rules};
use connection::Connection;
use lease::{Lease, StreamKey};
use session::SessionStore;
use stream::{AnyStream, Stream};

/// How long a stream lives on when its last lease is gone, in ms: going back is then instant.
const LINGER_MS: u64 = 5_000;
/// Requests of all streams together: so many a second, so many at once.
const REQUESTS_PER_SECOND: u32 = 10;
const REQUESTS_AT_ONCE: u32 = 10;

/// Everything live, cheap to clone; in context for the whole app.
#[derive(Clone)]
pub(crate) struct Live {
    inner: SendWrapper<Rc<Inner>>,
}

/// The one copy behind every [`Live`].
pub(crate) struct Inner {
    streams: RefCell<HashMap<StreamKey, Entry>>,
    leases: RefCell<Leases<StreamKey>>,
    bucket: RefCell<Bucket>,
    rules: RefCell<HashMap<String, Rc<Rules>>>,
    session: SessionStore,
    last_user: RefCell<Option<String>>,
    connection: ArcRwSignal<Connection>,
    offline_since_ms: Cell<Option<f64>>,
    is_paused: Cell<bool>,
    hiding: RefCell<Option<Timeout>>,
    ticker: RefCell<Option<Interval>>,
    now: ArcRwSignal<f64>,
}

struct Entry {
    stream: Rc<AnyStream>,
    typed: Rc<dyn Any>,
}

/// The live stores that [`Live::provide`] put into context.
///
/// Call it in a component's body, not in a handler: contexts are found through the owner.
pub(crate) fn use_live() -> Live {
    expect_context::<Live>()
}

impl Live {
    /// Makes the stores and puts them into context; once, by the root component.
    pub(crate) fn provide() -> Live {
        let inner = Rc::new(Inner {
            streams: RefCell::default(),
            leases: RefCell::new(Leases::new(LINGER_MS)),
            bucket: RefCell::new(Bucket::new(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE)),
            rules: RefCell::default(),
            session: SessionStore::new(),
            last_user: RefCell::default(),
            connection: ArcRwSignal::new(Connection::Loading),
            offline_since_ms: Cell::new(None),
            is_paused: Cell::new(false),
            hiding: RefCell::default(),
            ticker: RefCell::default(),
            now: ArcRwSignal::new(browser::now_ms()),
        });
        inner.listen();
        inner.begin_session();
        let live = Live {
            inner: SendWrapper::new(inner),
        };
        provide_context(live.clone());
        live
    }

    /// Notebooks of a namespace.
    pub(crate) fn notebooks(&self, namespace: &str) -> Lease<Notebook> {
        self.watch(resource::NOTEBOOKS, namespace, "")
    }

    /// Pods of a namespace.
    pub(crate) fn pods(&self, namespace: &str) -> Lease<Pod> {
        self.watch(resource::PODS, namespace, "")
    }

    /// Events of a namespace.
    pub(crate) fn events(&self, namespace: &str) -> Lease<Event> {
        self.watch(resource::EVENTS, namespace, "")
    }

    /// Stateful sets of a namespace.
    pub(crate) fn stateful_sets(&self, namespace: &str) -> Lease<StatefulSet> {
        self.watch(resource::STATEFULSETS, namespace, "")
    }

    /// Quotas of a namespace.
    pub(crate) fn quotas(&self, namespace: &str) -> Lease<ResourceQuota> {
        self.watch(resource::QUOTAS, namespace, "")
    }

    /// Volumes (claims) of a namespace.
    pub(crate) fn volumes(&self, namespace: &str) -> Lease<PersistentVolumeClaim> {
        self.watch(resource::PVCS, namespace, "")
    }

    /// Namespaces of the cluster.
    pub(crate) fn namespaces(&self) -> Lease<Namespace> {
        self.watch(resource::NAMESPACES, "", "")
    }

    /// Nodes of the cluster.
    pub(crate) fn nodes(&self) -> Lease<Node> {
        self.watch(resource::NODES, "", "")
    }

    /// Any kind: one stream for all who ask for the same kind, namespace and selector.
    ///
    /// `selector` is a label selector as the API writes it, or empty.
    pub(crate) fn watch<T>(&self, resource: Resource, namespace: &str, selector: &str) -> Lease<T>
    where
        T: Object + 'static,
    {
        let namespace = if resource.namespaced {
            namespace.to_owned()
        } else {
            String::new()
        };
        let key = StreamKey {
            resource,
            namespace,
            selector: selector.to_owned(),
        };
        self.inner.lease(key)
    }

    /// How the streams are doing, all together.
    pub(crate) fn connection(&self) -> Signal<Connection> {
        self.inner.connection.clone().into()
    }

    /// What the user may do in a namespace; the empty namespace is the cluster.
    pub(crate) fn access(&self, namespace: &str) -> Access {
        let mut rules = self.inner.rules.borrow_mut();
        let rules = rules
            .entry(namespace.to_owned())
            .or_insert_with(|| Rules::new(namespace));
        Access::new(rules.clone())
    }

    /// Who is signed in; `None` until the gateway has answered, and when signed out.
    pub(crate) fn session(&self) -> Signal<Option<Session>> {
        self.inner.session.session.clone().into()
    }

    /// Tells the stores, and the other tabs, that a session has begun, so that streams go on.
    ///
    /// If it is somebody else's than before, the page is loaded again: nothing in memory is theirs to see.
    pub(crate) fn signed_in(&self, session: Session) {
        self.inner.session_began(session);
    }

    /// Tells the stores, and the other tabs, that the user has signed out.
    pub(crate) fn signed_out(&self) {
        self.inner.session_given_up();
    }

    /// The time in ms since 1970; ticks each second while the tab is seen. For ages.
    pub(crate) fn now(&self) -> Signal<f64> {
        self.inner.now.clone().into()
    }

    /// Tries again now whatever waits for its turn ("Retry" on a page or a banner).
    pub(crate) fn retry(&self) {
        self.inner.tell_streams(|| Input::Nudge);
    }
}

impl Inner {
    fn lease<T>(self: &Rc<Self>, key: StreamKey) -> Lease<T>
    where
        T: Object + 'static,
    {
        self.end_unheld();
        if self.leases.borrow_mut().take(&key) {
            let stream = Stream::<Typed<T>>::new(&key, Rc::downgrade(self));
            let typed: Rc<dyn Any> = stream.clone();
            let stream: Rc<AnyStream> = stream;
            let entry = Entry {
                stream: stream.clone(),
                typed,
            };
            self.streams.borrow_mut().insert(key.clone(), entry);
            stream.tell(Input::Start);
            if self.is_paused.get() {
                stream.tell(Input::Pause);
            }
            if self.session.is_out.get() {
                stream.tell(Input::SignedOut);
            }
        }
        let typed = self.streams.borrow().get(&key).map(|entry| entry.typed.clone());
        // Two types for one kind would be a mistake of ours; the second gets a stream that stays empty.
        let stream = typed
            .and_then(|typed| typed.downcast::<Stream<Typed<T>>>().ok())
            .unwrap_or_else(|| Stream::<Typed<T>>::new(&key, Rc::downgrade(self)));
        Lease::new(stream, key, Rc::downgrade(self))
    }

    fn release(self: &Rc<Self>, key: &StreamKey) {
        self.leases.borrow_mut().give_back(key, browser::steady_ms() as u64);
        let me = Rc::downgrade(self);
        browser::after(LINGER_MS as u32 + 10, move || {
            if let Some(live) = me.upgrade() {
                live.end_unheld();
            }
        });
    }

    fn end_unheld(&self) {
        let ended = self.leases.borrow_mut().ended(browser::steady_ms() as u64);
        let entries: Vec<Entry> = {
            let mut streams = self.streams.borrow_mut();
            ended.iter().filter_map(|key| streams.remove(key)).collect()
        };
        let had_some = !entries.is_empty();
        // Here the last references go, and with them the requests.
        drop(entries);
        if had_some {
            self.judge_connection();
        }
    }

    fn tell_streams<'a>(&self, input: impl Fn() -> Input<'a>) {
        let streams: Vec<Rc<AnyStream>> = self
            .streams
            .borrow()
            .values()
            .map(|entry| entry.stream.clone())
            .collect();
        for stream in streams {
            stream.tell(input());
        }
    }

    fn wanted_rules(&self) -> Vec<Rc<Rules>> {
        self.rules
            .borrow()
            .values()
            .filter(|rules| rules.is_wanted())
            .cloned()
            .collect()
    }

    fn doubt_rights(&self) {
        for rules in self.wanted_rules() {
            rules.doubt();
        }
    }

    fn forget_rights(&self) {
        for rules in self.wanted_rules() {
            rules.forget();
            if !self.session.is_out.get() {
                rules.refresh();
            }
        }
    }
}
