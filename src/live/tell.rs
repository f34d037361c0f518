//! Sets the signals that outlive pages, without keeping what pages left in them.

use leptos::prelude::*;
use leptos::reactive::graph::Source;

/// Sets a signal and forgets who listened to it.
///
/// Leptos never takes what is gone off a signal's list: each page, and each line that is drawn anew, would make that of the
/// clock longer, for as long as the tab lives. What lives has been told, runs again, and listens again.
pub(crate) fn tell<S: Set + Source>(signal: &S, value: S::Value) {
    if signal.try_set(value).is_none() {
        signal.clear_subscribers();
    }
}
