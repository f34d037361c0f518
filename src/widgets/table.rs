//! Shows a list of any length as a table with a fixed pool of row slots over a window.

use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::On;
use super::menu::MenuItem;
use super::status::Tone;

/// How the cells of a column look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Shape, word and reason.
    Status,
    /// The row's name: a link to its page.
    Name,
    /// Plain text.
    Text,
    /// The code font.
    Mono,
    /// Aligned right, with tabular figures.
    Number,
}

/// Where a column's cells go when the table is narrower than 720 px and a row has two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// On the first line.
    First,
    /// On the second.
    Second,
    /// Nowhere.
    Hidden,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its name in the URL.
    pub(crate) id: &'static str,
    /// What stands in the header.
    pub(crate) title: &'static str,
    /// How its cells look.
    pub(crate) look: Look,
    /// Its smallest width, in px.
    pub(crate) min_px: u16,
    /// Its share of the width that is left over; 0 keeps it at its smallest.
    pub(crate) grow: u8,
    /// Whether its header sorts.
    pub(crate) sorts: bool,
    /// Hidden first when there is no room: higher goes earlier, 0 stays.
    pub(crate) spare: u8,
    /// Its place on a phone.
    pub(crate) narrow: Narrow,
}

/// A cell's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The text, or the word of a status.
    pub(crate) text: String,
    /// The reason of a status.
    pub(crate) detail: String,
    /// The full text for the tooltip, where the cell shortens it.
    pub(crate) title: String,
    /// The shape of a status.
    pub(crate) tone: Tone,
}

impl Cell {
    /// A cell with just a text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A cell with a status.
    pub(crate) fn status(tone: Tone, word: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            text: word.into(),
            detail: reason.into(),
            tone,
            ..Self::default()
        }
    }
}

/// The one action that a row shows as a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowAction {
    /// What the page gets.
    pub(crate) id: &'static str,
    /// A verb: "Start".
    pub(crate) label: &'static str,
    /// Leads out of the app instead ("Connect").
    pub(crate) href: Option<String>,
    /// Why not now.
    pub(crate) blocked: Option<String>,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    /// The object's uid: focus and selection follow it.
    pub(crate) key: String,
    /// Where the name leads, inside the app.
    pub(crate) href: String,
    /// One a column, in the order of the columns.
    pub(crate) cells: Vec<Cell>,
    /// The button at the end.
    pub(crate) action: Option<RowAction>,
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    /// Id of the column.
    pub(crate) column: &'static str,
    /// Largest first.
    pub(crate) descending: bool,
}

/// What the table asks of its page. All reads of stores inside must be untracked: `version` says when to ask again.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    /// How many rows there are.
    pub(crate) count: Signal<usize>,
    /// Raised when any row changed, moved, came or went (at most once a frame).
    pub(crate) version: Signal<u64>,
    /// The row at a place.
    pub(crate) row_at: UnsyncCallback<(usize,), Option<Cells>>,
    /// Where a row is now, by key.
    pub(crate) place_of: UnsyncCallback<(String,), Option<usize>>,
    /// The lines of a row's menu, by key, asked for when it opens.
    pub(crate) menu_of: UnsyncCallback<(String,), Vec<MenuItem>>,
}

/// A table of any length.
#[component]
pub(crate) fn VirtualTable(
    /// What the rows are: "Notebooks in research-vision".
    #[prop(into)]
    label: Signal<String>,
    /// The columns, in order.
    columns: &'static [Column],
    /// Where the rows come from.
    source: Source,
    /// How the rows are sorted.
    #[prop(into)]
    sort: Signal<Sort>,
    /// A header was pressed: the page answers with a new `sort`.
    #[prop(into)]
    on_sort: On<&'static str>,
    /// A row was clicked, or Enter was pressed on it: its key.
    #[prop(into)]
    on_open: On<String>,
    /// The button of a row was pressed: key and the action's id.
    #[prop(into)]
    on_action: UnsyncCallback<(String, &'static str)>,
    /// Keys that are picked with `x` for doing something to several.
    #[prop(optional)]
    picked: RwSignal<Vec<String>>,
    /// True while the pointer is inside: the page holds new orders back, so that no row moves under it.
    #[prop(optional)]
    hold: RwSignal<bool>,
    /// How many rows wait for the pointer to leave ("3 new").
    #[prop(into, optional)]
    waiting: Signal<usize>,
) -> AnyView {
    let _ = (
        columns, source, sort, on_sort, on_open, on_action, picked, hold, waiting,
    );
    view! { <div class="table" role="grid" aria-label=label></div> }.into_any()
}
