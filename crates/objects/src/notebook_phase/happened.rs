//! Picks the events that tell how a Notebook's pod or StatefulSet fares now.
//!
//! Original events are known by uid. Kubeflow's copies on the Notebook ("Reissued from pod/x-0: …") have the
//! Notebook's uid only, so they count when they are not older than the pod itself.

use super::Case;
use crate::event::Event;
use crate::events::reissued;
use crate::time::Timestamp;

/// An event that counts, with its message as the original has it.
#[derive(Clone, Copy)]
pub(super) struct Happened<'a> {
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) at: Option<Timestamp>,
    version: &'a str,
}

impl<'a> Happened<'a> {
    fn new(event: &'a Event, message: &'a str) -> Self {
        Self {
            reason: &event.reason,
            message,
            at: event.last_seen(),
            version: &event.metadata.resource_version,
        }
    }

    /// Later, or in the same second written later.
    fn is_after(&self, other: &Self) -> bool {
        let key = |h: &Self| (h.at, h.version.len());
        key(self)
            .cmp(&key(other))
            .then_with(|| self.version.cmp(other.version))
            .is_gt()
    }
}

/// Who an event has to be about.
pub(super) struct About<'a> {
    kind: &'static str,
    copied_kind: &'static str,
    name: &'a str,
    uid: &'a str,
    not_before: Option<Timestamp>,
}

impl<'a> About<'a> {
    /// About one pod; `uid` is empty where pods can't be seen.
    pub(super) fn pod(name: &'a str, uid: &'a str, not_before: Option<Timestamp>) -> Self {
        Self {
            kind: "Pod",
            copied_kind: "pod",
            name,
            uid,
            not_before,
        }
    }

    /// About the Notebook's StatefulSet.
    pub(super) fn stateful_set(case: &Case<'a>) -> Self {
        let uid = case.stateful_set.map_or("", |set| &set.metadata.uid);
        let not_before = case.notebook.metadata.creation_timestamp;
        Self {
            kind: "StatefulSet",
            copied_kind: "statefulset",
            name: &case.notebook.metadata.name,
            uid,
            not_before,
        }
    }

    fn message<'e>(&self, case: &Case<'_>, event: &'e Event) -> Option<&'e str> {
        let about = &event.involved_object;
        let in_time = || self.not_before.is_none() || event.last_seen() >= self.not_before;
        if about.kind == self.kind {
            let mine = if self.uid.is_empty() {
                (self.name.is_empty() || about.name == self.name) && in_time()
            } else {
                about.uid == self.uid
            };
            return mine.then_some(event.message.as_str());
        }
        if about.kind != "Notebook" || about.uid != case.notebook.metadata.uid || !in_time() {
            return None;
        }
        let (kind, name, message) = reissued(&event.message)?;
        (kind == self.copied_kind && (self.name.is_empty() || name == self.name)).then_some(message)
    }
}

/// The newest event about someone with one of these reasons.
pub(super) fn newest<'a>(case: &Case<'a>, about: &About<'_>, reasons: &[&str]) -> Option<Happened<'a>> {
    newest_that(case, about, &|reason, _| reasons.contains(&reason))
}

/// The newest event about someone whose reason and message are wanted.
pub(super) fn newest_that<'a>(
    case: &Case<'a>,
    about: &About<'_>,
    wanted: &dyn Fn(&str, &str) -> bool,
) -> Option<Happened<'a>> {
    let mut best: Option<Happened<'a>> = None;
    for &event in case.events {
        let Some(message) = about.message(case, event) else {
            continue;
        };
        if !wanted(&event.reason, message) {
            continue;
        }
        let happened = Happened::new(event, message);
        if best.is_none_or(|b| happened.is_after(&b)) {
            best = Some(happened);
        }
    }
    best
}
