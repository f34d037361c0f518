//! Holds what the parts of a table share, fills its slots, and answers its clicks.

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
use super::super::menu::{OpenMenu, Opened};
use super::cells::{Shown, Slot};
use super::{Column, MOST_SLOTS, NARROW_BELOW_PX, NARROW_ROW_PX, ROW_PX, Source};
use crate::widgets::reactive::{effect, memo};

/// Everything that the parts of one table share.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) columns: &'static [Column],
    pub(super) source: Source,
    pub(super) slots: StoredValue<Vec<Slot>>,
    /// Version and number of the rows at the last filling.
    filled: StoredValue<Option<(u64, usize)>>,
    /// How many of the slots are in the page.
    pub(super) pool: RwSignal<usize>,
    /// Key of the row that the keyboard is at.
    pub(super) active: RwSignal<Option<String>>,
    /// Place of the one row that Tab reaches.
    pub(super) tabbable: Memo<usize>,
    pub(super) room: NodeRef<html::Div>,
    pub(super) scrolled: RwSignal<f64>,
    /// Height of what is in sight below the header, in px.
    pub(super) viewport: RwSignal<f64>,
    pub(super) narrow: Memo<bool>,
    pub(super) menu: Opened,
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
        let now = Some((self.source.version.get_untracked(), count));
        let only_scrolled = self.filled.get_value() == now;
        self.filled.set_value(now);
        self.slots.with_value(|slots| {
            for (at, slot) in slots.iter().enumerate().take(window.slots) {
                let place = window.row_of(at, first);
                // No row has changed: a slot that shows its place already is right.
                if only_scrolled && slot.with_untracked(|s| s.as_ref().is_some_and(|s| s.place == place)) {
                    continue;
                }
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
    pub(super) fn on_click(&self, event: &ev::MouseEvent) {
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
                // The button may go with what it did: the keyboard goes on from the row.
                self.focus_active();
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

/// Makes what the parts share.
pub(super) fn grid(
    columns: &'static [Column],
    source: Source,
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
    let narrow = memo(move || width.get() > 0.0 && width.get() < NARROW_BELOW_PX);
    let tabbable = memo(move || {
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
        filled: StoredValue::new(None),
        pool,
        active,
        tabbable,
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
pub(super) fn watch_size(grid: Grid, width: RwSignal<f64>) {
    effect(move || {
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
