//! Lays out the list page and keeps its table in step with the stores and the URL.

use std::time::Duration;

use flowdeck_objects::{Group, Phase, Timestamp};
use flowdeck_view::query::{Column, NewNotebookQuery, NotebookQuery, NotebooksQuery, Sort, group_from_word};
use flowdeck_view::quota::{QuotaLine, quota_lines, tightest};
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::super::actions::Actions;
use super::super::delete::DeleteDialog;
use super::super::stores::held;
use super::super::words::{tone_of, what_and_next};
use super::board::Board;
use super::cells::{COLUMNS, START, cells_of};
use super::menu;
use crate::client::Error;
use crate::live::lease::{Lease, StreamState};
use crate::live::{Live, use_live};
use crate::shell::namespace::use_namespace;
use crate::shell::page::Page;
use crate::widgets::button::{Button, Kind};
use crate::widgets::filter_bar::{Chip, FilterBar};
use crate::widgets::meter::Meter;
use crate::widgets::skeleton::Skeleton;
use crate::widgets::states::{DeniedState, EmptyState, ErrorState, FilteredEmpty};
use crate::widgets::table::virtual_table::VirtualTable;
use crate::widgets::table::{self, Cells, Source};

/// How long the text field waits for the next key before it writes the URL.
const TYPING: Duration = Duration::from_millis(250);

/// So many resources under quota have room beside the chips.
const QUOTA_LINES: usize = 2;

/// What the page shows besides the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Summary {
    total: usize,
    with_text: usize,
    visible: usize,
    waiting: usize,
    groups: [usize; Group::ALL.len()],
}

/// The model of the page, shared by its parts.
#[derive(Clone, Copy)]
struct List {
    namespace: Signal<String>,
    board: StoredValue<Option<Board>, LocalStorage>,
    state: RwSignal<StreamState>,
    summary: RwSignal<Summary>,
    /// Raised when any row may look different.
    version: RwSignal<u64>,
    /// True while the pointer is in the table: rows keep their places.
    hold: RwSignal<bool>,
    actions: Actions,
    now: Signal<f64>,
    ask_delete: RwSignal<Option<String>>,
}

/// The list: `/notebooks`.
#[component]
pub(crate) fn ListPage() -> AnyView {
    let namespace = use_namespace();
    let params = use_query_map();
    let query = Memo::new(move |_| NotebooksQuery::from_params(&|key| params.with(|params| params.get(key))));
    let typed = RwSignal::new(query.with_untracked(|query| query.q.clone()));
    let actions = Actions::new(namespace);
    let list = List {
        namespace,
        board: StoredValue::new_local(None),
        state: RwSignal::new(StreamState::Loading),
        summary: RwSignal::new(Summary::default()),
        version: RwSignal::new(0),
        hold: RwSignal::new(false),
        actions,
        now: use_live().now(),
        ask_delete: RwSignal::new(None),
    };
    keep_in_step(list, query, typed);
    let go = to_url(query, typed);
    let new_url = move || {
        NewNotebookQuery {
            ns: namespace.get_untracked(),
        }
        .url()
    };
    let navigate = use_navigate();
    let create: crate::widgets::Act = (move || navigate(&new_url(), NavigateOptions::default())).into();
    let buttons = move || {
        let blocked = actions.no_create();
        view! { <Button label="New notebook" kind=Kind::Primary on_click=create blocked=blocked /> }.into_any()
    };
    view! {
        <Page title="Notebooks" actions=buttons>
            <div class="notebooks">
                {bar(list, query, typed, go)} <div class="notebooks-rows">{body(list, query, typed, go, create)}</div>
            </div>
            <DeleteDialog actions=actions ask=list.ask_delete namespace=namespace leave=|| {} />
        </Page>
    }
    .into_any()
}

/// Writes a query into the URL, at once and in place of the former one.
type Go = UnsyncCallback<(NotebooksQuery,)>;

fn to_url(query: Memo<NotebooksQuery>, typed: RwSignal<String>) -> Go {
    let navigate = use_navigate();
    let write = move |next: NotebooksQuery| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&next.url(), options);
    };
    // Back and forward change the URL under the field.
    Effect::new(move |before: Option<String>| {
        let now = query.with(|query| query.q.clone());
        if before.as_ref() != Some(&now) && typed.with_untracked(|typed| typed.trim() != now) {
            typed.set(now.clone());
        }
        now
    });
    UnsyncCallback::new(move |(next,): (NotebooksQuery,)| write(next))
}

