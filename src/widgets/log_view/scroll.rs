//! Keeps the right lines in a log's slots: where one has scrolled, the end while following, the hit of a search.

use flowdeck_view::wrap::Wrapped;
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;
use leptos::reactive::graph::untrack;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

use super::lines::{Shown, Slot};
use super::{LINE_PX, LogLine};
use crate::widgets::reactive::effect;

/// The most lines that are ever in the page.
const MOST_SLOTS: usize = 140;
/// Characters in the element that is measured.
const PROBE_CHARS: f64 = 64.0;
/// Room at the left and right of the lines together, in px: twice the token `--s2h`.
const SIDES_PX: f64 = 20.0;
/// Closer to the end than this counts as at the end, in px.
const AT_END_PX: f64 = 6.0;

/// Everything that the parts of one log share.
#[derive(Clone, Copy)]
pub(super) struct Pane {
    room: NodeRef<html::Div>,
    probe: NodeRef<html::Span>,
    count: Signal<usize>,
    line_at: UnsyncCallback<(usize,), Option<LogLine>>,
    chars_at: UnsyncCallback<(usize,), usize>,
    wrap: Signal<bool>,
    follow: RwSignal<bool>,
    reveal: Signal<Option<usize>>,
    pub(super) slots: StoredValue<Vec<Slot>>,
    pub(super) pool: RwSignal<usize>,
    /// Rows of all lines.
    pub(super) rows: RwSignal<u32>,
    /// Whether there is more than fits.
    pub(super) overflows: RwSignal<bool>,
    wrapped: StoredValue<Wrapped>,
    /// Characters in a row.
    row_chars: RwSignal<usize>,
    height: RwSignal<f64>,
    /// Number of the first kept line at the last look.
    first: StoredValue<u64>,
    /// Where one had scrolled at the last look, in px.
    last_top: StoredValue<f64>,
}

impl Pane {
    #[expect(clippy::too_many_arguments, reason = "they are the properties of LogView")]
    pub(super) fn new(
        room: NodeRef<html::Div>,
        probe: NodeRef<html::Span>,
        count: Signal<usize>,
        line_at: UnsyncCallback<(usize,), Option<LogLine>>,
        chars_at: UnsyncCallback<(usize,), usize>,
        wrap: Signal<bool>,
        follow: RwSignal<bool>,
        reveal: Signal<Option<usize>>,
    ) -> Pane {
        Pane {
            room,
            probe,
            count,
            line_at,
            chars_at,
            wrap,
            follow,
            reveal,
            slots: StoredValue::new((0..MOST_SLOTS).map(|_| RwSignal::new(None)).collect()),
            pool: RwSignal::new(60),
            rows: RwSignal::new(0),
            overflows: RwSignal::new(false),
            wrapped: StoredValue::default(),
            row_chars: RwSignal::new(80),
            height: RwSignal::new(0.0),
            first: StoredValue::new(0),
            last_top: StoredValue::new(0.0),
        }
    }

    /// Looks again when lines came, the width changed, a hit was chosen, or following was switched.
    pub(super) fn watch(self, version: Signal<u64>) {
        self.watch_size();
        effect(move || {
            version.track();
            self.wrap.track();
            self.row_chars.track();
            self.height.track();
            untrack(|| self.measure_lines());
            if self.follow.get() {
                // The body has its new height by the next frame.
                request_animation_frame(move || self.go_to_end());
            }
            untrack(|| self.flush());
        });
        effect(move || {
            if let Some(place) = self.reveal.get() {
                let row = self.wrapped.with_value(|w| w.top(place));
                let middle = f64::from(row) * LINE_PX - self.height.get_untracked() / 2.0;
                self.scroll_to(middle);
            }
            untrack(|| self.flush());
        });
    }

