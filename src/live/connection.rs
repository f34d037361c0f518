//! Says in one word how all streams together are doing.

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
