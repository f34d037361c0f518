//! Shows the part of a list that is in sight: a pool of at most 50 row slots, filled again at each flush and scroll.
//!
//! A slot is rewritten only where its texts differ, and no element comes or goes while one scrolls
//! (reference: leptos.md §2.1).

use flowdeck_view::columns::{Ask, fit, template};
use flowdeck_view::window::Window;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;
use leptos::reactive::graph::untrack;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

use super::super::On;
use super::super::filter_bar::is_typing;
use super::super::menu::{MenuPanel, OpenMenu};
use super::cells::{Shown, Slot, row};
use super::head::head;
use super::{ACTS_PX, Column, MOST_SLOTS, NARROW_BELOW_PX, NARROW_ROW_PX, ROW_PX, Sort, Source};

/// Everything that the parts of one table share.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) columns: &'static [Column],
    pub(super) source: Source,
    pub(super) slots: StoredValue<Vec<Slot>>,
    /// How many of the slots are in the page.
    pub(super) pool: RwSignal<usize>,
    /// Key of the row that the keyboard is at.
    pub(super) active: RwSignal<Option<String>>,
    /// Place of the one row that Tab reaches.
    pub(super) tabbable: Memo<usize>,
    pub(super) picked: RwSignal<Vec<String>>,
    pub(super) room: NodeRef<html::Div>,
    pub(super) scrolled: RwSignal<f64>,
    /// Height of what is in sight below the header, in px.
    pub(super) viewport: RwSignal<f64>,
    pub(super) narrow: Memo<bool>,
    pub(super) menu: RwSignal<Option<OpenMenu>, LocalStorage>,
    pub(super) on_open: On<String>,
    pub(super) on_action: UnsyncCallback<(String, &'static str)>,
}

impl Grid {
    /// Height of a row; subscribes.
    pub(super) fn row_px(&self) -> f64 {
        if self.narrow.get() { NARROW_ROW_PX } else { ROW_PX }
    }

    pub(super) fn row_px_now(&self) -> f64 {
        if self.narrow.get_untracked() {
            NARROW_ROW_PX
        } else {
            ROW_PX
        }
    }

    pub(super) fn window(&self) -> Window {
        Window {
            row_height: self.row_px_now(),
            viewport: self.viewport.get_untracked(),
            slots: self.pool.get_untracked(),
        }
    }

    /// Fills the slots with the rows that are in sight now.
    pub(super) fn flush(&self) {
        let count = self.source.count.get_untracked();
        let window = self.window();
        let first = window.first(self.scrolled.get_untracked(), count);
        self.slots.with_value(|slots| {
            for (at, slot) in slots.iter().enumerate().take(window.slots) {
                let place = window.row_of(at, first);
                let cells = (place < count)
                    .then(|| untrack(|| self.source.row_at.run((place,))))
                    .flatten();
                let next = cells.map(|cells| Shown {
                    place,
                    last: place + 1 == count,
                    cells,
                });
                if slot.with_untracked(|old| *old != next) {
                    slot.set(next);
                }
            }
        });
    }

    pub(super) fn open_menu(&self, key: String, anchor: Element) {
        let items = self.source.menu_of.run((key,));
        self.menu.set((!items.is_empty()).then_some(OpenMenu { items, anchor }));
    }

    /// The one listener for clicks: menu, action, link, or the row as a whole.
    fn on_click(&self, event: &ev::MouseEvent) {
        let Some(target) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else {
            return;
        };
        let Some(key) = self.row_of(Some(&target)) else { return };
        let near = |selector: &str| target.closest(selector).ok().flatten();
        if let Some(button) = near("[data-menu]") {
            self.open_menu(key, button);
        } else if let Some(button) = near("[data-act]") {
            let action = self
                .source
                .place_of
                .run((key.clone(),))
                .and_then(|at| self.source.row_at.run((at,)));
            let wanted = button.get_attribute("data-act");
            if let Some(action) = action
                .and_then(|row| row.action)
                .filter(|a| Some(a.id) == wanted.as_deref())
                && action.blocked.is_none()
            {
                self.on_action.run((key, action.id));
            }
        } else if near("a").is_none() && !has_selection() {
            self.on_open.run((key,));
        }
    }
}

