//! Follows the browser's tab: hidden, offline, asleep and back, and what that means for the streams.

use std::rc::Rc;

use flowdeck_watch::Input;
use gloo_timers::callback::{Interval, Timeout};
use leptos::prelude::*;

use super::tell::tell;
use super::{Inner, browser};
use crate::client::fetch::{self, Refusal};

/// How long a tab may be hidden before its streams pause, in ms.
const HIDDEN_MS: u32 = 30_000;
/// A tick that comes this late, in ms, means that the machine slept.
const SLEPT_MS: f64 = 30_000.0;

impl Inner {
    /// Hears of the tab, the network and refused requests, from the start of the app on.
    pub(super) fn listen(self: &Rc<Self>) {
        let on = |event: &str, call: fn(&Rc<Inner>)| {
            let me = Rc::downgrade(self);
            browser::on_window(event, move || {
                if let Some(live) = me.upgrade() {
                    call(&live);
                }
            });
        };
        on("focus", |live| live.tell_streams(|| Input::Nudge));
        on("online", Inner::judge_pause);
        on("offline", Inner::judge_pause);
        let me = Rc::downgrade(self);
        browser::on_visibility(move || {
            if let Some(live) = me.upgrade() {
                live.visibility_changed();
            }
        });
        let me = Rc::downgrade(self);
        fetch::on_refusal(move |refusal| {
            let Some(live) = me.upgrade() else { return };
            match refusal {
                Refusal::SignedOut => live.session_ended(),
                Refusal::Forbidden => live.doubt_rights(),
            }
        });
        self.judge_pause();
        self.visibility_changed();
    }

    fn visibility_changed(self: &Rc<Self>) {
        if browser::is_hidden() {
            self.ticker.take();
            let me = Rc::downgrade(self);
            let pause = Timeout::new(HIDDEN_MS, move || {
                if let Some(live) = me.upgrade() {
                    live.judge_pause();
                }
            });
            self.hiding.replace(Some(pause));
            return;
        }
        let was_hidden = self.hiding.take().is_some();
        self.tick();
        let me = Rc::downgrade(self);
        self.ticker.replace(Some(Interval::new(1000, move || {
            if let Some(live) = me.upgrade() {
                live.tick();
            }
        })));
        if was_hidden {
            self.judge_pause();
            self.tell_streams(|| Input::Nudge);
        }
    }

    /// Once a second in a tab that is seen.
    fn tick(&self) {
        let now_ms = browser::now_ms();
        let last_ms = self.now.try_get_untracked().unwrap_or(now_ms);
        tell(&self.now, now_ms);
        if now_ms - last_ms > SLEPT_MS {
            self.tell_streams(|| Input::Woke);
        }
        for rules in self.wanted_rules() {
            rules.refresh();
        }
    }

    /// Pauses or resumes the streams, as the tab and the network are.
    fn judge_pause(self: &Rc<Self>) {
        let offline = browser::is_offline();
        let since_ms = offline.then(|| self.offline_since_ms.get().unwrap_or_else(browser::now_ms));
        self.offline_since_ms.set(since_ms);
        let pause = offline || browser::is_hidden();
        if self.is_paused.replace(pause) != pause {
            self.tell_streams(|| if pause { Input::Pause } else { Input::Resume });
        }
        self.judge_connection();
    }
}
