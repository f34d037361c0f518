//! Shows the log: follow, search, previous container, times, wrap, download.

use flowdeck_objects::Timestamp;
use flowdeck_view::query::NotebookQuery;
use leptos::ev;
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;
use wasm_bindgen::JsCast;

use super::super::actions::Actions;
use super::super::words::{sentence, what_and_next};
use super::log_stream::{Flow, Log, waits_for};
use super::page::Go;
use super::snapshot::Snapshot;
use crate::widgets::Act;
use crate::widgets::button::{Button, Kind};
use crate::widgets::icon::Icon;
use crate::widgets::log_view::{LogLine, LogSpan, LogView};
use crate::widgets::reactive::{effect, memo};
use crate::widgets::states::{DeniedState, EmptyState};

/// The panel.
pub(super) fn logs(seen: Snapshot, actions: Actions, query: Memo<NotebookQuery>, go: Go) -> AnyView {
    let container = RwSignal::new(String::new());
    let own = Signal::derive(move || {
        let chosen = container.get();
        if chosen.is_empty() { seen.name.get() } else { chosen }
    });
    let previous = Signal::derive(move || query.with(|query| query.previous));
    let log = Log::new(seen, own, previous);
    let (follow, wrap, times) = (RwSignal::new(true), RwSignal::new(false), RwSignal::new(false));
    let needle = RwSignal::new(String::new());
    let hit = RwSignal::new(None::<usize>);
    effect(move || {
        log.find(&needle.get());
        hit.set(None);
    });
    let reveal = Signal::derive(move || {
        let hit = hit.get()?;
        let number = log.search.with_value(|search| search.get(hit))?;
        log.buffer
            .with_value(|buffer| usize::try_from(number.checked_sub(buffer.first())?).ok())
    });
    let step = move |forward: bool| {
        let count = log.hits.get_untracked();
        if count == 0 {
            return;
        }
        let next = match hit.get_untracked() {
            // The first search goes to the newest hit.
            None => count - 1,
            Some(at) if forward => (at + 1) % count,
            Some(at) => (at + count - 1) % count,
        };
        follow.set(false);
        hit.set(Some(next));
    };
    let line_at = UnsyncCallback::new(move |(place,): (usize,)| line(log, place, times.get_untracked()));
    let chars_at = UnsyncCallback::new(move |(place,): (usize,)| {
        let extra = if times.get_untracked() { TIME_CHARS } else { 0 };
        let chars = log
            .buffer
            .try_with_value(|buffer| buffer.get(place).map_or(0, |line| line.text.chars().count()));
        chars.unwrap_or_default() + extra
    });
    // Switching times redraws all lines.
    let version = Signal::derive(move || log.version.get() * 2 + u64::from(times.get()));
    let label = Signal::derive(move || ["Log of ", &own.get()].concat());
    let empty = memo(move || log.count.get() == 0);
    let view = move || {
        if let Some(why) = actions.no_logs().get() {
            return view! {
                <DeniedState title="You may not read the log" text="Ask the owner of the namespace for access." details=why />
            }
            .into_any();
        }
        if empty.get() {
            return without_lines(log.flow.get(), previous.get());
        }
        view! {
            <LogView
                label=label
                count=log.count
                version=version
                line_at=line_at
                chars_at=chars_at
                wrap=wrap
                follow=follow
                search=needle
                reveal=reveal
            />
        }
        .into_any()
    };
    view! {
        <div class="logs">
            <div class="logs-bar">
                {search_field(needle, log.hits, hit, step)} {toggle("Follow", follow)} {toggle("Wrap", wrap)}
                {toggle("Times", times)} {previous_button(seen, own, query, go)} {containers(seen, own, container)}
                <span class="logs-space"></span> {state(seen, own, log, previous)}
                <Button
                    label="Download log"
                    kind=Kind::Quiet
                    icon=Icon::Download
                    icon_only=true
                    on_click=move || download(log, &own.get_untracked())
                />
            </div>
            {view}
        </div>
    }
    .into_any()
}

