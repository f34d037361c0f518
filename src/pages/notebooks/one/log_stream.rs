//! Follows the log of the notebook's container into a bounded buffer: through drops, restarts and pods that come and go.

use std::time::Duration;

use flowdeck_objects::{ContainerState, Pod};
use flowdeck_view::log::{Limits, LogBuffer, Search};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use super::super::words::what_and_next;
use super::snapshot::Snapshot;
use crate::client::Error;
use crate::client::kubernetes::{self, LogOptions};
use crate::widgets::reactive::{memo, task};

/// Lines of the past that are asked for at first.
const TAIL_LINES: u32 = 5_000;
/// Pauses before the stream is opened again, in ms.
const PAUSES_MS: [u32; 5] = [500, 1_000, 2_000, 4_000, 8_000];
/// While the tab is hidden there are no frames: new lines are then counted this often.
const HIDDEN: Duration = Duration::from_millis(1_000);

/// Which log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    namespace: String,
    pod: String,
    uid: String,
    pub(super) container: String,
    pub(super) previous: bool,
    /// Whether there can be a log yet.
    started: bool,
}

/// How the stream is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flow {
    /// There is no pod.
    NoPod,
    /// The container has not started; why, in words.
    Waiting(String),
    Connecting,
    Live,
    /// It broke off and is tried again.
    Dropped(String),
    /// All there is has come.
    Ended,
    Failed(Error),
}

/// The log of the page.
#[derive(Clone, Copy)]
pub(super) struct Log {
    pub(super) buffer: StoredValue<LogBuffer, LocalStorage>,
    pub(super) search: StoredValue<Search, LocalStorage>,
    pub(super) flow: RwSignal<Flow>,
    /// Raised at most once a frame when lines came or went.
    pub(super) version: RwSignal<u64>,
    pub(super) count: RwSignal<usize>,
    pub(super) hits: RwSignal<usize>,
    asked: StoredValue<bool, LocalStorage>,
}

impl Log {
    /// Follows the container's log from now on; call it in the panel's body.
    pub(super) fn new(seen: Snapshot, container: Signal<String>, previous: Signal<bool>) -> Self {
        let log = Self {
            buffer: StoredValue::new_local(LogBuffer::new(Limits::default(), true)),
            search: StoredValue::new_local(Search::default()),
            flow: RwSignal::new(Flow::Connecting),
            version: RwSignal::new(0),
            count: RwSignal::new(0),
            hits: RwSignal::new(0),
            asked: StoredValue::new_local(false),
        };
        let target = memo(move || {
            let (container, previous) = (container.get(), previous.get());
            seen.pod.with(|pod| {
                pod.as_ref()
                    .map(|pod| target_of(pod, &seen.namespace.get(), &container, previous))
            })
        });
        Effect::new(move |before: Option<Option<Target>>| {
            let target = target.get();
            let same =
                |a: &Target, b: &Target| (&a.uid, &a.container, a.previous) == (&b.uid, &b.container, b.previous);
            let kept = match (before.flatten(), &target) {
                (Some(before), Some(target)) => same(&before, target),
                // A pod that went away leaves its last lines on the screen.
                (_, None) => true,
                (None, Some(_)) => false,
            };
            if !kept {
                log.buffer.update_value(LogBuffer::clear);
                log.refresh();
            }
            match &target {
                None => log.flow.set(Flow::NoPod),
                Some(target) if !target.started => {
                    let why = seen
                        .pod
                        .with_untracked(|pod| pod.as_ref().map(|pod| waits_for(pod, &target.container)));
                    log.flow.set(Flow::Waiting(why.unwrap_or_default()));
                }
                Some(target) => {
                    log.flow.set(Flow::Connecting);
                    task(follow(log, target.clone()));
                }
            }
            target
        });
        log
    }

    /// Searches for another text.
    pub(super) fn find(&self, needle: &str) {
        self.search.set_value(Search::new(needle));
        self.refresh();
    }

