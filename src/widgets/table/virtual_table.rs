//! Shows the part of a list that is in sight: a pool of at most 50 row slots, filled again at each flush and scroll.
//!
//! A slot is rewritten only where its texts differ, and no element comes or goes while one scrolls
//! (reference: leptos.md §2.1).

use flowdeck_view::columns::{Ask, fit, template};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;
use leptos::reactive::graph::untrack;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::super::On;
use super::super::filter_bar::is_typing;
use super::super::menu::panel;
use super::cells::row;
use super::grid::{Grid, grid, watch_size};
use super::head::head;
use super::{ACTS_PX, Column, Sort, Source};
use crate::widgets::px;
use crate::widgets::reactive::{effect, memo};
use crate::widgets::show::Show;

/// A table of any length. One without rows is still loading: what has none at all, the page says in another way.
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
    /// True while the pointer is inside: the page holds new orders back, so that no row moves under it.
    #[prop(optional)]
    hold: RwSignal<bool>,
    /// How many rows wait for the pointer to leave ("3 new").
    #[prop(into, optional)]
    waiting: Signal<usize>,
) -> AnyView {
    let room = NodeRef::<html::Div>::new();
    let width = RwSignal::new(0.0);
    let grid = grid(columns, source, room, width, on_open, on_action);
    watch_size(grid, width);
    keep_filled(grid);
    let asks: Vec<Ask> = columns
        .iter()
        .map(|c| Ask {
            min_px: c.min_px,
            grow: c.grow,
            spare: c.spare,
        })
        .collect();
    let shown = {
        let asks = asks.clone();
        memo(move || fit(&asks, width.get(), ACTS_PX + 16.0))
    };
    let class = move || class_of(grid.narrow.get(), &shown.get());
    let enter = move |event: ev::PointerEvent| hold.set(event.pointer_type() == "mouse");
    let keys = move |event: ev::KeyboardEvent| {
        if grid.on_key(&event) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let focused = move |event: ev::FocusEvent| {
        let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
        if let Some(key) = grid.row_of(target.as_ref()) {
            grid.active.set(Some(key));
        }
    };
    // Drawn again only when the window grows beyond what it ever was.
    let slots = move || {
        let pool = grid.pool.get();
        let slots = grid.slots.with_value(|slots| slots[..pool].to_vec());
        let rows = slots.into_iter().enumerate();
        rows.map(|(at, slot)| row(grid, at, slot)).collect_view()
    };
    view! {
        <div class="table-room">
            <div
                node_ref=room
                class=class
                role="grid"
                tabindex="-1"
                data-scroll
                aria-label=label
                aria-rowcount=move || (source.count.get() + 1).to_string()
                aria-busy=move || (source.count.get() == 0).then_some("true")
                style:--columns=move || template(&asks, &shown.get(), ACTS_PX)
                on:scroll=move |_| {
                    if let Some(room) = room.get_untracked() {
                        grid.scrolled.set(f64::from(room.scroll_top()));
                    }
                }
                on:pointerenter=enter
                on:pointerleave=move |_| hold.set(false)
                on:click=move |event| grid.on_click(&event)
                on:keydown=keys
                on:focusin=focused
            >
                {head(columns, sort, on_sort)}
                <div
                    role="rowgroup"
                    class="table-body"
                    style:height=move || px(source.count.get() as f64 * grid.row_px())
                >
                    {slots}
                </div>
                <Show when=move || source.count.get() == 0>
                    {ghosts(columns)}
                </Show>
            </div>
            <Show when=move || { waiting.get() > 0 }>
                <div class="table-waiting">{move || format!("{} new", waiting.get())}</div>
            </Show>
            {panel(grid.menu, Signal::stored("Actions".to_owned()))}
        </div>
    }
    .into_any()
}

/// Fills the slots whenever rows, scrolling or the room change, and lets `j` and `k` begin from anywhere.
fn keep_filled(grid: Grid) {
    let source = grid.source;
    effect(move || {
        source.version.track();
        source.count.track();
        grid.scrolled.track();
        grid.pool.track();
        grid.viewport.track();
        grid.narrow.track();
        let focused = untrack(|| grid.focused());
        untrack(|| grid.flush());
        // The focused row has left its slot: the focus goes along.
        if focused.is_some_and(|(slot, key)| grid.key_in(slot) != Some(key)) {
            grid.focus_active();
        }
    });
    let global = window_event_listener(ev::keydown, move |event| {
        let first = matches!(event.key().as_str(), "j" | "k") && !is_typing(&event) && !event.default_prevented();
        if first && !is_layered() && grid.focused().is_none() && grid.on_key(&event) {
            event.prevent_default();
        }
    });
    on_cleanup(move || global.remove());
}

/// The classes of the table: narrow, or which columns have no room.
fn class_of(narrow: bool, shown: &[bool]) -> String {
    if narrow {
        return "table is-narrow".to_owned();
    }
    let mut class = String::from("table");
    let hidden = shown.iter().enumerate().filter(|(_, shown)| !**shown);
    hidden.for_each(|(at, _)| class.push_str(&format!(" hide-{at}")));
    class
}

/// Whether a dialog is open over the page: then keys are not the table's.
fn is_layered() -> bool {
    let document = web_sys::window().and_then(|w| w.document());
    document.is_some_and(|d| d.query_selector("dialog[open], .menu").ok().flatten().is_some())
}

fn ghosts(columns: &'static [Column]) -> AnyView {
    (0..8)
        .map(|line| {
            let bones = columns
                .iter()
                .enumerate()
                .map(|(at, column)| view! { <span class=column_bone(at, column, line)></span> })
                .collect_view();
            view! { <div class="table-ghost" aria-hidden="true">{bones}</div> }
        })
        .collect_view()
        .into_any()
}

fn column_bone(at: usize, column: &Column, line: usize) -> String {
    super::cells::column_class(&format!("bone bone-{}", (at + line) % 3), at, column)
}
