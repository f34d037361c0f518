//! Shows the rows, or the state that stands in their place.

use flowdeck_objects::Group;
use flowdeck_view::query::NotebooksQuery;
use leptos::prelude::*;

use super::super::words::what_and_next;
use super::page::{Go, List};
use super::rows::rows;
use crate::client::Error;
use crate::live::lease::StreamState;
use crate::live::use_live;
use crate::widgets::button::Button;
use crate::widgets::reactive::memo;
use crate::widgets::states::{DeniedState, EmptyState, ErrorState, FilteredEmpty};

/// Which of the list's states is shown.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    NoNamespace,
    /// The table: its rows, or what stands for them while they come.
    Table,
    Empty,
    FilteredEmpty,
    Denied(Error),
    Missing,
    Failed(Error),
}

pub(super) fn body(
    list: List,
    query: Memo<NotebooksQuery>,
    typed: RwSignal<String>,
    go: Go,
    create: crate::widgets::Act,
) -> AnyView {
    let shown = memo(move || {
        if list.namespace.with(String::is_empty) {
            return Shown::NoNamespace;
        }
        let (total, visible) = list.summary.with(|summary| (summary.total, summary.visible));
        match list.state.get() {
            StreamState::Denied { error } => Shown::Denied(error),
            StreamState::Missing => Shown::Missing,
            StreamState::Failed { error } if total == 0 => Shown::Failed(error),
            _ if visible > 0 => Shown::Table,
            _ if total > 0 => Shown::FilteredEmpty,
            StreamState::Live | StreamState::Stale { .. } => Shown::Empty,
            _ => Shown::Table,
        }
    });
    let clear = move || {
        typed.set(String::new());
        go.run((NotebooksQuery {
            q: String::new(),
            phase: None,
            ..query.get_untracked()
        },));
    };
    let live = use_live();
    let retry: crate::widgets::Act = (move || live.retry()).into();
    let table = StoredValue::new_local(rows(list, query, typed, go));
    let view = move || {
        let namespace = list.namespace.get();
        match shown.get() {
            Shown::Table => table.with_value(|table| table()),
            Shown::NoNamespace => view! {
                <EmptyState
                    title="Choose a namespace"
                    text="Notebooks belong to a namespace. Choose yours at the upper left."
                />
            }
            .into_any(),
            Shown::Empty => view! {
                <EmptyState
                    title=["No notebooks in ", &namespace, " yet"].concat()
                    text="A notebook is a server with JupyterLab, VS Code or RStudio that runs in the cluster, with the CPU, memory and GPUs you ask for."
                >
                    <Button label="New notebook" on_click=create blocked=list.actions.no_create() />
                </EmptyState>
            }
            .into_any(),
            Shown::FilteredEmpty => view! {
                <FilteredEmpty title="No notebook matches" text=filter_words(query, typed) on_clear=clear />
            }
            .into_any(),
            Shown::Denied(error) => view! {
                <DeniedState
                    title=["You may not see the notebooks of ", &namespace].concat()
                    text=error.advice()
                    details=error.to_string()
                />
            }
            .into_any(),
            Shown::Missing => view! {
                <ErrorState
                    title="This cluster has no notebooks"
                    text="Kubeflow Notebooks is not installed in it. Ask who runs the cluster."
                    details="kubeflow.org/v1 notebooks: no such resource"
                    on_retry=retry
                />
            }
            .into_any(),
            Shown::Failed(error) => view! {
                <ErrorState
                    title="The notebooks could not be loaded"
                    text=error.advice()
                    details=what_and_next(&error)
                    on_retry=retry
                />
            }
            .into_any(),
        }
    };
    view.into_any()
}

fn filter_words(query: Memo<NotebooksQuery>, typed: RwSignal<String>) -> Signal<String> {
    Signal::derive(move || {
        let text = typed.get();
        let phase = query.with(|query| query.phase.map(Group::word));
        match (text.trim(), phase) {
            ("", Some(phase)) => ["Filtered by status: ", phase].concat(),
            (text, None) => ["Filtered by “", text, "”"].concat(),
            (text, Some(phase)) => ["Filtered by “", text, "” and status: ", phase].concat(),
        }
    })
}
