//! Shows the Notebook or its Pod as YAML to read, fetched anew when the object changes.

use flowdeck_view::query::{NotebookQuery, Shown};
use flowdeck_view::yaml::{Options, to_yaml};
use flowdeck_watch::resource::{NOTEBOOKS, PODS};
use leptos::prelude::*;

use super::super::words::{sentence, what_and_next};
use super::page::Go;
use super::snapshot::Snapshot;
use crate::client::kubernetes;
use crate::widgets::button::{Button, Kind};
use crate::widgets::code_view::CodeView;
use crate::widgets::reactive::{memo, task};
use crate::widgets::states::{EmptyState, ErrorState};

/// How long a burst of changes may be before the object is fetched again.
const SETTLE_MS: u32 = 300;

/// The panel.
pub(super) fn yaml(seen: Snapshot, query: Memo<NotebookQuery>, go: Go) -> AnyView {
    let shown = memo(move || query.with(|query| query.shown));
    let text = RwSignal::new(String::new());
    let failed = RwSignal::new(None::<String>);
    // What to fetch: kind, name, and the version, so that a change fetches again.
    let wanted = memo(move || {
        let meta = |meta: &flowdeck_objects::Meta| (meta.name.clone(), meta.resource_version.clone());
        match shown.get() {
            Shown::Notebook => seen
                .notebook
                .with(|n| n.as_ref().map(|n| (NOTEBOOKS, meta(&n.metadata)))),
            Shown::Pod => seen.pod.with(|p| p.as_ref().map(|p| (PODS, meta(&p.metadata)))),
        }
    });
    let again = RwSignal::new(0_u32);
    Effect::new(move |before: Option<Shown>| {
        again.track();
        let shown = shown.get();
        let first = before != Some(shown);
        if first {
            text.set(String::new());
            failed.set(None);
        }
        let (Some((resource, (name, _))), namespace) = (wanted.get(), seen.namespace.get()) else {
            return shown;
        };
        task(async move {
            if !first {
                gloo_timers::future::TimeoutFuture::new(SETTLE_MS).await;
            }
            let answer = kubernetes::get(resource, &namespace, &name).await;
            let answer = answer.map_err(|error| sentence(&what_and_next(&error)));
            match answer.and_then(|json| to_yaml(&json, Options::default()).map_err(|error| error.to_string())) {
                Ok(yaml) => {
                    text.try_set(yaml);
                    failed.try_set(None);
                }
                Err(why) => {
                    failed.try_set(Some(why));
                }
            }
        });
        shown
    });
    let choose = move |shown: Shown| {
        move || {
            go.run((NotebookQuery {
                shown,
                ..query.get_untracked()
            },))
        }
    };
    let pressed = move |which: Shown| Signal::derive(move || shown.get() == which);
    let no_pod = move || shown.get() == Shown::Pod && seen.pod.with(Option::is_none);
    let view = move || {
        if no_pod() {
            return view! { <EmptyState title="There is no pod" text="A stopped notebook has none. Start it to get one." /> }
                .into_any();
        }
        if let Some(why) = failed.get().filter(|_| text.with(String::is_empty)) {
            let retry = move || again.update(|again| *again += 1);
            return view! {
                <ErrorState title="The object could not be loaded" text=why on_retry=retry />
            }
            .into_any();
        }
        let label = ["YAML of ", &seen.name.get()].concat();
        view! { <CodeView text=text label=label /> }.into_any()
    };
    view! {
        <div class="yaml-kinds" role="group" aria-label="Object">
            <Button
                label="Notebook"
                kind=Kind::Plain
                small=true
                on_click=choose(Shown::Notebook)
                pressed=pressed(Shown::Notebook)
            />
            <Button label="Pod" kind=Kind::Plain small=true on_click=choose(Shown::Pod) pressed=pressed(Shown::Pod) />
            <span class="muted">"Read-only. Managed fields are left out, secrets are masked."</span>
        </div>
        {view}
    }
    .into_any()
}