/// Applies the stores' changes and the query to the table.
fn keep_in_step(list: List, query: Memo<NotebooksQuery>, typed: RwSignal<String>) {
    let live = use_live();
    let wanted = list.actions.wanted;
    Effect::new(move |_| {
        let namespace = list.namespace.get();
        if namespace.is_empty() {
            return;
        }
        list.board.update_value(|board| {
            if board.as_ref().is_none_or(|board| board.stores.namespace != namespace) {
                *board = Some(Board::new(&live, &namespace));
            }
        });
        let Some(stores) = list
            .board
            .with_value(|board| board.as_ref().map(|board| board.stores.clone()))
        else {
            return;
        };
        stores.track();
        let query = NotebooksQuery {
            q: typed.get(),
            ..query.get()
        };
        let hold = list.hold.get();
        list.state.set(stores.notebooks.state().get());
        let now = now_of(list);
        list.board.update_value(|board| {
            let Some(board) = board else { return };
            board.table.set_hold(hold);
            let mut changed = board.table.set_query(&query);
            changed |= wanted.with_untracked(|wanted| board.flush(wanted, now));
            let summary = Summary {
                total: board.table.total(),
                with_text: board.table.with_text(),
                visible: board.table.len(),
                waiting: board.table.waiting(),
                groups: Group::ALL.map(|group| board.table.count_of(group)),
            };
            changed |= list.summary.with_untracked(|old| *old != summary);
            if changed {
                list.summary.set(summary);
                list.version.update(|version| *version += 1);
            }
        });
        let rows = &stores.notebooks;
        list.actions.settle(|name| {
            rows.with_untracked(|rows| {
                rows.by_name(&namespace, name)
                    .map(flowdeck_objects::Notebook::is_stopped)
            })
        });
    });
    // A start or stop shows before the cluster has it, and goes back if it fails.
    Effect::new(move |before: Option<Vec<String>>| {
        let mut names: Vec<String> = wanted.with(|wanted| wanted.keys().cloned().collect());
        names.sort_unstable();
        let mut touched = before.unwrap_or_default();
        touched.extend(names.iter().cloned());
        if !touched.is_empty() {
            let now = now_of(list);
            list.board.update_value(|board| {
                if let Some(board) = board {
                    wanted.with_untracked(|wanted| board.again(&touched, wanted, now));
                }
            });
            list.version.update(|version| *version += 1);
        }
        names
    });
    // Ages and reasons that speak of time.
    Effect::new(move |_| {
        list.now.track();
        list.version.update(|version| *version += 1);
    });
}

fn now_of(list: List) -> Timestamp {
    Timestamp::from_js(list.now.get_untracked())
}

/// Filter, chips and quota.
fn bar(list: List, query: Memo<NotebooksQuery>, typed: RwSignal<String>, go: Go) -> AnyView {
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
    let chips = Signal::derive(move || list.summary.with(chips_of));
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
            chips=chips
            chosen=chosen
            on_choose=on_choose
        >
            {quota(list.namespace)}
        </FilterBar>
    }
    .into_any()
}

fn chips_of(summary: &Summary) -> Vec<Chip> {
    let all = Chip {
        id: String::new(),
        label: "All".to_owned(),
        count: summary.with_text,
        tone: None,
    };
    let one = |(group, count): (Group, usize)| Chip {
        id: group.key().to_owned(),
        label: group.word().to_owned(),
        count,
        tone: Some(tone_of(phase_of_group(group))),
    };
    std::iter::once(all)
        .chain(Group::ALL.into_iter().zip(summary.groups).map(one))
        .collect()
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
    let lines = Memo::new(move |_| {
        let read = |lease: &Lease<_>| lease.with(|rows| tightest(quota_lines(rows.iter()), QUOTA_LINES));
        quotas.with(|lease| lease.as_ref().map(read).unwrap_or_default())
    });
    // One meter a resource, kept while its numbers change.
    let resources =
        Memo::new(move |_| lines.with(|lines| lines.iter().map(|l| l.resource.clone()).collect::<Vec<_>>()));
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

/// Which of the list's states is shown.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    NoNamespace,
    Loading,
    Rows,
    Empty,
    FilteredEmpty,
    Denied(Error),
    Missing,
    Failed(Error),
}

