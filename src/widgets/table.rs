//! Shows a list of any length as a table with a fixed pool of row slots over a window.

mod cells;
mod focus;
mod grid;
mod head;
pub(crate) mod virtual_table;

use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use super::menu::MenuItem;
use super::status::Tone;

/// Height of a row, in px: the token `--row`.
const ROW_PX: f64 = 40.0;
/// Height of a row of two lines, in px: the token `--row-narrow`.
const NARROW_ROW_PX: f64 = 52.0;
/// Narrower than this, a row has two lines.
const NARROW_BELOW_PX: f64 = 640.0;
/// Room for the button and the menu at the end of a row, in px.
const ACTS_PX: f64 = 112.0;
/// The most rows that are ever in the page.
const MOST_SLOTS: usize = 50;

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
    /// A time: like a number, but muted.
    When,
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
    /// The object's name, for the ear.
    pub(crate) name: String,
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
