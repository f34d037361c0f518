//! Watches: opens the stream, applies its events, and decides what its end means.

use flowdeck_objects::{ChangeKind, Frame, Warning, read_frame};

use crate::backoff::HEALTHY_MS;
use crate::gather::Gather;
use crate::index::key_of;
use crate::protocol::Problem;
use crate::table::Table;

use super::answers::unreadable;
use super::{Core, Next, Ordered, SPREAD_MS, Stage};

/// How long the server is asked to keep a watch, in seconds: below Envoy's 5 minutes for a silent stream.
const TIMEOUT_SECONDS: std::ops::Range<u64> = 240..291;
/// How much longer than that a silent stream is believed, in ms.
const GRACE_MS: u64 = 5_000;
/// A stream that lived shorter, in ms, and brought nothing is a failure, not an end.
const VERY_SHORT_MS: u64 = 1_000;
/// So many fruitless streams in a row, and the version is not trusted any more.
const FRUITLESS: u32 = 3;
/// Streams that were open and silent for so long in all, in ms, are not believed: a bookmark comes each minute.
const UNHEARD_MS: u64 = 180_000;
/// An open stream that lived that long, in ms, is believed without an event.
const PROVEN_MS: u64 = 500;
/// A stream that is not open after so many ms is told as a problem, though still waited for.
const PENDING_MS: u64 = 10_000;
/// An idle alarm that comes this late, in ms, means that the machine slept.
const SLEPT_MS: u64 = 5_000;

/// A watch that was sent.
#[derive(Debug)]
pub(super) struct Watching {
    sent_at: u64,
    opened_at: Option<u64>,
    heard_at: u64,
    silence_ms: u64,
    /// Whether the version has moved.
    moved: bool,
    proven: bool,
    /// The first state, while it comes through the watch.
    gather: Option<Gather>,
}

impl Watching {
    pub(super) fn is_initial(&self) -> bool {
        self.gather.is_some()
    }

    fn idle_at(&self) -> u64 {
        self.heard_at + self.silence_ms
    }

    pub(super) fn wakes_at(&self, has_problem: bool) -> u64 {
        let mark = match self.opened_at {
            Some(at) if !self.proven => at + PROVEN_MS,
            None if !has_problem => self.sent_at + PENDING_MS,
            _ => u64::MAX,
        };
        mark.min(self.idle_at())
    }

    fn lived_ms(&self, now: u64) -> u64 {
        self.opened_at.map_or(0, |at| now.saturating_sub(at))
    }

    /// How long it has been open without a word.
    fn silent_ms(&self, now: u64) -> u64 {
        self.opened_at.map_or(0, |at| now.saturating_sub(at.max(self.heard_at)))
    }
}

impl<R: Table + ?Sized> Core<R> {
    /// Watches from the version that the rows have.
    pub(super) fn open_watch(&mut self) {
        let query = vec![("resourceVersion", self.version.clone())];
        self.send_watch(query, None);
    }

    /// Asks for the first state through the watch; a bookmark says when it is whole (KEP-3157).
    pub(super) fn open_watch_from_nothing(&mut self) {
        let query = vec![
            ("sendInitialEvents", "true".to_owned()),
            ("resourceVersionMatch", "NotOlderThan".to_owned()),
            ("resourceVersion", String::new()),
        ];
        let gather = self.new_gather();
        self.send_watch(query, Some(gather));
    }