    /// Takes new lines: at the next frame, or within a second while the tab is hidden.
    fn take(&self, bytes: &[u8]) {
        self.buffer.try_update_value(|buffer| buffer.push(bytes));
        if self.asked.try_get_value() != Some(false) {
            return;
        }
        self.asked.set_value(true);
        let log = *self;
        let hidden = web_sys::window()
            .and_then(|w| w.document())
            .is_some_and(|document| document.hidden());
        if hidden {
            set_timeout(move || log.refresh(), HIDDEN);
        } else {
            request_animation_frame(move || log.refresh());
        }
    }

    fn refresh(&self) {
        let Some(count) = self.buffer.try_with_value(|buffer| {
            self.search.try_update_value(|search| search.update(buffer));
            buffer.len()
        }) else {
            return;
        };
        self.asked.try_update_value(|asked| *asked = false);
        self.hits
            .try_set(self.search.try_with_value(Search::len).unwrap_or_default());
        self.count.try_set(count);
        self.version.try_update(|version| *version += 1);
    }
}

async fn follow(log: Log, target: Target) {
    let mut failures = 0_usize;
    loop {
        let since = log.buffer.try_update_value(|buffer| {
            buffer.resume();
            buffer.resume_from().map(str::to_owned)
        });
        let Some(since) = since else { return };
        let options = LogOptions {
            container: target.container.clone(),
            follow: !target.previous,
            previous: target.previous,
            tail_lines: since.is_none().then_some(TAIL_LINES),
            timestamps: true,
            since_time: since,
        };
        let mut came = false;
        let answer = kubernetes::pod_logs(&target.namespace, &target.pod, options, |bytes| {
            if !came {
                came = true;
                log.flow.try_set(Flow::Live);
            }
            log.take(bytes);
        })
        .await;
        failures = if came { 0 } else { failures + 1 };
        let next = match answer {
            Ok(()) if target.previous => Flow::Ended,
            // The container ended, or the connection did without a word: either way more may come.
            Ok(()) => Flow::Dropped(String::new()),
            // "container … is waiting to start": not an error, it has no log yet.
            Err(Error::Invalid { message, .. }) if !target.previous => Flow::Waiting(message),
            Err(error @ (Error::Forbidden { .. } | Error::SignedOut | Error::Invalid { .. })) => Flow::Failed(error),
            Err(Error::NotFound { .. }) if target.previous => Flow::Ended,
            Err(error) => Flow::Dropped(what_and_next(&error)),
        };
        let stops = matches!(next, Flow::Ended | Flow::Failed(_));
        if log.flow.try_set(next).is_some() || stops {
            log.buffer.try_update_value(|buffer| {
                if stops {
                    buffer.finish()
                }
            });
            log.refresh();
            return;
        }
        TimeoutFuture::new(PAUSES_MS[failures.min(PAUSES_MS.len() - 1)]).await;
    }
}

fn target_of(pod: &Pod, namespace: &str, container: &str, previous: bool) -> Target {
    let has_log = |state: &ContainerState| state.running.is_some() || state.terminated.is_some();
    let started = pod
        .container_status(container)
        .is_some_and(|status| has_log(&status.state) || has_log(&status.last_state) || status.restart_count > 0);
    Target {
        namespace: namespace.to_owned(),
        pod: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
        container: container.to_owned(),
        previous,
        started,
    }
}

/// Why the container has not started, in the kubelet's words.
pub(super) fn waits_for(pod: &Pod, container: &str) -> String {
    let waiting = pod
        .container_status(container)
        .and_then(|status| status.state.waiting.as_ref());
    match waiting {
        Some(waiting) if waiting.message.is_empty() => waiting.reason.clone(),
        Some(waiting) => [&*waiting.reason, ": ", &waiting.message].concat(),
        None if pod.spec.node_name.is_empty() => "no node has been found for the pod yet".to_owned(),
        None => "the node has not begun with it yet".to_owned(),
    }
}
