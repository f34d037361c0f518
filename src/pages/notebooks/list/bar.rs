//! Narrows the list: text, chips with counts, and what of the quota is used.

use std::time::Duration;

use flowdeck_objects::{Group, Phase};
use flowdeck_view::query::{NotebooksQuery, group_from_word};
use flowdeck_view::quota::{QuotaLine, quota_lines, tightest};
use leptos::prelude::*;

use super::super::stores::held;
use super::super::words::tone_of;
use super::page::{Go, List, Summary};
use crate::live::lease::Lease;
use crate::live::{Live, use_live};
use crate::widgets::filter_bar::{Chip, FilterBar};
use crate::widgets::meter::Meter;
use crate::widgets::reactive::memo;

/// How long the text field waits for the next key before it writes the URL.
const TYPING: Duration = Duration::from_millis(250);

/// So many resources under quota have room beside the chips.
const QUOTA_LINES: usize = 2;

/// Filter, chips and quota.
pub(super) fn bar(list: List, query: Memo<NotebooksQuery>, typed: RwSignal<String>, go: Go) -> AnyView {
    let pause = StoredValue::new_local(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(Some(handle)) = pause.try_update_value(Option::take) {
            handle.clear();
        }
    };
    on_cleanup(stop);
    let on_text = move |text: String| {
        typed.set(text);
        stop();
        let write = move || {
            let (Some(query), Some(q)) = (query.try_get_untracked(), typed.try_get_untracked()) else {
                return;
            };
            go.run((NotebooksQuery { q, ..query },));
        };
        pause.set_value(set_timeout_with_handle(write, TYPING).ok());
    };
    let counts = Signal::derive(move || list.summary.with(counts_of));
    let chosen = Signal::derive(move || query.with(|query| query.phase.map_or("", Group::key).to_owned()));
    let on_choose = move |id: String| {
        let phase = group_from_word(&id);
        go.run((NotebooksQuery {
            phase,
            q: typed.get_untracked(),
            ..query.get_untracked()
        },));
    };
    view! {
        <FilterBar
            placeholder="Filter by name, image, reason"
            text=typed
            on_text=on_text
            chips=chips()
            counts=counts
            chosen=chosen
            on_choose=on_choose
        >
            {quota(list.namespace)}
        </FilterBar>
    }
    .into_any()
}

fn chips() -> Vec<Chip> {
    let all = Chip {
        id: String::new(),
        label: "All".to_owned(),
        tone: None,
    };
    let one = |group: Group| Chip {
        id: group.key().to_owned(),
        label: group.word().to_owned(),
        tone: Some(tone_of(phase_of_group(group))),
    };
    std::iter::once(all).chain(Group::ALL.into_iter().map(one)).collect()
}

fn counts_of(summary: &Summary) -> Vec<usize> {
    std::iter::once(summary.with_text).chain(summary.groups).collect()
}

fn phase_of_group(group: Group) -> Phase {
    match group {
        Group::Running => Phase::Running,
        Group::Starting => Phase::Starting,
        Group::Failing => Phase::Failed,
        Group::Waiting => Phase::Waiting,
        Group::Stopped => Phase::Stopped,
    }
}

/// What of the namespace's quota is used.
fn quota(namespace: Signal<String>) -> AnyView {
    let quotas = held(namespace, &use_live(), Live::quotas);
    let lines = memo(move || {
        let read = |lease: &Lease<_>| lease.with(|rows| tightest(quota_lines(rows.iter()), QUOTA_LINES));
        quotas.with(|lease| lease.as_ref().map(read).unwrap_or_default())
    });
    // One meter a resource, kept while its numbers change.
    let resources = memo(move || lines.with(|lines| lines.iter().map(|l| l.resource.clone()).collect::<Vec<_>>()));
    let meters = move || {
        let meter = |at: usize| {
            let line = move |read: fn(&QuotaLine) -> String| {
                Signal::derive(move || lines.with(|lines| lines.get(at).map(read).unwrap_or_default()))
            };
            let share = Signal::derive(move || lines.with(|lines| lines.get(at).map_or(0.0, QuotaLine::share)));
            view! {
                <Meter
                    label=line(|l| l.label.clone())
                    used=line(QuotaLine::used_text)
                    limit=line(QuotaLine::hard_text)
                    share=share
                />
            }
        };
        (0..resources.with(Vec::len)).map(meter).collect_view()
    };
    view! { <div class="quota">{meters}</div> }.into_any()
}
