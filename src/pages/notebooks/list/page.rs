//! Lays out the list page and keeps its table in step with the stores and the URL.

use std::collections::HashMap;

use flowdeck_objects::{Group, Timestamp};
use flowdeck_view::query::{NewNotebookQuery, NotebooksQuery};
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::super::actions::Actions;
use super::super::chunks::delete_dialog;
use super::super::delete::Question;
use super::bar::bar;
use super::board::Board;
use super::body::body;
use crate::live::lease::StreamState;
use crate::live::use_live;
use crate::shell::namespace::use_namespace;
use crate::shell::page::Page;
use crate::shell::router::{Router, use_router};
use crate::widgets::button::{Button, Kind};
use crate::widgets::reactive::effect;

/// What the page shows besides the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) total: usize,
    pub(super) with_text: usize,
    pub(super) visible: usize,
    pub(super) waiting: usize,
    pub(super) groups: [usize; Group::ALL.len()],
}

/// The model of the page, shared by its parts.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) namespace: Signal<String>,
    pub(super) board: StoredValue<Option<Board>, LocalStorage>,
    pub(super) state: RwSignal<StreamState>,
    pub(super) summary: RwSignal<Summary>,
    /// Raised when any row may look different.
    pub(super) version: RwSignal<u64>,
    /// True while the pointer is in the table: rows keep their places.
    pub(super) hold: RwSignal<bool>,
    pub(super) actions: Actions,
    pub(super) now: Signal<f64>,
    pub(super) ask_delete: RwSignal<Option<String>>,
}

/// The list: `/notebooks`.
#[component]
pub(crate) fn ListPage() -> AnyView {
    let namespace = use_namespace();
    let router = use_router();
    let query = router.query(NotebooksQuery::from_params);
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
    let go = to_url(router, query, typed);
    let new_url = move || {
        NewNotebookQuery {
            ns: namespace.get_untracked(),
        }
        .url()
    };
    let create: crate::widgets::Act = (move || router.push(&new_url())).into();
    let buttons = move || {
        let blocked = actions.no_create();
        view! { <Button label="New notebook" kind=Kind::Primary on_click=create blocked=blocked /> }.into_any()
    };
    let question = Question {
        actions,
        ask: list.ask_delete,
        namespace,
        leave: (|| {}).into(),
    };
    view! {
        <Page title="Notebooks" actions=buttons>
            <div class="notebooks">
                {bar(list, query, typed, go)} <div class="notebooks-rows">{body(list, query, typed, go, create)}</div>
            </div>
            {delete_dialog(question)}
        </Page>
    }
    .into_any()
}

/// Writes a query into the URL, at once and in place of the former one.
pub(super) type Go = UnsyncCallback<(NotebooksQuery,)>;

fn to_url(router: Router, query: Memo<NotebooksQuery>, typed: RwSignal<String>) -> Go {
    // Back and forward change the URL under the field.
    Effect::new(move |before: Option<String>| {
        let now = query.with(|query| query.q.clone());
        if before.as_ref() != Some(&now) && typed.with_untracked(|typed| typed.trim() != now) {
            typed.set(now.clone());
        }
        now
    });
    UnsyncCallback::new(move |(next,): (NotebooksQuery,)| router.replace(&next.url()))
}

/// Applies the stores' changes and the query to the table.
fn keep_in_step(list: List, query: Memo<NotebooksQuery>, typed: RwSignal<String>) {
    let live = use_live();
    let wanted = list.actions.wanted;
    effect(move || {
        let namespace = list.namespace.get();
        if namespace.is_empty() {
            return;
        }
        list.board.update_value(|board| {
            if board.as_ref().is_none_or(|board| board.stores.namespace != namespace) {
                *board = Some(Board::new(&live, &namespace));
                // What was asked for is known by name, and there the same name is another notebook.
                wanted.update(HashMap::clear);
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
        let names: Vec<String> = wanted.with(|wanted| wanted.keys().cloned().collect());
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
    effect(move || {
        list.now.track();
        list.version.update(|version| *version += 1);
    });
}

pub(super) fn now_of(list: List) -> Timestamp {
    Timestamp::from_js(list.now.get_untracked())
}