/// `08:41:02` and a space.
const TIME_CHARS: usize = 9;

fn line(log: Log, place: usize, times: bool) -> Option<LogLine> {
    let read = |buffer: &flowdeck_view::log::LogBuffer| {
        let line = buffer.get(place)?;
        let spans = line
            .pieces()
            .into_iter()
            .map(|(text, class)| LogSpan {
                text: text.to_owned(),
                class,
            })
            .collect();
        let time = if times { clock(&line.stamp) } else { String::new() };
        Some(LogLine {
            number: buffer.first() + place as u64,
            time,
            spans,
        })
    };
    log.buffer.try_with_value(read).flatten()
}

/// Hours, minutes and seconds of a stamp, in the reader's time zone.
fn clock(stamp: &str) -> String {
    let Some(at) = Timestamp::parse(stamp) else {
        return String::new();
    };
    let date = js_sys::Date::new(&(at.ms() as f64).into());
    let two = |number: u32| (number + 100).to_string()[1..].to_owned();
    [two(date.get_hours()), two(date.get_minutes()), two(date.get_seconds())].join(":")
}

fn search_field(
    needle: RwSignal<String>,
    hits: RwSignal<usize>,
    hit: RwSignal<Option<usize>>,
    step: impl Fn(bool) + Copy + 'static,
) -> AnyView {
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            step(!event.shift_key());
        }
        "Escape" => needle.set(String::new()),
        _ => {}
    };
    let words = move || {
        let (count, at) = (hits.get(), hit.get());
        match (needle.with(String::is_empty), count, at) {
            (true, ..) => String::new(),
            (_, 0, _) => "none".to_owned(),
            (_, count, None) => count.to_string(),
            (_, count, Some(at)) => [(at + 1).min(count).to_string(), count.to_string()].join(" of "),
        }
    };
    view! {
        <span class="input logs-search">
            <input
                type="search"
                class="input-text"
                placeholder="Search in log"
                aria-label="Search in log"
                autocomplete="off"
                spellcheck="false"
                prop:value=needle
                on:input=move |event| needle.set(event_target_value(&event))
                on:keydown=keys
            />
            <span class="input-unit" role="status">
                {words}
            </span>
        </span>
        <Button label="Previous hit" small=true kind=Kind::Quiet icon=Icon::Up icon_only=true on_click=move || step(false) />
        <Button label="Next hit" small=true kind=Kind::Quiet icon=Icon::Down icon_only=true on_click=move || step(true) />
    }
    .into_any()
}

fn toggle(label: &'static str, on: RwSignal<bool>) -> AnyView {
    let pressed: Signal<bool> = on.into();
    let act: Act = (move || on.update(|on| *on = !*on)).into();
    view! { <Button label=label small=true on_click=act pressed=pressed /> }.into_any()
}

/// Offered once there was a container before this one.
fn previous_button(seen: Snapshot, container: Signal<String>, query: Memo<NotebookQuery>, go: Go) -> AnyView {
    let has = memo(move || {
        let container = container.get();
        seen.pod.with(|pod| {
            let status = pod.as_ref().and_then(|pod| pod.container_status(&container));
            status.is_some_and(|status| status.restart_count > 0)
        })
    });
    let pressed = Signal::derive(move || query.with(|query| query.previous));
    let switch = move || {
        let query = query.get_untracked();
        go.run((NotebookQuery {
            previous: !query.previous,
            ..query
        },));
    };
    let view = move || {
        (has.get() || pressed.get())
            .then(|| view! { <Button label="Before the restart" small=true on_click=switch pressed=pressed /> })
    };
    view.into_any()
}

