//! Says how true the page is: the chip beside the title, and the banner when it is not.

use leptos::prelude::*;

use crate::live::connection::Connection;
use crate::live::use_live;
use crate::widgets::button::Button;
use crate::widgets::reactive::memo;
use crate::widgets::states::Banner;

/// How long a loss may last before the banner comes, in ms: most are over before one has read it.
const PATIENCE_MS: f64 = 2_500.0;

/// "Live", or what it is instead and for how long.
#[component]
pub(crate) fn ConnectionChip() -> AnyView {
    let live = use_live();
    let (connection, now) = (live.connection(), live.now());
    let class = move || match connection.get() {
        Connection::Loading => "connection",
        Connection::Live => "connection connection-live",
        Connection::Reconnecting { .. } => "connection connection-again",
        Connection::Offline { .. } | Connection::SignedOut => "connection connection-off",
    };
    let word = memo(move || match connection.get() {
        Connection::Loading => "Loading",
        Connection::Live => "Live",
        Connection::Reconnecting { .. } => "Reconnecting",
        Connection::Offline { .. } => "Offline",
        Connection::SignedOut => "Signed out",
    });
    let since = memo(move || match connection.get() {
        Connection::Reconnecting { since_ms, .. } | Connection::Offline { since_ms } => span(now.get() - since_ms),
        _ => String::new(),
    });
    view! {
        <span class=class>
            <span class="connection-dot" aria-hidden="true"></span>
            <span role="status">{word}</span>
            <span class="wide">{since}</span>
        </span>
    }
    .into_any()
}

/// Says since when what is shown may be out of date, and lets one try at once.
#[component]
pub(crate) fn StaleBanner() -> AnyView {
    let live = use_live();
    let (connection, now) = (live.connection(), live.now());
    let text = memo(move || match connection.get() {
        Connection::Reconnecting { since_ms, why } if now.get() - since_ms > PATIENCE_MS => format!(
            "No news from the cluster since {} ({why}). What is shown may be out of date.",
            clock(since_ms)
        ),
        Connection::Offline { since_ms } => {
            format!(
                "This computer is offline since {}. What is shown may be out of date.",
                clock(since_ms)
            )
        }
        _ => String::new(),
    });
    view! {
        <Banner text=text>
            <Button label="Try now" small=true on_click=move || live.retry() />
        </Banner>
    }
    .into_any()
}

/// "12 s", "3 min".
fn span(ms: f64) -> String {
    let secs = (ms / 1000.0).max(0.0) as u64;
    if secs < 60 {
        format!("{secs} s")
    } else {
        format!("{} min", secs / 60)
    }
}

/// The time of day of a moment, as the browser writes it.
fn clock(at_ms: f64) -> String {
    let date = js_sys::Date::new(&at_ms.into());
    String::from(date.to_locale_time_string("default"))
}