    fn measure_lines(&self) {
        let count = self.count.get();
        let first = self.line_at.run((0,)).map_or(0, |line| line.number);
        let row_chars = if self.wrap.get() { self.row_chars.get() } else { 0 };
        let gone = first.saturating_sub(self.first.get_value()) as usize;
        let gone_rows = self.wrapped.with_value(|w| w.top(gone));
        let had_lines = self.rows.get() > 0;
        self.first.set_value(first);
        self.wrapped
            .update_value(|w| w.update(first, count, row_chars, &|at| self.chars_at.run((at,))));
        let rows = self.wrapped.with_value(Wrapped::rows);
        if self.rows.get() != rows {
            self.rows.set(rows);
            self.overflows.set(f64::from(rows) * LINE_PX > self.height.get());
        }
        // Lines left at the top: what one reads stays where it is.
        if gone > 0 && had_lines && !self.follow.get() {
            self.scroll_to(self.top() - f64::from(gone_rows) * LINE_PX);
        }
    }

    /// Fills the slots with the lines in sight.
    fn flush(&self) {
        let count = self.count.get();
        let hit = self.reveal.get();
        let pool = self.pool.get();
        let row = (self.top() / LINE_PX).floor().max(0.0) as u32;
        let from = self
            .wrapped
            .with_value(|w| w.place_at(row))
            .saturating_sub(4)
            .min(count.saturating_sub(pool));
        self.slots.with_value(|slots| {
            for place in from..from + pool {
                let Some(slot) = slots.get(place % pool) else { continue };
                let line = if place < count {
                    self.line_at.run((place,))
                } else {
                    None
                };
                let row = self.wrapped.with_value(|w| w.top(place));
                let next = line.map(|line| Shown {
                    row,
                    hit: hit == Some(place),
                    line,
                });
                if slot.with_untracked(|old| *old != next) {
                    slot.set(next);
                }
            }
        });
    }

    /// The person scrolled, or we did.
    pub(super) fn on_scroll(&self) {
        let Some(room) = self.room.get_untracked() else { return };
        let (top, height) = (f64::from(room.scroll_top()), f64::from(room.client_height()));
        let at_end = top + height >= f64::from(room.scroll_height()) - AT_END_PX;
        if at_end {
            if !self.follow.get_untracked() && self.overflows.get_untracked() {
                self.follow.set(true);
            }
        } else if top < self.last_top.get_value() && self.follow.get_untracked() {
            self.follow.set(false);
        }
        self.last_top.set_value(top);
        untrack(|| self.flush());
    }

    fn top(&self) -> f64 {
        self.room
            .get_untracked()
            .map_or(0.0, |room| f64::from(room.scroll_top()))
    }

    fn scroll_to(&self, top: f64) {
        if let Some(room) = self.room.get_untracked() {
            room.set_scroll_top(top.round() as i32);
            self.last_top.set_value(f64::from(room.scroll_top()));
        }
    }

    fn go_to_end(&self) {
        let Some(Some(room)) = self.room.try_get_untracked() else {
            return;
        };
        if self.follow.try_get_untracked() == Some(true) {
            self.scroll_to(f64::from(room.scroll_height()));
            untrack(|| self.flush());
        }
    }

    /// Keeps the number of slots and of characters a row equal to the room.
    fn watch_size(self) {
        effect(move || {
            let Some(room) = self.room.get() else { return };
            let element: Element = room.clone().unchecked_into();
            let measure = move || {
                let height = f64::from(room.client_height());
                let probe = self.probe.try_get_untracked().flatten();
                let char_px = probe.map_or(0.0, |p| p.get_bounding_client_rect().width() / PROBE_CHARS);
                if char_px > 0.0 {
                    let chars = ((f64::from(room.client_width()) - SIDES_PX) / char_px).floor().max(1.0);
                    self.row_chars.try_set(chars as usize);
                }
                let need = ((height / LINE_PX).ceil() as usize + 10).min(MOST_SLOTS);
                if self.pool.try_get_untracked().is_some_and(|pool| pool < need) {
                    self.pool.try_set(need);
                }
                let rows = self.rows.try_get_untracked().unwrap_or(0);
                self.overflows.try_set(f64::from(rows) * LINE_PX > height);
                self.height.try_set(height);
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
}