fn body(
    list: List,
    query: Memo<NotebooksQuery>,
    typed: RwSignal<String>,
    go: Go,
    create: crate::widgets::Act,
) -> AnyView {
    let shown = Memo::new(move |_| {
        if list.namespace.with(String::is_empty) {
            return Shown::NoNamespace;
        }
        let (total, visible) = list.summary.with(|summary| (summary.total, summary.visible));
        match list.state.get() {
            StreamState::Denied { error } => Shown::Denied(error),
            StreamState::Missing => Shown::Missing,
            StreamState::Failed { error } if total == 0 => Shown::Failed(error),
            _ if visible > 0 => Shown::Rows,
            _ if total > 0 => Shown::FilteredEmpty,
            StreamState::Live | StreamState::Stale { .. } => Shown::Empty,
            _ => Shown::Loading,
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
            Shown::Rows => table.with_value(|table| table()),
            Shown::Loading => view! { <Skeleton lines=10 label="Loading notebooks" /> }.into_any(),
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

/// The table, built when it is shown.
fn rows(list: List, query: Memo<NotebooksQuery>, typed: RwSignal<String>, go: Go) -> Box<dyn Fn() -> AnyView> {
    let source = source_of(list);
    let sort = Signal::derive(move || {
        query.with(|query| table::Sort {
            column: query.sort.column.word(),
            descending: query.sort.descending,
        })
    });
    let on_sort = UnsyncCallback::new(move |(id,): (&'static str,)| {
        let query = query.get_untracked();
        let sort: Sort = query.sort.pressed(Column::from_word(id).unwrap_or_default());
        go.run((NotebooksQuery {
            sort,
            q: typed.get_untracked(),
            ..query
        },));
    });
    let navigate = use_navigate();
    let on_open = UnsyncCallback::new(move |(uid,): (String,)| {
        if let Some(name) = name_of(list, &uid) {
            let query = NotebookQuery {
                ns: list.namespace.get_untracked(),
                ..NotebookQuery::default()
            };
            navigate(&query.url(&name), NavigateOptions::default());
        }
    });
    let on_action = UnsyncCallback::new(move |(uid, action): (String, &'static str)| {
        if let Some(name) = name_of(list, &uid).filter(|_| action == START) {
            list.actions.set_stopped(name, false);
        }
    });
    let label = Signal::derive(move || ["Notebooks in ", &list.namespace.get()].concat());
    let waiting = Signal::derive(move || list.summary.with(|summary| summary.waiting));
    Box::new(move || {
        view! {
            <VirtualTable
                label=label
                columns=COLUMNS
                source=source
                sort=sort
                on_sort=on_sort
                on_open=on_open
                on_action=on_action
                hold=list.hold
                waiting=waiting
            />
        }
        .into_any()
    })
}

fn source_of(list: List) -> Source {
    let with_board = move |read: &mut dyn FnMut(&Board)| {
        list.board.try_with_value(|board| {
            if let Some(board) = board {
                read(board);
            }
        });
    };
    let row_at = UnsyncCallback::new(move |(place,): (usize,)| {
        let mut out: Option<Cells> = None;
        with_board(&mut |board| {
            let Some(row) = board.table.get(place) else { return };
            let now = now_of(list);
            let fresh = row.phase.ticks.then(|| {
                list.actions
                    .wanted
                    .with_untracked(|wanted| board.phase_now(&row.uid, wanted, now))
            });
            let phase = fresh.flatten().unwrap_or_else(|| row.phase.clone());
            let no_patch = list.actions.no_patch().get_untracked();
            out = Some(cells_of(row, &phase, &board.stores.namespace, no_patch, now));
        });
        out
    });
    let place_of = UnsyncCallback::new(move |(uid,): (String,)| {
        let mut out = None;
        with_board(&mut |board| out = board.table.place_of(&uid));
        out
    });
    let menu_of = UnsyncCallback::new(move |(uid,): (String,)| {
        let mut out = Vec::new();
        with_board(&mut |board| {
            if let Some(row) = board.table.by_uid(&uid) {
                let (phase, connect) = (row.phase.phase, row.phase.can_connect);
                let (namespace, image) = (&board.stores.namespace, row.image.clone());
                out = menu::lines(
                    list.actions,
                    namespace,
                    &row.name,
                    phase,
                    connect,
                    image,
                    list.ask_delete,
                );
            }
        });
        out
    });
    Source {
        count: Signal::derive(move || list.summary.with(|summary| summary.visible)),
        version: list.version.into(),
        row_at,
        place_of,
        menu_of,
    }
}

fn name_of(list: List, uid: &str) -> Option<String> {
    list.board
        .try_with_value(|board| Some(board.as_ref()?.table.by_uid(uid)?.name.clone()))
        .flatten()
}
