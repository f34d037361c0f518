//! Moves through a table by keyboard: the focus follows a row's key, not its place in the page.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::super::filter_bar::is_typing;
use super::grid::Grid;

impl Grid {
    /// The key of the row in a slot.
    pub(super) fn key_in(&self, slot: usize) -> Option<String> {
        self.slots.with_value(|slots| {
            slots
                .get(slot)
                .and_then(|s| s.with_untracked(|s| s.as_ref().map(|s| s.cells.key.clone())))
        })
    }

    /// The slot and key of the row that an event happened in.
    pub(super) fn row_of(&self, target: Option<&Element>) -> Option<String> {
        let row = target?.closest("[data-slot]").ok().flatten()?;
        self.key_in(row.get_attribute("data-slot")?.parse().ok()?)
    }

    /// Handles a key; gives whether it was one of the table's.
    pub(super) fn on_key(&self, event: &ev::KeyboardEvent) -> bool {
        if is_typing(event) || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return false;
        }
        let count = self.source.count.get_untracked();
        let on_row = event
            .target()
            .and_then(|t| t.dyn_into::<Element>().ok())
            .is_some_and(|t| t.has_attribute("data-slot"));
        if count == 0 {
            return false;
        }
        let now = self.place_of_active();
        let page = (self.viewport.get_untracked() / self.row_px_now()).floor().max(1.0) as usize;
        let next = match event.key().as_str() {
            "j" | "ArrowDown" => now.map_or(0, |n| n + 1),
            "k" | "ArrowUp" => now.map_or(0, |n| n.saturating_sub(1)),
            "PageDown" => now.unwrap_or(0) + page,
            "PageUp" => now.unwrap_or(0).saturating_sub(page),
            "Home" => 0,
            "End" => count - 1,
            "Enter" if on_row => return self.with_active(|key| self.on_open.run((key,))),
            "m" | "ContextMenu" if on_row => return self.with_active(|key| self.open_menu_of(key)),
            _ => return false,
        };
        self.go_to(next.min(count - 1));
        true
    }

    fn with_active(&self, act: impl FnOnce(String)) -> bool {
        let Some(key) = self.active.get_untracked() else {
            return false;
        };
        act(key);
        true
    }

    fn place_of_active(&self) -> Option<usize> {
        self.source.place_of.run((self.active.get_untracked()?,))
    }

    fn open_menu_of(&self, key: String) {
        let button = self
            .element_of(&key)
            .and_then(|row| row.query_selector("[data-menu]").ok().flatten());
        if let Some(button) = button {
            self.open_menu(key, button);
        }
    }

    /// Makes the row at a place the active one, brings it into sight and focuses it.
    fn go_to(&self, place: usize) {
        let Some(row) = self.source.row_at.run((place,)) else {
            return;
        };
        self.active.set(Some(row.key));
        if let Some(room) = self.room.get_untracked()
            && let Some(top) = self.window().reveal(place, f64::from(room.scroll_top()))
        {
            room.set_scroll_top(top.round() as i32);
            self.scrolled.set(f64::from(room.scroll_top()));
        }
        self.flush();
        self.focus_active();
    }

    /// The element that shows a row, if it is in sight.
    fn element_of(&self, key: &str) -> Option<Element> {
        let slot = self.slots.with_value(|slots| {
            slots
                .iter()
                .position(|s| s.with_untracked(|s| s.as_ref().is_some_and(|s| s.cells.key == key)))
        })?;
        self.room
            .get_untracked()?
            .query_selector(&format!("[data-slot=\"{slot}\"]"))
            .ok()
            .flatten()
    }

    /// Focuses the active row without scrolling; the table itself when the row is out of sight.
    pub(super) fn focus_active(&self) {
        let grid = *self;
        request_animation_frame(move || {
            let Some(Some(key)) = grid.active.try_get_untracked() else {
                return;
            };
            let row = grid.element_of(&key).and_then(|row| row.dyn_into::<HtmlElement>().ok());
            let room = grid
                .room
                .try_get_untracked()
                .flatten()
                .map(|room| room.unchecked_into::<HtmlElement>());
            if let Some(element) = row.or(room) {
                let options = FocusOptions::new();
                options.set_prevent_scroll(true);
                element.focus_with_options(&options).ok();
            }
        });
    }

    /// The slot in which something has the focus, and the key of its row.
    pub(super) fn focused(&self) -> Option<(usize, String)> {
        let active = web_sys::window()?.document()?.active_element()?;
        let row = active.closest("[data-slot]").ok().flatten()?;
        let ours = self.room.get_untracked()?.contains(Some(&row));
        let slot = row.get_attribute("data-slot").filter(|_| ours)?.parse().ok()?;
        Some((slot, self.key_in(slot)?))
    }
}
