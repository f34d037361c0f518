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

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use flowdeck_objects::{
    Event, Namespace, Node, Notebook, Object, PersistentVolumeClaim, Pod, ResourceQuota, StatefulSet,
};
use flowdeck_watch::resource::{self, Resource};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use serde::de::DeserializeOwned;

use crate::client::session::Session;

use access::{Access, Rules};
use connection::Connection;
use lease::{Lease, StreamKey};
use stream::{AnyStream, Stream};

/// Everything live, cheap to clone; in context for the whole app.
#[derive(Clone)]
pub(crate) struct Live {
    inner: SendWrapper<Rc<Inner>>,
}

/// The one copy behind every [`Live`].
pub(crate) struct Inner {
    streams: RefCell<HashMap<StreamKey, Entry>>,
    rules: RefCell<HashMap<String, Rc<Rules>>>,
    connection: ArcRwSignal<Connection>,
    session: ArcRwSignal<Option<Session>>,
    now: ArcRwSignal<f64>,
}

struct Entry {
    stream: Rc<dyn AnyStream>,
    typed: Rc<dyn Any>,
    leases: usize,
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
        let live = Live {
            inner: SendWrapper::new(Rc::new(Inner {
                streams: RefCell::default(),
                rules: RefCell::default(),
                connection: ArcRwSignal::new(Connection::Live),
                session: ArcRwSignal::new(None),
                now: ArcRwSignal::new(browser::now_ms()),
            })),
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
        T: Object + DeserializeOwned + 'static,
    {
        let key = StreamKey {
            resource,
            namespace: namespace.to_owned(),
            selector: selector.to_owned(),
        };
        let mut streams = self.inner.streams.borrow_mut();
        let entry = streams.entry(key.clone()).or_insert_with(|| {
            let stream = Stream::<T>::new();
            Entry {
                stream: stream.clone(),
                typed: stream,
                leases: 0,
            }
        });
        entry.leases += 1;
        // Two types for one kind would be a mistake of ours; the second gets a stream that stays empty.
        let stream = entry
            .typed
            .clone()
            .downcast::<Stream<T>>()
            .unwrap_or_else(|_other| Stream::new());
        Lease::new(stream, key, Rc::downgrade(&self.inner))
    }

    /// How the streams are doing, all together.
    pub(crate) fn connection(&self) -> Signal<Connection> {
        self.inner.connection.clone().into()
    }

    /// What the user may do in a namespace.
    pub(crate) fn access(&self, namespace: &str) -> Access {
        let mut rules = self.inner.rules.borrow_mut();
        let rules = rules
            .entry(namespace.to_owned())
            .or_insert_with(|| Rc::new(Rules::new(namespace)));
        Access::new(rules.clone())
    }

    /// Who is signed in; `None` until the gateway has answered, and when signed out.
    pub(crate) fn session(&self) -> Signal<Option<Session>> {
        self.inner.session.clone().into()
    }

    /// Tells the stores that this session has begun (after a sign-in), so that streams start or go on.
    pub(crate) fn signed_in(&self, session: Session) {
        self.inner.session.set(Some(session));
    }

    /// Tells the stores, and the other tabs, that the user has signed out.
    pub(crate) fn signed_out(&self) {
        self.inner.session.set(None);
    }

    /// The time in ms since 1970; ticks each second while the tab is seen. For ages.
    pub(crate) fn now(&self) -> Signal<f64> {
        self.inner.now.clone().into()
    }

    /// Tries again now whatever waits for its turn ("Retry" on a page or a banner).
    pub(crate) fn retry(&self) {
        for entry in self.inner.streams.borrow().values() {
            entry.stream.retry();
        }
    }
}

impl Inner {
    fn release(&self, key: &StreamKey) {
        if let Some(entry) = self.streams.borrow_mut().get_mut(key) {
            entry.leases = entry.leases.saturating_sub(1);
        }
    }
}
