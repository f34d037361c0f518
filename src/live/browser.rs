//! Wraps what the browser offers for time: clock, timers, animation frames.

/// Milliseconds since 1970 by the browser's clock.
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}