/// Whether text is being selected: the click that ends a selection must not open the row.
fn has_selection() -> bool {
    js_sys::Reflect::get(&js_sys::global(), &"getSelection".into())
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok())
        .and_then(|f| f.call0(&js_sys::global()).ok())
        .is_some_and(|selection| {
            selection.is_truthy() && !String::from(js_sys::Object::from(selection).to_string()).is_empty()
        })
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
    /// Nothing has come yet: rows of the right size without words.
    #[prop(into, optional)]
    loading: Signal<bool>,
) -> AnyView {
    let room = NodeRef::<html::Div>::new();
    let width = RwSignal::new(0.0);
    let grid = grid(columns, source, picked, room, width, on_open, on_action);
    watch_size(grid, width);
    Effect::new(move |_| {
        (source.version.track(), source.count.track(), grid.scrolled.track());
        (grid.pool.track(), grid.viewport.track(), grid.narrow.track());
        let focused = untrack(|| grid.has_focus());
        untrack(|| grid.flush());
        if focused {
            grid.focus_active();
        }
    });
    let global = window_event_listener(ev::keydown, move |event| {
        let first = matches!(event.key().as_str(), "j" | "k") && !is_typing(&event) && !event.default_prevented();
        if first && !is_layered() && !grid.has_focus() && grid.on_key(&event) {
            event.prevent_default();
        }
    });
    on_cleanup(move || global.remove());
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
        Memo::new(move |_| fit(&asks, width.get(), ACTS_PX + 16.0))
    };
    let class = move || {
        let mut class = String::from(if grid.narrow.get() { "table is-narrow" } else { "table" });
        if !grid.narrow.get() {
            let hidden = shown.get().into_iter().enumerate().filter(|(_, shown)| !shown);
            hidden.for_each(|(at, _)| class.push_str(&format!(" hide-{at}")));
        }
        class
    };
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
    let slots = move || {
        let pool = grid.pool.get();
        grid.slots
            .with_value(|slots| slots.iter().take(pool).copied().enumerate().collect::<Vec<_>>())
    };
    view! {
        <div class="table-room">
            <div
                node_ref=room
                class=class
                role="grid"
                tabindex="-1"
                aria-label=label
                aria-rowcount=move || (source.count.get() + 1).to_string()
                aria-busy=move || loading.get().then_some("true")
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
                    style:height=move || format!("{}px", source.count.get() as f64 * grid.row_px())
                >
                    <For each=slots key=|(at, _)| *at let:slot>
                        {row(grid, slot.0, slot.1)}
                    </For>
                </div>
                <Show when=move || loading.get() && source.count.get() == 0>
                    {ghosts(columns)}
                </Show>
            </div>
            <Show when=move || { waiting.get() > 0 }>
                <div class="table-waiting">{move || format!("{} new", waiting.get())}</div>
            </Show>
            <MenuPanel open=grid.menu label="Actions" />
        </div>
    }
    .into_any()
}

fn grid(
    columns: &'static [Column],
    source: Source,
    picked: RwSignal<Vec<String>>,
    room: NodeRef<html::Div>,
    width: RwSignal<f64>,
    on_open: On<String>,
    on_action: UnsyncCallback<(String, &'static str)>,
) -> Grid {
    let height = web_sys::window()
        .and_then(|w| w.inner_height().ok())
        .and_then(|h| h.as_f64())
        .unwrap_or(900.0);
    let pool = RwSignal::new(Window::slots_for(height, ROW_PX, 1).min(MOST_SLOTS));
    let (active, scrolled, viewport) = (RwSignal::new(None::<String>), RwSignal::new(0.0), RwSignal::new(height));
    let narrow = Memo::new(move |_| width.get() > 0.0 && width.get() < NARROW_BELOW_PX);
    let tabbable = Memo::new(move |_| {
        source.version.track();
        let row_px = if narrow.get() { NARROW_ROW_PX } else { ROW_PX };
        let (scrolled, viewport) = (scrolled.get(), viewport.get());
        let first = (scrolled / row_px).ceil() as usize;
        let place = active.get().and_then(|key| untrack(|| source.place_of.run((key,))));
        let in_sight = |p: &usize| {
            let top = *p as f64 * row_px;
            top + row_px > scrolled && top < scrolled + viewport
        };
        place
            .filter(in_sight)
            .unwrap_or_else(|| first.min(source.count.get().saturating_sub(1)))
    });
    Grid {
        columns,
        source,
        slots: StoredValue::new((0..MOST_SLOTS).map(|_| RwSignal::new(None)).collect()),
        pool,
        active,
        tabbable,
        picked,
        room,
        scrolled,
        viewport,
        narrow,
        menu: RwSignal::new_local(None),
        on_open,
        on_action,
    }
}

/// Keeps width, height and the number of slots equal to the room that the table has.
fn watch_size(grid: Grid, width: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(room) = grid.room.get() else { return };
        let element: Element = room.clone().unchecked_into();
        let measure = move || {
            width.try_set(f64::from(room.client_width()));
            let top = room
                .first_element_child()
                .map_or(0.0, |head| head.get_bounding_client_rect().height());
            grid.viewport.try_set((f64::from(room.client_height()) - top).max(1.0));
            let height = web_sys::window()
                .and_then(|w| w.inner_height().ok())
                .and_then(|h| h.as_f64())
                .unwrap_or(900.0);
            let need = Window::slots_for(height, ROW_PX, 1).min(MOST_SLOTS);
            if grid.pool.try_get_untracked().is_some_and(|pool| pool < need) {
                grid.pool.try_set(need);
            }
        };
        measure();
        let closure = Closure::<dyn Fn()>::new(measure);
        let Ok(observer) = ResizeObserver::new(closure.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&element);
        let held = SendWrapper::new((observer, closure));
        on_cleanup(move || held.0.disconnect());
    });
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