    fn send_watch(&mut self, mut query: Vec<(&'static str, String)>, gather: Option<Gather>) {
        let seconds = TIMEOUT_SECONDS.start + self.random.below(TIMEOUT_SECONDS.end - TIMEOUT_SECONDS.start);
        query.insert(0, ("watch", "1".to_owned()));
        query.push(("allowWatchBookmarks", "true".to_owned()));
        query.push(("timeoutSeconds", seconds.to_string()));
        self.send(true, query);
        self.stage = Stage::Watching(Watching {
            sent_at: self.now,
            opened_at: None,
            heard_at: self.now,
            silence_ms: seconds * 1000 + GRACE_MS,
            moved: false,
            proven: false,
            gather,
        });
    }

    pub(super) fn watch_is_open(&mut self) {
        if let Stage::Watching(watching) = &mut self.stage {
            watching.opened_at = Some(self.now);
        }
    }

    /// Looks at a watch when a time of its own has come: proven well, late to open, or silent for too long.
    pub(super) fn look_after(&mut self, mut watching: Watching) {
        if watching.idle_at() <= self.now {
            return self.watch_is_silent(&watching);
        }
        match watching.opened_at {
            Some(at) if !watching.proven && at + PROVEN_MS <= self.now => {
                watching.proven = true;
                if watching.gather.is_none() {
                    self.is_well();
                }
            }
            None if watching.sent_at + PENDING_MS <= self.now => {
                self.note_problem(Problem::Unreachable("the server does not answer yet".to_owned()));
            }
            _ => {}
        }
        self.stage = Stage::Watching(watching);
    }

    fn watch_is_silent(&mut self, watching: &Watching) {
        self.drop_flight();
        let next = self.after(watching);
        if watching.idle_at() + SLEPT_MS < self.now {
            self.backoff.reset();
            let ms = self.random.below(SPREAD_MS);
            return self.wait(ms, next, Ordered::No);
        }
        let words = format!("nothing was heard for {} seconds", watching.silence_ms / 1000);
        self.forget_old_failures(watching);
        self.fail(Problem::Unreachable(words), next);
    }

    pub(super) fn watch_chunk(&mut self, mut bytes: &[u8]) {
        let epoch = self.epoch;
        while self.is_current(epoch) {
            match self.frames.next(&mut bytes) {
                Ok(None) => return,
                Ok(Some(frame)) if frame.bytes().trim_ascii().is_empty() => {}
                Ok(Some(frame)) => self.frame(frame.bytes()),
                Err(_too_long) => {
                    self.drop_flight();
                    let words = "one event is longer than 8 MiB".to_owned();
                    // It would come again from this version, so only a list leads past it.
                    self.fail(Problem::Unreadable(words), Next::Begin);
                }
            }
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        let incoming = self.rows.incoming();
        incoming.clear();
        let event = match read_frame(bytes, incoming.grow()) {
            Ok(event) => event,
            Err(error) => return self.stream_is_garbled(unreadable(bytes, &error.message)),
        };
        if let Frame::Error(status) = event {
            self.drop_flight();
            return self.refused(status, true);
        }
        let Stage::Watching(watching) = &mut self.stage else {
            return;
        };
        watching.heard_at = self.now;
        self.unheard_ms = 0;
        if !watching.proven && watching.gather.is_none() {
            watching.proven = true;
            self.is_well();
        }
        match event {
            Frame::Change(kind) => self.change(kind),
            Frame::BadObject(kind, warning) => {
                self.bad_object(kind, &warning);
                self.warn(warning);
            }
            Frame::Bookmark {
                resource_version,
                initial_events_end,
            } => {
                self.bookmark(&resource_version, initial_events_end);
            }
            Frame::Error(_) => {}
        }
    }

    /// Applies the change whose object has come.
    fn change(&mut self, kind: ChangeKind) {
        if let Stage::Watching(Watching {
            gather: Some(gather), ..
        }) = &mut self.stage
        {
            // Not in the order of versions, so none of them is a place to go on from.
            self.rows.apply(kind, Some(gather));
            return;
        }
        let version = self.rows.apply(kind, None);
        self.move_to(&version);
    }

    /// An object changed and cannot be read: its row stays as it was, unless it is gone.
    fn bad_object(&mut self, kind: ChangeKind, warning: &Warning) {
        if let Stage::Watching(Watching {
            gather: Some(gather), ..
        }) = &mut self.stage
        {
            gather.add_unreadable(warning);
            return;
        }
        self.move_to(&warning.resource_version);
        if kind == ChangeKind::Deleted {
            let key = key_of(&warning.uid, &warning.namespace, &warning.name);
            self.rows.remove_key(&key);
        }
    }

    fn bookmark(&mut self, version: &str, initial_events_end: bool) {
        if let Stage::Watching(watching) = &mut self.stage {
            if watching.is_initial() && !initial_events_end {
                return;
            }
            if let Some(gather) = watching.gather.take() {
                self.rows.finish(&gather.seen);
                watching.proven = true;
                self.complete = true;
                self.refusal = None;
                self.is_well();
            }
        }
        self.move_to(version);
    }

    fn move_to(&mut self, version: &str) {
        if version.is_empty() || self.version == version {
            return;
        }
        self.version.clear();
        self.version.push_str(version);
        if let Stage::Watching(watching) = &mut self.stage {
            watching.moved = true;
        }
        self.gone_in_a_row = 0;
    }

    /// Half a frame, two in one, a proxy's web page: what came before it stands, so the watch goes on from there.
    fn stream_is_garbled(&mut self, problem: Problem) {
        self.drop_flight();
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Watching(watching) if watching.gather.is_none() => self.watch_is_fruitless(&watching, problem),
            _ => self.fail(problem, Next::Begin),
        }
    }

    /// The stream ended as streams do: at its time, or because something between us cuts silent streams.
    pub(super) fn watch_ended(&mut self, watching: &Watching) {
        if watching.is_initial() {
            return self.watch_list_is_unsupported();
        }
        if watching.moved || watching.lived_ms(self.now) >= VERY_SHORT_MS {
            self.fruitless = 0;
            self.gone_in_a_row = 0;
            self.forget_old_failures(watching);
            return match self.after(watching) {
                Next::Watch => self.open_watch(),
                _ => self.begin(),
            };
        }
        let words = "the server ends the stream as soon as it begins".to_owned();
        self.watch_is_fruitless(watching, Problem::Unreachable(words));
    }

    /// A stream that was of no use: client-go's "very short watch", or garbage.
    ///
    /// It counts as a failure, and after three in a row the version is not trusted any more: some servers just close
    /// instead of saying 410 (fabric8io/kubernetes-client#7896). Test: `t08_…`.
    fn watch_is_fruitless(&mut self, watching: &Watching, problem: Problem) {
        self.fruitless = if watching.moved { 1 } else { self.fruitless + 1 };
        self.forget_old_failures(watching);
        if self.fruitless < FRUITLESS {
            return self.fail(problem, Next::Watch);
        }
        self.fruitless = 0;
        self.fail(problem, Next::Begin);
    }

    pub(super) fn watch_broke(&mut self, watching: &Watching, problem: Problem) {
        self.forget_old_failures(watching);
        let next = self.after(watching);
        self.fail(problem, next);
    }

    /// What follows a stream that is over: another from where it was, or a list.
    ///
    /// A server whose versions went back (etcd restored from a backup) leaves a watch of a version that is still to come
    /// open, and says nothing, no bookmark either, until it has come: what happened up to then would never be told.
    /// Test: `f05_…`.
    pub(super) fn after(&mut self, watching: &Watching) -> Next {
        self.unheard_ms += watching.silent_ms(self.now);
        if watching.is_initial() || self.unheard_ms >= UNHEARD_MS {
            Next::Begin
        } else {
            Next::Watch
        }
    }

    /// The server cannot send the first state through the watch: remembered, so it is tried once.
    pub(super) fn watch_list_is_unsupported(&mut self) {
        self.config.watch_list = false;
        self.begin();
    }

    fn forget_old_failures(&mut self, watching: &Watching) {
        if watching.lived_ms(self.now) >= HEALTHY_MS {
            self.backoff.reset();
        }
    }
}
