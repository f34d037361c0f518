//! Draws one row slot: its elements stay, only their texts change with the row that it shows.

use leptos::prelude::*;

use super::super::button::Kind;
use super::super::icon::{Icon, icon};
use super::super::link::is_safe;
use super::grid::Grid;
use super::{Cell, Cells, Column, Look, Narrow, RowAction};
use crate::widgets::px;
use crate::widgets::reactive::memo;

/// What a slot shows: a row and its place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// From 0.
    pub(super) place: usize,
    /// Whether nothing follows it.
    pub(super) last: bool,
    /// Its texts.
    pub(super) cells: Cells,
}

/// A slot's content.
pub(super) type Slot = RwSignal<Option<Shown>>;

/// The elements of a slot.
pub(super) fn row(grid: Grid, at: usize, slot: Slot) -> AnyView {
    let place = memo(move || slot.with(|s| s.as_ref().map(|s| s.place)));
    let tabbable = memo(move || place.get().is_some_and(|place| grid.tabbable.get() == place));
    let tab = move || if tabbable.get() { "0" } else { "-1" };
    let cells = grid
        .columns
        .iter()
        .enumerate()
        .map(|(c, column)| cell(grid, c, column, slot))
        .collect_view();
    view! {
        <div
            role="row"
            class="table-row"
            class:is-last=move || slot.with(|s| s.as_ref().is_some_and(|s| s.last))
            data-slot=at.to_string()
            hidden=move || place.get().is_none()
            style:top=move || px(place.get().unwrap_or(0) as f64 * grid.row_px())
            aria-rowindex=move || (place.get().unwrap_or(0) + 2).to_string()
            tabindex=tab
        >
            {cells}
            {acts(slot, tabbable)}
        </div>
    }
    .into_any()
}

/// A text of one cell; empty while the slot shows nothing.
fn part(slot: Slot, at: usize, read: fn(&Cell) -> &str) -> impl Fn() -> String + Copy + Send + Sync + 'static {
    move || {
        slot.with(|s| {
            s.as_ref()
                .and_then(|s| s.cells.cells.get(at))
                .map(|cell| read(cell).to_owned())
                .unwrap_or_default()
        })
    }
}

fn text(cell: &Cell) -> &str {
    &cell.text
}

fn title(cell: &Cell) -> &str {
    if cell.title.is_empty() { &cell.text } else { &cell.title }
}

/// The classes of a column's cells and of its title.
pub(super) fn column_class(base: &str, at: usize, column: &Column) -> String {
    let narrow = match column.narrow {
        Narrow::First => "narrow-first",
        Narrow::Second => "narrow-second",
        Narrow::Hidden => "narrow-hidden",
    };
    let look = match column.look {
        Look::Status => "cell-status",
        Look::Name => "cell-name",
        Look::Text => "cell-text",
        Look::Mono => "cell-mono",
        Look::Number => "cell-number",
        Look::When => "cell-when",
    };
    format!("{base} col-{at} {look} {narrow}")
}

fn cell(_grid: Grid, at: usize, column: &Column, slot: Slot) -> AnyView {
    let class = column_class("cell", at, column);
    match column.look {
        Look::Status => status(class, at, slot),
        Look::Name => view! {
            <div role="gridcell" class=class>
                <a
                    href=move || slot.with(|s| s.as_ref().map(|s| s.cells.href.clone()))
                    tabindex="-1"
                    title=part(slot, at, title)
                >
                    {part(slot, at, text)}
                </a>
            </div>
        }
        .into_any(),
        Look::Text | Look::Mono | Look::When => view! {
            <div role="gridcell" class=class title=part(slot, at, title)>
                {part(slot, at, text)}
            </div>
        }
        .into_any(),
        Look::Number => view! {
            <div role="gridcell" class=class>
                {part(slot, at, text)}
            </div>
        }
        .into_any(),
    }
}

fn status(class: String, at: usize, slot: Slot) -> AnyView {
    let tone = memo(move || {
        slot.with(|s| {
            s.as_ref()
                .and_then(|s| s.cells.cells.get(at))
                .map(|c| c.tone)
                .unwrap_or_default()
        })
    });
    view! {
        <div role="gridcell" class=class>
            {super::super::status::tone_shape(tone.into())}
            <span class="status-word">{part(slot, at, text)}</span>
            <span class="status-reason" title=part(slot, at, |c| if c.title.is_empty() { &c.detail } else { &c.title })>
                {part(slot, at, |c| &c.detail)}
            </span>
        </div>
    }
    .into_any()
}

/// The button that applies now, and the menu of the rest. Found by `data-act` and `data-menu` in the table's one listener.
fn acts(slot: Slot, tabbable: Memo<bool>) -> AnyView {
    let action = memo(move || slot.with(|s| s.as_ref().and_then(|s| s.cells.action.clone())));
    let tab = move || if tabbable.get() { "0" } else { "-1" };
    let name = move || {
        slot.with(|s| {
            s.as_ref()
                .map(|s| format!("More actions for {}", s.cells.name))
                .unwrap_or_default()
        })
    };
    view! {
        <div role="gridcell" class="cell cell-acts">
            {move || action.get().map(|action| act(action, tabbable))}
            <button
                type="button"
                class="button button-quiet button-icon button-small"
                data-menu=""
                tabindex=tab
                aria-haspopup="menu"
                aria-label=name
            >
                {icon(Icon::More)}
            </button>
        </div>
    }
    .into_any()
}

fn act(action: RowAction, tabbable: Memo<bool>) -> AnyView {
    let RowAction {
        id,
        label,
        href,
        blocked,
    } = action;
    let tab = move || if tabbable.get() { "0" } else { "-1" };
    let class = format!("{} button-small", Kind::Plain.class());
    if let Some(href) = href.filter(|href| is_safe(href) && blocked.is_none()) {
        return view! {
            <a class=class href=href target="_blank" rel="external noopener" tabindex=tab>
                {label}
            </a>
        }
        .into_any();
    }
    view! {
        <button
            type="button"
            class=class
            data-act=id
            tabindex=tab
            aria-disabled=blocked.is_some().then_some("true")
            aria-description=blocked.clone()
            title=blocked
        >
            {label}
        </button>
    }
    .into_any()
}
