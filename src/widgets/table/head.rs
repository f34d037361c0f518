//! Draws the header of a table, whose titles sort.

use leptos::prelude::*;

use super::super::On;
use super::super::icon::{Icon, icon};
use super::cells::column_class;
use super::{Column, Sort};
use crate::widgets::reactive::memo;

/// The header row.
pub(super) fn head(columns: &'static [Column], sort: Signal<Sort>, on_sort: On<&'static str>) -> AnyView {
    let titles = columns
        .iter()
        .enumerate()
        .map(|(at, column)| title(at, column, sort, on_sort))
        .collect_view();
    view! {
        <div role="rowgroup" class="table-top">
            <div role="row" class="table-head" aria-rowindex="1">
                {titles}
                <div role="columnheader" class="table-title">
                    <span class="hear">"Actions"</span>
                </div>
            </div>
        </div>
    }
    .into_any()
}

fn title(at: usize, column: &'static Column, sort: Signal<Sort>, on_sort: On<&'static str>) -> AnyView {
    let class = column_class("table-title", at, column);
    if !column.sorts {
        return view! {
            <div role="columnheader" class=class>
                {column.title}
            </div>
        }
        .into_any();
    }
    let way = memo(move || sort.with(|s| (s.column == column.id).then_some(s.descending)));
    let aria = move || match way.get() {
        Some(true) => "descending",
        Some(false) => "ascending",
        None => "none",
    };
    let arrow = move || way.get().map(|down| icon(if down { Icon::Down } else { Icon::Up }));
    view! {
        <div role="columnheader" class=class aria-sort=aria>
            <button type="button" class="table-sort" on:click=move |_| on_sort.run((column.id,))>
                {column.title}
                {arrow}
            </button>
        </div>
    }
    .into_any()
}
