//! Gives the table its rows, and does what is done to them.

use flowdeck_view::query::{Column, NotebookQuery, NotebooksQuery, Sort};
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::board::Board;
use super::cells::{COLUMNS, START, cells_of};
use super::menu;
use super::page::{Go, List, now_of};
use crate::shell::router::use_router;
use crate::widgets::table::virtual_table::VirtualTable;
use crate::widgets::table::{self, Cells, Source};

/// The table, built when it is shown.
pub(super) fn rows(
    list: List,
    query: Memo<NotebooksQuery>,
    typed: RwSignal<String>,
    go: Go,
) -> Box<dyn Fn() -> AnyView> {
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
    let router = use_router();
    let on_open = UnsyncCallback::new(move |(uid,): (String,)| {
        if let Some(name) = name_of(list, &uid) {
            let query = NotebookQuery {
                ns: list.namespace.get_untracked(),
                ..NotebookQuery::default()
            };
            router.push(&query.url(&name));
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
