//! Shows the state of the notebook, what is wrong and what to do, and offers what can be done.

use flowdeck_objects::{NotebookPhase, Phase, Tone as Hue};
use flowdeck_view::query::{NotebookQuery, Tab};
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::super::actions::Actions;
use super::super::words::{connect_url, sentence, tone_of};
use super::page::Go;
use super::snapshot::{Snapshot, State};
use crate::widgets::button::{Button, Kind};
use crate::widgets::icon::Icon;
use crate::widgets::link::ExternalLink;
use crate::widgets::menu::{Menu, MenuItem};
use crate::widgets::reactive::memo;
use crate::widgets::show::Show;
use crate::widgets::states::Note;
use crate::widgets::status::{StatusBadge, Tone};

/// The buttons of the top bar.
pub(super) fn buttons(seen: Snapshot, actions: Actions, ask_delete: RwSignal<Option<String>>) -> AnyView {
    let phase = memo(move || {
        seen.phase
            .with(|phase| phase.as_ref().map(|p| (p.phase, p.can_connect)))
    });
    let there = memo(move || seen.state.with(|state| *state == State::There));
    let set_stopped = move |stopped: bool| move || actions.set_stopped(seen.name.get_untracked(), stopped);
    let items = UnsyncCallback::new(move |()| {
        let leaving = phase.get_untracked().is_some_and(|(phase, _)| phase == Phase::Deleting);
        let blocked = leaving.then(|| "It is being deleted".to_owned());
        let delete = move || ask_delete.set(Some(seen.name.get_untracked()));
        vec![
            MenuItem::new("Copy name", Icon::Copy, move || {
                actions.copy("Name", seen.name.get_untracked())
            }),
            MenuItem::new("Delete notebook…", Icon::Delete, delete)
                .danger()
                .blocked(blocked.or(actions.no_delete().get_untracked())),
        ]
    });
    let href = Signal::derive(move || seen.namespace.with(|ns| seen.name.with(|name| connect_url(ns, name))));
    let one = move || {
        let (phase, can_connect) = phase.get()?;
        let stopped = matches!(phase, Phase::Stopped | Phase::Stopping);
        let leaving = (phase == Phase::Deleting).then(|| "It is being deleted".to_owned());
        let blocked = Signal::derive(move || leaving.clone().or(actions.no_patch().get()));
        let connect = can_connect.then(|| view! { <ExternalLink href=href label="Connect" button=Kind::Primary /> });
        let switch = if stopped {
            view! { <Button label="Start notebook" icon=Icon::Start on_click=set_stopped(false) blocked=blocked /> }
        } else {
            view! { <Button label="Stop notebook" icon=Icon::Stop on_click=set_stopped(true) blocked=blocked /> }
        };
        Some(view! {
            <span class="switch-button">{switch}</span>
            {connect}
        })
    };
    let label = Signal::derive(move || ["More actions for ", &seen.name.get()].concat());
    let view = move || {
        there.get().then(|| {
            view! {
                <Menu label=label items=items />
                {one}
            }
        })
    };
    view.into_any()
}

/// State, and a note when something is wrong.
pub(super) fn head(seen: Snapshot, query: Memo<NotebookQuery>, go: Go) -> AnyView {
    let read = move |read: fn(&NotebookPhase) -> String| {
        Signal::derive(move || seen.phase.with(|phase| phase.as_ref().map(read).unwrap_or_default()))
    };
    let tone = Signal::derive(move || {
        seen.phase
            .with(|p| p.as_ref().map_or(Tone::Pending, |p| tone_of(p.phase)))
    });
    let word = read(|p| p.phase.word().to_owned());
    let reason = read(|p| p.reason.clone().into_owned());
    let server = memo(move || {
        seen.notebook
            .with(|n| n.as_ref().map_or("", |n| n.server_type().label()))
    });
    let note = memo(move || seen.phase.with(|phase| phase.as_ref().and_then(note_of)));
    let show = move |label: &'static str, tab: Tab| {
        let open = move || {
            go.run((NotebookQuery {
                tab,
                ..query.get_untracked()
            },))
        };
        let hidden = move || query.with(|query| query.tab == tab);
        view! {
            <Show when=move || !hidden()>
                <Button label=label small=true on_click=open />
            </Show>
        }
    };
    let note = move || {
        note.get().map(|(bad, title, text)| {
            view! {
                <Note title=title text=text bad=bad>
                    {show("Show the log", Tab::Logs)}
                    {show("Show events", Tab::Events)}
                </Note>
            }
        })
    };
    view! {
        <div class="notebook-head">
            <StatusBadge tone=tone word=word reason=reason />
            <span class="notebook-kind">{server}</span>
        </div>
        {note}
    }
    .into_any()
}

/// Whether the note is red, its bold words, and the rest; only for what needs a hand.
fn note_of(phase: &NotebookPhase) -> Option<(bool, String, String)> {
    let bad = match phase.phase.tone() {
        Hue::Bad => true,
        Hue::Warn => false,
        _ if phase.advice.is_some() => false,
        _ => return None,
    };
    let title = if phase.reason.is_empty() {
        phase.phase.word().to_owned()
    } else {
        sentence(&phase.reason)
    };
    let message = phase.message.as_deref().map(sentence).unwrap_or_default();
    let advice = phase.advice.as_deref().map(sentence).unwrap_or_default();
    let text = if message.is_empty() || advice.is_empty() {
        [message, advice].concat()
    } else {
        [message.as_str(), " ", &advice].concat()
    };
    Some((bad, sentence(&title), text))
}
