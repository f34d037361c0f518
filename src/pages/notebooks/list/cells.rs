//! Turns a row of the list into cells of the table.

use flowdeck_objects::{NotebookPhase, Phase, Quantity, Timestamp, age};
use flowdeck_view::notebooks::NotebookRow;
use flowdeck_view::query::NotebookQuery;

use super::super::words::{connect_url, exact, tone_of};
use crate::widgets::table::{Cell, Cells, Column, Look, Narrow, RowAction};
use crate::widgets::time;

/// Id of the action that starts a notebook.
pub(super) const START: &str = "start";
/// Id of the action that leads to the notebook's server; a link, so it never comes back.
const CONNECT: &str = "connect";

const fn column(id: &'static str, title: &'static str, look: Look, min_px: u16, grow: u8) -> Column {
    Column {
        id,
        title,
        look,
        min_px,
        grow,
        sorts: true,
        spare: 0,
        narrow: Narrow::Hidden,
    }
}

/// The columns, their ids as the URL has them.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        narrow: Narrow::Second,
        ..column("status", "Status", Look::Status, 280, 2)
    },
    Column {
        narrow: Narrow::First,
        ..column("name", "Name", Look::Name, 120, 3)
    },
    Column {
        spare: 2,
        narrow: Narrow::First,
        ..column("type", "Type", Look::Text, 90, 0)
    },
    Column {
        spare: 1,
        ..column("image", "Image", Look::Mono, 160, 1)
    },
    column("cpu", "CPU", Look::Number, 56, 0),
    column("memory", "Memory", Look::Number, 76, 0),
    Column {
        spare: 3,
        ..column("gpu", "GPU", Look::Text, 84, 0)
    },
    Column {
        spare: 4,
        ..column("age", "Age", Look::When, 68, 0)
    },
    Column {
        spare: 5,
        ..column("activity", "Last activity", Look::When, 100, 0)
    },
];

/// The cells of a row; `phase` is as of `now` where its reason speaks of time.
pub(super) fn cells_of(
    row: &NotebookRow,
    phase: &NotebookPhase,
    namespace: &str,
    no_patch: Option<String>,
    now: Timestamp,
) -> Cells {
    let query = NotebookQuery {
        ns: namespace.to_owned(),
        ..NotebookQuery::default()
    };
    let status = Cell {
        title: phase.message.as_deref().unwrap_or_default().to_owned(),
        ..Cell::status(tone_of(phase.phase), phase.phase.word(), &*phase.reason)
    };
    let image = Cell {
        title: row.image.clone(),
        ..Cell::text(row.image_short.clone())
    };
    Cells {
        key: row.uid.clone(),
        name: row.name.clone(),
        href: query.url(&row.name),
        cells: vec![
            status,
            Cell::text(row.name.clone()),
            Cell::text(row.server.label()),
            image,
            Cell::text(or_dash(row.cpu.map(Quantity::count_text))),
            Cell::text(or_dash(row.memory.map(Quantity::bytes_text))),
            Cell::text(or_dash(Some(row.gpu_text.clone()))),
            moment(row.created, now, age::age),
            moment(row.activity, now, |then, now| {
                age::ago(then, now).unwrap_or_else(|| time::relative(then.ms() as f64, now.ms() as f64))
            }),
        ],
        action: action_of(row, phase, namespace, no_patch),
    }
}

fn moment(then: Option<Timestamp>, now: Timestamp, words: impl FnOnce(Timestamp, Timestamp) -> String) -> Cell {
    match then {
        Some(then) => Cell {
            title: exact(then),
            ..Cell::text(words(then, now))
        },
        None => Cell::text("–"),
    }
}

fn or_dash(text: Option<String>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "–".to_owned())
}

fn action_of(row: &NotebookRow, phase: &NotebookPhase, namespace: &str, no_patch: Option<String>) -> Option<RowAction> {
    if phase.can_connect {
        let href = Some(connect_url(namespace, &row.name));
        Some(RowAction {
            id: CONNECT,
            label: "Connect",
            href,
            blocked: None,
        })
    } else if phase.phase == Phase::Stopped {
        Some(RowAction {
            id: START,
            label: "Start",
            href: None,
            blocked: no_patch,
        })
    } else {
        None
    }
}
