//! Says in one word how all streams together are doing.

use leptos::prelude::*;

use crate::client::Error;

use super::lease::StreamState;
use super::tell::tell;
use super::{Inner, browser};

/// The state of the connection, for the chip in the top bar and the banner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Connection {
    /// The first lists are still coming.
    Loading,
    /// Everything that is shown is what the cluster has.
    Live,
    /// At least one list is being tried again.
    Reconnecting {
        /// Since when, in ms since 1970.
        since_ms: f64,
        /// Why, in words, of the one that has waited longest.
        why: String,
    },
    /// The browser says that there is no network.
    Offline {
        /// Since when, in ms since 1970.
        since_ms: f64,
    },
    /// There is no session any more.
    SignedOut,
}

/// Since when and why a stream is not what the cluster has, if it is not.
///
/// Lost rights and missing kinds are answers, not faults of the connection.
pub(super) fn trouble(state: &StreamState, now_ms: f64) -> Option<(f64, String)> {
    match state {
        StreamState::Stale { since_ms, why } => Some((*since_ms, why.clone())),
        StreamState::Failed {
            error: Error::SignedOut,
        } => None,
        StreamState::Failed { error } => Some((now_ms, error.to_string())),
        StreamState::Loading
        | StreamState::Partial { .. }
        | StreamState::Live
        | StreamState::Denied { .. }
        | StreamState::Missing => None,
    }
}

impl Inner {
    /// Derives the connection's state from everything else.
    pub(super) fn judge_connection(&self) {
        let now_ms = browser::now_ms();
        let former = self.connection.try_get_untracked();
        let states: Vec<StreamState> = self
            .streams
            .borrow()
            .values()
            .map(|entry| entry.stream.state())
            .collect();
        let longest = || {
            let troubles = states.iter().filter_map(|state| trouble(state, now_ms));
            troubles.min_by(|(one, _), (other, _)| one.total_cmp(other))
        };
        // Later a list that is new says nothing of those that stand: "Live" does not flicker with each that is opened.
        let loads = |state: &StreamState| match state {
            StreamState::Loading => former == Some(Connection::Loading),
            StreamState::Partial { .. } => true,
            _ => false,
        };
        let next = if self.session.is_out.get() {
            Connection::SignedOut
        } else if let Some(since_ms) = self.offline_since_ms.get() {
            Connection::Offline { since_ms }
        } else if let Some((since_ms, why)) = longest() {
            // A list that never came has no beginning of its own: the first time that it was told counts.
            let since_ms = match &former {
                Some(Connection::Reconnecting { since_ms: told_ms, .. }) => told_ms.min(since_ms),
                _ => since_ms,
            };
            Connection::Reconnecting { since_ms, why }
        } else if states.is_empty() || states.iter().any(loads) {
            Connection::Loading
        } else {
            Connection::Live
        };
        if former.as_ref() != Some(&next) {
            tell(&self.connection, next);
        }
    }
}
