//! Starts, stops and deletes notebooks: at once on the screen, then in the cluster, and back if that fails.

use std::collections::HashMap;
use std::sync::Arc;

use flowdeck_objects::Timestamp;
use flowdeck_view::form::{merge_patch_start, merge_patch_stop};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use super::words::{blocked, what_and_next};
use crate::client::Error;
use crate::client::kubernetes;
use crate::live::access::Allowed;
use crate::live::browser::now_ms;
use crate::live::{Live, use_live};
use crate::shell::toasts::{Offer, Toast, Toasts, use_toasts};
use crate::widgets::reactive::{memo, task_to_its_end};
use flowdeck_watch::resource::NOTEBOOKS;

/// How long an accepted start or stop is shown before the cluster shows it, in ms: somebody may have taken it back.
const GUESS_MS: u32 = 10_000;

/// What can be done to the notebooks of a namespace.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    namespace: Signal<String>,
    /// Starts (`false`) and stops (`true`) that are shown already but not seen in the cluster yet, by name.
    pub(super) wanted: RwSignal<HashMap<String, bool>>,
    toasts: Toasts,
    create: Memo<Option<String>>,
    patch: Memo<Option<String>>,
    delete: Memo<Option<String>>,
    delete_volumes: Memo<Option<String>>,
    read_logs: Memo<Option<String>>,
}

impl Actions {
    /// The actions of a page; call it in the page's body.
    pub(super) fn new(namespace: Signal<String>) -> Self {
        let live = use_live();
        let right = |verb: &'static str, group: &'static str, resource: &'static str| {
            right(live.clone(), namespace, verb, group, resource)
        };
        Self {
            namespace,
            wanted: RwSignal::new(HashMap::new()),
            toasts: use_toasts(),
            create: right("create", "kubeflow.org", "notebooks"),
            patch: right("patch", "kubeflow.org", "notebooks"),
            delete: right("delete", "kubeflow.org", "notebooks"),
            delete_volumes: right("delete", "", "persistentvolumeclaims"),
            read_logs: right("get", "", "pods/log"),
        }
    }

    /// Why a notebook can't be created.
    pub(super) fn no_create(&self) -> Signal<Option<String>> {
        self.create.into()
    }

    /// Why a notebook can't be started or stopped.
    pub(super) fn no_patch(&self) -> Signal<Option<String>> {
        self.patch.into()
    }

    /// Why a notebook can't be deleted.
    pub(super) fn no_delete(&self) -> Signal<Option<String>> {
        self.delete.into()
    }

    /// Why volumes can't be deleted.
    pub(super) fn no_delete_volumes(&self) -> Signal<Option<String>> {
        self.delete_volumes.into()
    }

    /// Why logs can't be read.
    pub(super) fn no_logs(&self) -> Signal<Option<String>> {
        self.read_logs.into()
    }

    /// Stops or starts a notebook of the page's namespace. The toast offers to take it back.
    pub(super) fn set_stopped(self, name: String, stopped: bool) {
        if let Some(namespace) = self.namespace.try_get_untracked() {
            self.set_stopped_in(namespace, name, stopped);
        }
    }

    /// The same in any namespace: who takes it back may be on another page by then.
    fn set_stopped_in(self, namespace: String, name: String, stopped: bool) {
        if self.namespace.try_get_untracked().as_ref() == Some(&namespace) {
            self.wanted.try_update(|wanted| wanted.insert(name.clone(), stopped));
        }
        let body = if stopped {
            merge_patch_stop(Timestamp::from_js(now_ms()))
        } else {
            merge_patch_start()
        };
        spawn(async move {
            let answer = kubernetes::merge_patch(NOTEBOOKS, &namespace, &name, body).await;
            match answer {
                Ok(_) => {
                    let text = [if stopped { "Stopping " } else { "Starting " }, &name].concat();
                    let back = name.clone();
                    let undo = move || self.set_stopped_in(namespace.clone(), back.clone(), !stopped);
                    self.toasts
                        .push(Toast::done(text).offering(Offer::Act("Undo".to_owned(), Arc::new(undo))));
                    TimeoutFuture::new(GUESS_MS).await;
                }
                Err(error) => {
                    let what = [
                        if stopped { "Could not stop " } else { "Could not start " },
                        &name,
                        ": ",
                    ]
                    .concat();
                    self.toasts.push(Toast::failed([what, what_and_next(&error)].concat()));
                }
            }
            self.wanted.try_update(|wanted| wanted.remove(&name));
        });
    }

    /// Forgets the starts and stops that the cluster shows by now: `stopped_of` gives what it shows.
    pub(super) fn settle(self, stopped_of: impl Fn(&str) -> Option<bool>) {
        let settled: Vec<String> = self.wanted.with_untracked(|wanted| {
            let done = |name: &String, stopped: bool| stopped_of(name).is_none_or(|now| now == stopped);
            let settled = wanted.iter().filter(|(name, stopped)| done(name, **stopped));
            settled.map(|(name, _)| name.clone()).collect()
        });
        if !settled.is_empty() {
            self.wanted
                .update(|wanted| wanted.retain(|name, _| !settled.contains(name)));
        }
    }

    /// Says that a notebook is being deleted.
    pub(super) fn tell_deleting(self, name: &str) {
        self.toasts.push(Toast::done([name, " is being deleted"].concat()));
    }

    /// Says that a volume could not be deleted with its notebook.
    pub(super) fn tell_volume_kept(self, volume: &str, error: &Error) {
        let what = ["The volume ", volume, " was kept: "].concat();
        self.toasts.push(Toast::failed([what, what_and_next(error)].concat()));
    }

    /// Copies a text and says so.
    pub(super) fn copy(self, what: &'static str, text: String) {
        let Some(window) = web_sys::window() else { return };
        let promise = window.navigator().clipboard().write_text(&text);
        spawn(async move {
            let toast = match wasm_bindgen_futures::JsFuture::from(promise).await {
                Ok(_) => Toast::done([what, " copied"].concat()),
                Err(_) => Toast::failed("The browser did not allow to copy"),
            };
            self.toasts.push(toast);
        });
    }
}

/// Runs a write to its end, also when the page is left meanwhile: it was asked for.
fn spawn(task: impl Future<Output = ()> + 'static) {
    Owner::new().with(|| task_to_its_end(task));
}

fn right(
    live: Live,
    namespace: Signal<String>,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
) -> Memo<Option<String>> {
    let full = if group.is_empty() {
        resource.to_owned()
    } else {
        [resource, ".", group].concat()
    };
    memo(move || {
        let namespace = namespace.get();
        if namespace.is_empty() {
            return None;
        }
        let allowed: Allowed = live.access(&namespace).can(verb, group, resource).get();
        blocked(&allowed, verb, &full, &namespace)
    })
}