/// A choice of container, where the pod has more than one.
fn containers(seen: Snapshot, own: Signal<String>, chosen: RwSignal<String>) -> AnyView {
    let names = memo(move || {
        let names =
            |pod: &flowdeck_objects::Pod| pod.spec.containers.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        seen.pod.with(|pod| pod.as_ref().map(names).unwrap_or_default())
    });
    let view = move || {
        let names = names.get();
        (names.len() > 1).then(|| {
            let options = names
                .into_iter()
                .map(|name| {
                    let selected = name == own.get_untracked();
                    view! { <option value=name.clone() selected=selected>{name.clone()}</option> }
                })
                .collect_view();
            view! {
                <select
                    class="logs-container"
                    aria-label="Container"
                    on:change=move |event| chosen.set(event_target_value(&event))
                >
                    {options}
                </select>
            }
        })
    };
    view.into_any()
}

/// How the stream is doing, in a few words.
fn state(seen: Snapshot, container: Signal<String>, log: Log, previous: Signal<bool>) -> AnyView {
    let waits = memo(move || {
        let container = container.get();
        seen.pod.with(|pod| {
            let pod = pod.as_ref()?;
            pod.container_status(&container)?.state.waiting.as_ref()?;
            Some(waits_for(pod, &container))
        })
    });
    let words = move || match log.flow.get() {
        Flow::Live | Flow::Connecting if previous.get() => "Reading".to_owned(),
        Flow::Live => "Live".to_owned(),
        Flow::Connecting => "Connecting".to_owned(),
        Flow::Ended => "The whole log of the container before the restart".to_owned(),
        Flow::NoPod => "The pod is gone; these are its last lines".to_owned(),
        Flow::Waiting(_) | Flow::Dropped(_) if waits.with(Option::is_some) => {
            ["Container is waiting: ", &waits.get().unwrap_or_default()].concat()
        }
        Flow::Waiting(why) => ["Container is waiting: ", &why].concat(),
        Flow::Dropped(why) if why.is_empty() => "The container ended; waiting for more".to_owned(),
        Flow::Dropped(why) => ["Reconnecting: ", &why].concat(),
        Flow::Failed(error) => error.to_string(),
    };
    let shown = move || log.count.get() > 0;
    view! {
        <span class="logs-state" role="status">
            {move || shown().then(words)}
        </span>
    }
    .into_any()
}

/// What stands in place of the lines while there are none.
fn without_lines(flow: Flow, previous: bool) -> AnyView {
    let (title, text) = match flow {
        Flow::NoPod => (
            "There is no pod".to_owned(),
            "A stopped notebook has no log. Start it to get one.".to_owned(),
        ),
        Flow::Waiting(why) => (
            ["Container is waiting: ", &why].concat(),
            "Its log shows here once it has started.".to_owned(),
        ),
        Flow::Ended if previous => (
            "No log from before the restart".to_owned(),
            "The node has not kept it.".to_owned(),
        ),
        Flow::Connecting | Flow::Live | Flow::Ended => (
            "Nothing logged yet".to_owned(),
            "What the server writes shows here at once.".to_owned(),
        ),
        Flow::Dropped(why) if why.is_empty() => (
            "Nothing logged yet".to_owned(),
            "What the server writes shows here at once.".to_owned(),
        ),
        Flow::Dropped(why) => ("The log could not be read".to_owned(), sentence(&why)),
        Flow::Failed(error) => ("The log could not be read".to_owned(), sentence(&what_and_next(&error))),
    };
    view! { <EmptyState title=title text=text /> }.into_any()
}

/// Saves what is held of the log, with times, as a file.
fn download(log: Log, name: &str) {
    let text = log.buffer.with_value(|buffer| buffer.text(true));
    let parts = js_sys::Array::of1(&text.into());
    let Ok(blob) = web_sys::Blob::new_with_str_sequence(&parts) else {
        return;
    };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else {
        return;
    };
    let link = document()
        .create_element("a")
        .ok()
        .and_then(|a| a.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    if let Some(link) = link {
        link.set_href(&url);
        link.set_download(&[name, ".log"].concat());
        link.click();
    }
    // The download has begun by then; the browser keeps what it needs.
    set_timeout(
        move || {
            web_sys::Url::revoke_object_url(&url).ok();
        },
        std::time::Duration::from_secs(10),
    );
}
