//! Tells which actions the user may take in a namespace, so that the others can be shown as disabled, with the reason.
//!
//! One `SelfSubjectRulesReview` a namespace and minute; a `SelfSubjectAccessReview` where that is incomplete. The cluster
//! decides again at each request, so this is for the screen only.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use flowdeck_objects::json::{Value, from_str};
use flowdeck_watch::resource::{ACCESS_REVIEWS, RULES_REVIEWS};
use flowdeck_watch::rights::{RulesReview, Verdict};
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::client::Error;
use crate::client::kubernetes::{DryRun, create};
use crate::client::session::object;

use super::browser;
use super::tell::tell;

/// How long rules are believed, in ms.
const BELIEVED_MS: f64 = 60_000.0;
/// Refusals may make us ask again only so often, in ms.
const ASK_EVERY_MS: f64 = 5_000.0;

/// Whether an action is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Not known yet.
    Unknown,
    /// Yes.
    Yes,
    /// No.
    No {
        /// Which right is missing, as a sentence.
        why: String,
    },
}

/// What the user may do in one namespace.
#[derive(Clone)]
pub(crate) struct Access {
    rules: SendWrapper<Rc<Rules>>,
}

type Action = (String, String, String);

/// The rules of one namespace as last asked.
pub(super) struct Rules {
    me: Weak<Rules>,
    namespace: String,
    review: ArcRwSignal<Option<RulesReview>>,
    /// Actions that were asked about alone; `None` while the answer is under way.
    alone: RefCell<HashMap<Action, Option<bool>>>,
    alone_changed: ArcRwSignal<u32>,
    asked_at_ms: Cell<f64>,
    is_asking: Cell<bool>,
}

impl Rules {
    pub(super) fn new(namespace: &str) -> Rc<Rules> {
        Rc::new_cyclic(|me| Rules {
            me: me.clone(),
            namespace: namespace.to_owned(),
            review: ArcRwSignal::new(None),
            alone: RefCell::default(),
            alone_changed: ArcRwSignal::new(0),
            asked_at_ms: Cell::new(f64::NEG_INFINITY),
            is_asking: Cell::new(false),
        })
    }

    /// Whether anybody but the store still looks.
    pub(super) fn is_wanted(self: &Rc<Self>) -> bool {
        Rc::strong_count(self) > 1
    }

    /// Asks if the rules are old.
    pub(super) fn refresh(&self) {
        if browser::steady_ms() - self.asked_at_ms.get() >= BELIEVED_MS {
            self.ask();
        }
    }

    /// Something was refused, so the rules may be wrong: asks now, unless just asked.
    pub(super) fn doubt(&self) {
        if browser::steady_ms() - self.asked_at_ms.get() >= ASK_EVERY_MS {
            self.ask();
        }
    }

    /// Another session: nothing is known.
    pub(super) fn forget(&self) {
        self.asked_at_ms.set(f64::NEG_INFINITY);
        self.alone.borrow_mut().clear();
        tell(&self.review, None);
    }

    fn ask(&self) {
        if self.is_asking.replace(true) {
            return;
        }
        self.asked_at_ms.set(browser::steady_ms());
        let me = self.me.clone();
        let namespace = self.namespace.clone();
        browser::spawn(async move {
            let answer = ask_rules(&namespace).await;
            let Some(rules) = me.upgrade() else { return };
            rules.is_asking.set(false);
            match answer {
                Ok(review) => {
                    rules.alone.borrow_mut().clear();
                    if rules.review.try_with_untracked(|old| old.as_ref() != Some(&review)) == Some(true) {
                        tell(&rules.review, Some(review));
                    }
                }
                // What was known stays; asked again soon.
                Err(_) => rules.asked_at_ms.set(browser::steady_ms() - BELIEVED_MS + ASK_EVERY_MS),
            }
        });
    }

    fn allowed(&self, action: &Action) -> Allowed {
        let (verb, group, resource) = action;
        let verdict = self
            .review
            .with(|review| Some(review.as_ref()?.verdict(verb, group, resource)));
        match verdict {
            None => Allowed::Unknown,
            Some(Verdict::Yes) => Allowed::Yes,
            Some(Verdict::No) => self.no(verb, resource),
            Some(Verdict::AskAlone) => {
                self.alone_changed.track();
                let known = self.alone.borrow().get(action).copied();
                match known {
                    Some(Some(true)) => Allowed::Yes,
                    Some(Some(false)) => self.no(verb, resource),
                    Some(None) => Allowed::Unknown,
                    None => {
                        self.ask_alone(action.clone());
                        Allowed::Unknown
                    }
                }
            }
        }
    }

    fn no(&self, verb: &str, resource: &str) -> Allowed {
        let place = if self.namespace.is_empty() {
            "the cluster"
        } else {
            &self.namespace
        };
        Allowed::No {
            why: format!("You need the right to {verb} {resource} in {place}."),
        }
    }

    fn ask_alone(&self, action: Action) {
        self.alone.borrow_mut().insert(action.clone(), None);
        let me = self.me.clone();
        let namespace = self.namespace.clone();
        browser::spawn(async move {
            let answer = ask_action(&namespace, &action).await;
            let Some(rules) = me.upgrade() else { return };
            match answer {
                Ok(allowed) => rules.alone.borrow_mut().insert(action, Some(allowed)),
                Err(_) => rules.alone.borrow_mut().remove(&action),
            };
            rules.alone_changed.try_update(|count| *count = count.wrapping_add(1));
        });
    }
}

impl Access {
    pub(super) fn new(rules: Rc<Rules>) -> Access {
        rules.refresh();
        Access {
            rules: SendWrapper::new(rules),
        }
    }

    /// Whether the user may do `verb` (`create`, `patch`, `delete`, …) on a resource (`notebooks`, `pods/log`) of a group.
    pub(crate) fn can(&self, verb: &str, group: &str, resource: &str) -> Signal<Allowed> {
        let rules = self.rules.clone();
        let action = (verb.to_owned(), group.to_owned(), resource.to_owned());
        Signal::derive(move || rules.allowed(&action))
    }
}

#[derive(Default)]
struct Answer {
    status: AnswerStatus,
}

#[derive(Default)]
struct AnswerStatus {
    allowed: bool,
}

flowdeck_objects::fields!(Answer { b"status" => status });
flowdeck_objects::fields!(AnswerStatus { b"allowed" => allowed });

async fn ask_rules(namespace: &str) -> Result<RulesReview, Error> {
    // The API wants a namespace; rules of the whole cluster are part of any.
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    let body = review("SelfSubjectRulesReview", &object(&[("namespace", namespace)]));
    read(&create(RULES_REVIEWS, "", body, DryRun::No).await?)
}

async fn ask_action(namespace: &str, (verb, group, resource): &Action) -> Result<bool, Error> {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let attributes = object(&[
        ("namespace", namespace),
        ("verb", verb),
        ("group", group),
        ("resource", resource),
        ("subresource", subresource),
    ]);
    let spec = [r#"{"resourceAttributes":"#, &attributes, "}"].concat();
    let body = review("SelfSubjectAccessReview", &spec);
    let answer: Answer = read(&create(ACCESS_REVIEWS, "", body, DryRun::No).await?)?;
    Ok(answer.status.allowed)
}

fn review(kind: &str, spec: &str) -> String {
    [
        r#"{"apiVersion":"authorization.k8s.io/v1","kind":""#,
        kind,
        r#"","spec":"#,
        spec,
        "}",
    ]
    .concat()
}

fn read<R: Value + Default>(text: &str) -> Result<R, Error> {
    from_str(text).map_err(|error| Error::Unreadable { message: error.message })
}
