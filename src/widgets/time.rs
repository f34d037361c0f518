//! Says when something was: relative up to a week, then the date; exact on hover and for the screen reader.

use crate::widgets::reactive::memo;
use leptos::prelude::*;

/// A point in time in words, kept fresh by `now`.
#[component]
pub(crate) fn RelativeTime(
    /// The time, in milliseconds since 1970; nothing is shown as "–".
    #[prop(into)]
    at_ms: Signal<Option<f64>>,
    /// The clock, in the same unit.
    #[prop(into)]
    now_ms: Signal<f64>,
) -> AnyView {
    let words = memo(move || {
        at_ms
            .get()
            .map_or_else(|| "–".to_owned(), |at| relative(at, now_ms.get()))
    });
    let iso = move || {
        at_ms
            .get()
            .map(|at| String::from(js_sys::Date::new(&at.into()).to_iso_string()))
    };
    view! {
        <time class="time" datetime=iso title=move || at_ms.get().map(exact)>
            {words}
        </time>
    }
    .into_any()
}

/// "2 min ago", "yesterday" from a day on, the date from a week on.
pub(crate) fn relative(at_ms: f64, now_ms: f64) -> String {
    let secs = ((now_ms - at_ms) / 1000.0).max(0.0) as u64;
    match secs {
        0..45 => "just now".to_owned(),
        45..3_600 => format!("{} min ago", (secs / 60).max(1)),
        3_600..86_400 => format!("{} h ago", secs / 3_600),
        86_400..604_800 => format!("{} d ago", secs / 86_400),
        _ => String::from(
            js_sys::Date::new(&at_ms.into()).to_locale_date_string("default", &wasm_bindgen::JsValue::UNDEFINED),
        ),
    }
}

/// The time with its zone, as the browser writes it.
pub(crate) fn exact(at_ms: f64) -> String {
    String::from(js_sys::Date::new(&at_ms.into()).to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED))
}
