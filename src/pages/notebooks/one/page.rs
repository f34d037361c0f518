//! Lays out the page of one notebook and its states.

use flowdeck_view::query::{NotebookQuery, NotebooksQuery, Tab};
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::super::actions::Actions;
use super::super::chunks::delete_dialog;
use super::super::delete::Question;
use super::super::words::what_and_next;
use super::snapshot::{Snapshot, State};
use super::{events, head, logs, overview, yaml};
use crate::live::use_live;
use crate::shell::namespace::use_namespace;
use crate::shell::page::Page;
use crate::shell::router::use_router;
use crate::widgets::Act;
use crate::widgets::button::Button;
use crate::widgets::skeleton::Skeleton;
use crate::widgets::states::{DeniedState, EmptyState, ErrorState};
use crate::widgets::tabs::{self, Tabs};

/// The tabs, their ids as the URL has them.
const TABS: &[tabs::Tab] = &[
    tabs::Tab {
        id: "overview",
        label: "Overview",
    },
    tabs::Tab {
        id: "logs",
        label: "Logs",
    },
    tabs::Tab {
        id: "events",
        label: "Events",
    },
    tabs::Tab {
        id: "yaml",
        label: "YAML",
    },
];

/// Writes a query of this page into the URL.
pub(super) type Go = UnsyncCallback<(NotebookQuery,)>;

/// One notebook: `/notebooks/:name`.
#[component]
pub(crate) fn NotebookPage() -> AnyView {
    let namespace = use_namespace();
    let router = use_router();
    let name = router.param("name");
    let query = router.query(NotebookQuery::from_params);
    let actions = Actions::new(namespace);
    let seen = Snapshot::new(namespace, name, actions);
    let ask_delete = RwSignal::new(None::<String>);
    let go: Go = UnsyncCallback::new(move |(next,): (NotebookQuery,)| {
        let next = NotebookQuery {
            ns: namespace.get_untracked(),
            ..next
        };
        router.push(&next.url(&name.get_untracked()));
    });
    let list_url = move || {
        NotebooksQuery {
            ns: namespace.get(),
            ..NotebooksQuery::default()
        }
        .url()
    };
    let leave: Act = (move || router.push(&untrack(list_url))).into();
    let parent = Signal::derive(move || Some(("Notebooks".to_owned(), list_url())));
    let buttons = move || head::buttons(seen, actions, ask_delete);
    let question = Question {
        actions,
        ask: ask_delete,
        namespace,
        leave,
    };
    view! {
        <Page title=name parent=parent actions=buttons>
            <div class="notebook">{body(seen, actions, query, go, leave)}</div>
            {delete_dialog(question)}
        </Page>
    }
    .into_any()
}

fn body(seen: Snapshot, actions: Actions, query: Memo<NotebookQuery>, go: Go, leave: Act) -> AnyView {
    let live = use_live();
    let retry: Act = (move || live.retry()).into();
    let back = move || view! { <Button label="Go to all notebooks" on_click=leave /> };
    let view = move || {
        let (name, namespace) = (seen.name.get(), seen.namespace.get());
        match seen.state.get() {
            State::There => there(seen, actions, query, go),
            State::Loading => view! { <Skeleton lines=8 label="Loading the notebook" /> }.into_any(),
            State::NoNamespace => view! {
                <EmptyState
                    title="Choose a namespace"
                    text="Notebooks belong to a namespace. Choose yours at the upper left."
                />
            }
            .into_any(),
            State::Gone => view! {
                <EmptyState
                    title=[&*name, " has been deleted"].concat()
                    text="It was deleted while this page was open. Its volumes may still be there."
                >
                    {back()}
                </EmptyState>
            }
            .into_any(),
            State::NotFound => view! {
                <EmptyState
                    title=["There is no notebook ", &name, " in ", &namespace].concat()
                    text="It may have been deleted, or it lives in another namespace."
                >
                    {back()}
                </EmptyState>
            }
            .into_any(),
            State::Denied(error) => view! {
                <DeniedState
                    title=["You may not see the notebooks of ", &namespace].concat()
                    text=error.advice()
                    details=error.to_string()
                />
            }
            .into_any(),
            State::Missing => view! {
                <ErrorState
                    title="This cluster has no notebooks"
                    text="Kubeflow Notebooks is not installed in it. Ask who runs the cluster."
                    on_retry=retry
                />
            }
            .into_any(),
            State::Failed(error) => view! {
                <ErrorState
                    title="The notebook could not be loaded"
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

fn there(seen: Snapshot, actions: Actions, query: Memo<NotebookQuery>, go: Go) -> AnyView {
    let chosen = Signal::derive(move || query.with(|query| query.tab.word().to_owned()));
    let on_choose = UnsyncCallback::new(move |(id,): (&'static str,)| {
        let tab = Tab::from_word(id).unwrap_or_default();
        go.run((NotebookQuery {
            tab,
            ..query.get_untracked()
        },));
    });
    let counts = UnsyncCallback::new(move |(id,): (&'static str,)| {
        let warnings = if id == "events" {
            seen.events.with(|e| e.iter().filter(|e| e.warning).count())
        } else {
            0
        };
        if warnings > 0 {
            warnings.to_string()
        } else {
            String::new()
        }
    });
    let panel = UnsyncCallback::new(move |(id,): (String,)| match Tab::from_word(&id).unwrap_or_default() {
        Tab::Overview => overview::overview(seen),
        Tab::Logs => logs::logs(seen, actions, query, go),
        Tab::Events => events::events(seen),
        Tab::Yaml => yaml::yaml(seen, query, go),
    });
    view! {
        {head::head(seen, query, go)}
        <Tabs label="Parts of the notebook" tabs=TABS chosen=chosen on_choose=on_choose counts=counts panel=panel />
    }
    .into_any()
}
