//! Says what is known of the notebook at this moment, for all parts of its page.

use flowdeck_objects::{Event, Notebook, NotebookPhase, Pod, StatefulSet, Timestamp, events};
use leptos::prelude::*;

use super::super::actions::Actions;
use super::super::stores::{as_asked, derive, events_about, held, is_whole, pod_of, with_stopped};
use crate::client::Error;
use crate::live::lease::{Lease, StreamState};
use crate::live::{Live, use_live};
use crate::widgets::reactive::{effect, memo};

/// One of the things that the page can have to show.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    NoNamespace,
    Loading,
    There,
    /// It was on the page and is gone.
    Gone,
    NotFound,
    Denied(Error),
    Missing,
    Failed(Error),
}

/// What is known of one notebook. All signals change only when what they say does.
#[derive(Clone, Copy)]
pub(super) struct Snapshot {
    pub(super) namespace: Signal<String>,
    pub(super) name: Memo<String>,
    pub(super) state: Memo<State>,
    pub(super) notebook: Memo<Option<Notebook>>,
    pub(super) pod: Memo<Option<Pod>>,
    pub(super) set: Memo<Option<StatefulSet>>,
    pub(super) phase: Memo<Option<NotebookPhase>>,
    pub(super) events: Memo<Vec<EventLine>>,
    pub(super) now: Signal<f64>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventLine {
    pub(super) warning: bool,
    pub(super) reason: String,
    pub(super) object: String,
    pub(super) message: String,
    pub(super) times: u32,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) by: String,
}

impl Snapshot {
    /// Watches the notebook `name` of a namespace; call it in the page's body.
    pub(super) fn new(namespace: Signal<String>, name: Memo<String>, actions: Actions) -> Self {
        let live = use_live();
        let now = live.now();
        let notebooks = held(namespace, &live, Live::notebooks);
        let pods = held(namespace, &live, Live::pods);
        let sets = held(namespace, &live, Live::stateful_sets);
        let all_events = held(namespace, &live, Live::events);
        let notebook = memo(move || {
            let rows: Lease<Notebook> = notebooks.get()?;
            rows.with(|rows| rows.by_name(&namespace.get(), &name.get()).cloned())
        });
        let pod = memo(move || {
            let rows: Lease<Pod> = pods.get()?;
            rows.with(|rows| pod_of(rows, &namespace.get(), &name.get()).cloned())
        });
        let set = memo(move || {
            let rows: Lease<StatefulSet> = sets.get()?;
            rows.with(|rows| rows.by_name(&namespace.get(), &name.get()).cloned())
        });
        let phase = Memo::new(move |before: Option<&Option<NotebookPhase>>| {
            let (notebooks, pods) = (notebooks.get()?, pods.get()?);
            let (sets, events) = (sets.get()?, all_events.get()?);
            // The second only matters while the words speak of time.
            let ticks = before.and_then(Option::as_ref).is_none_or(|phase| phase.ticks);
            let now = Timestamp::from_js(if ticks { now.get() } else { now.get_untracked() });
            let name = name.get();
            let wanted = actions.wanted.with(|wanted| wanted.get(&name).copied());
            notebooks.with(|rows| {
                let notebook = rows.by_name(&namespace.get(), &name)?;
                let changed = wanted.map(|stopped| with_stopped(notebook, stopped, now));
                let notebook = changed.as_ref().unwrap_or(notebook);
                let whole = pods.state().with(is_whole);
                let phase = pods.with(|pods| {
                    let about = |sets: &_| {
                        events.with(|all| derive(notebook, (pods, whole), sets, &events_about(all, &name), now))
                    };
                    sets.with(about)
                });
                Some(match wanted {
                    Some(stopped) => as_asked(phase, stopped),
                    None => phase,
                })
            })
        });
        let events = memo(move || {
            let Some(rows) = all_events.get() else {
                return Vec::new();
            };
            rows.with(|rows| lines(&events_about(rows, &name.get())))
        });
        let state = state_of(namespace, notebooks, notebook);
        effect(move || {
            let stopped = notebook.with(|n| n.as_ref().map(Notebook::is_stopped));
            let name = name.get();
            actions.settle(|other| if *other == name { stopped } else { None });
        });
        Self {
            namespace,
            name,
            state,
            notebook,
            pod,
            set,
            phase,
            events,
            now,
        }
    }
}

fn state_of(
    namespace: Signal<String>,
    notebooks: Memo<Option<Lease<Notebook>>>,
    notebook: Memo<Option<Notebook>>,
) -> Memo<State> {
    Memo::new(move |before: Option<&State>| {
        if namespace.with(String::is_empty) {
            return State::NoNamespace;
        }
        let there = notebook.with(Option::is_some);
        let was_there = matches!(before, Some(State::There | State::Gone));
        let Some(stream) = notebooks.get().map(|lease| lease.state()) else {
            return State::Loading;
        };
        match stream.get() {
            StreamState::Denied { error } => State::Denied(error),
            StreamState::Missing => State::Missing,
            _ if there => State::There,
            StreamState::Failed { error } => State::Failed(error),
            StreamState::Live | StreamState::Stale { .. } if was_there => State::Gone,
            StreamState::Live | StreamState::Stale { .. } => State::NotFound,
            _ => State::Loading,
        }
    })
}

fn lines(about: &[&Event]) -> Vec<EventLine> {
    events::rows(about.iter().copied())
        .into_iter()
        .map(|row| EventLine {
            warning: row.event.is_warning(),
            reason: row.event.reason.clone(),
            object: [row.kind, " ", row.name].concat(),
            message: row.message.to_owned(),
            times: row.times,
            first: row.first,
            last: row.last,
            by: row.event.component().to_owned(),
        })
        .collect()
}
