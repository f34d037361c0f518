//! Says in one word how all streams together are doing.

use crate::client::Error;

use super::lease::StreamState;

/// The state of the connection, for the chip in the top bar and the banner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Connection {
    /// Everything that is shown is what the cluster has.
    Live,
    /// At least one list is being tried again.
    Reconnecting {
        /// Since when, in ms since 1970.
        since_ms: f64,
    },
    /// The browser says that there is no network.
    Offline {
        /// Since when, in ms since 1970.
        since_ms: f64,
    },
    /// There is no session any more.
    SignedOut,
}

/// Since when a stream is not what the cluster has, if it is not.
///
/// Lost rights and missing kinds are answers, not faults of the connection.
pub(super) fn troubled_since(state: &StreamState, now_ms: f64) -> Option<f64> {
    match state {
        StreamState::Stale { since_ms, .. } => Some(*since_ms),
        StreamState::Failed {
            error: Error::SignedOut,
        } => None,
        StreamState::Failed { .. } => Some(now_ms),
        StreamState::Loading
        | StreamState::Partial { .. }
        | StreamState::Live
        | StreamState::Denied { .. }
        | StreamState::Missing => None,
    }
}
