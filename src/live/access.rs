//! Tells which actions the user may take in a namespace, so that the others can be shown as disabled, with the reason.

use std::rc::Rc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;

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

/// The rules of one namespace as last asked.
pub(super) struct Rules {
    namespace: String,
    known: ArcRwSignal<Option<()>>,
}

impl Rules {
    pub(super) fn new(namespace: &str) -> Rules {
        Rules {
            namespace: namespace.to_owned(),
            known: ArcRwSignal::new(None),
        }
    }
}

impl Access {
    pub(super) fn new(rules: Rc<Rules>) -> Access {
        Access {
            rules: SendWrapper::new(rules),
        }
    }

    /// Whether the user may do `verb` (`create`, `patch`, `delete`, …) on a resource (`notebooks`, `pods/log`) of a group.
    pub(crate) fn can(&self, verb: &str, group: &str, resource: &str) -> Signal<Allowed> {
        let known = self.rules.known.clone();
        let why = format!("You may not {verb} {resource} {group} in {}.", self.rules.namespace);
        Signal::derive(move || match known.get() {
            None => Allowed::Unknown,
            Some(()) => Allowed::No { why: why.clone() },
        })
    }
}
