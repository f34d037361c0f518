//! Decides what stands on the screen: nothing yet, the sign-in page, or the frame; keeps the page when a session ends.
//!
//! The frame is never taken away again: router and pages still hold signals of it in the moment in which the session
//! goes. Who leaves on purpose leaves the page as well, so that nothing of theirs stays in memory.

use std::time::Duration;

use leptos::prelude::*;

use crate::client::session::Session;
use crate::live::connection::Connection;
use crate::live::use_live;
use crate::widgets::dialog::Dialog;
use crate::widgets::reactive::effect;

use super::sign_in_form::SignInForm;

/// How long to wait for the word who is signed in before the frame is shown without it.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What stands on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The frame of index.html: nobody has said yet who is signed in.
    Waiting,
    /// The sign-in page.
    SignIn,
    /// The frame with its pages.
    Frame,
}

/// Who is signed in, as seen by the frame; in context.
#[derive(Clone, Copy)]
pub(crate) struct Gate {
    stage: RwSignal<Stage>,
    /// Whose session it is or was; empty when there was none.
    user: RwSignal<String>,
    /// The person leaves on purpose.
    leaving: RwSignal<bool>,
    connection: Signal<Connection>,
    session: Signal<Option<Session>>,
}

impl Gate {
    /// Makes it; once, by the app. `token` is that of a sign-in link, until it is used.
    pub(crate) fn provide(token: RwSignal<Option<String>>) -> Gate {
        let live = use_live();
        let begins = if token.with_untracked(Option::is_some) {
            Stage::SignIn
        } else {
            Stage::Waiting
        };
        let gate = Gate {
            stage: RwSignal::new(begins),
            user: RwSignal::new(String::new()),
            leaving: RwSignal::new(false),
            connection: live.connection(),
            session: live.session(),
        };
        let waited = RwSignal::new(false);
        set_timeout(move || waited.set(true), PATIENCE);
        effect(move || {
            let user = gate.session.with(|s| s.as_ref().map(|s| s.user.clone()));
            let (is_out, waited) = (gate.connection.get() == Connection::SignedOut, waited.get());
            match gate.stage.get_untracked() {
                Stage::Waiting | Stage::SignIn if user.is_some() => gate.stage.set(Stage::Frame),
                Stage::Waiting if is_out => gate.stage.set(Stage::SignIn),
                Stage::Waiting if waited => gate.stage.set(Stage::Frame),
                // It was shown on trust, and nobody was signed in after all.
                Stage::Frame if is_out && user.is_none() && gate.user.with_untracked(String::is_empty) => reload(),
                _ => {}
            }
            if let Some(user) = user {
                gate.user.set(user);
            }
        });
        provide_context(gate);
        gate
    }

    /// What stands on the screen.
    pub(crate) fn stage(&self) -> Signal<Stage> {
        self.stage.into()
    }

    /// Goes to the sign-in page with a new document, or to where the provider signs people out, after the session has
    /// been ended.
    pub(super) fn leave(&self, onward: &str) {
        self.leaving.set(true);
        let to = if onward.is_empty() { "/sign-in" } else { onward };
        if let Some(window) = web_sys::window() {
            window.location().assign(to).ok();
        }
    }

    /// The session ended in the middle of something.
    pub(super) fn is_cut_off(&self) -> bool {
        self.connection.get() == Connection::SignedOut
            && self.session.with(Option::is_none)
            && !self.leaving.get()
            && !self.user.with(String::is_empty)
    }
}

fn reload() {
    if let Some(window) = web_sys::window() {
        window.location().reload().ok();
    }
}

/// Asks to sign in again over the page, which stays with all that was typed.
#[component]
pub(super) fn SignedOutDialog() -> AnyView {
    let gate = expect_context::<Gate>();
    let open = RwSignal::new(false);
    effect(move || open.set(gate.is_cut_off()));
    // It can't be dismissed: the browser closes a modal dialog at the second Escape, so it opens again.
    effect(move || {
        if !open.get() && gate.is_cut_off() {
            request_animation_frame(move || {
                open.try_set(true);
            });
        }
    });
    view! {
        <Dialog open=open title="Your session has ended" stays=true>
            <p class="muted">
                "The page beneath stays as it is, with what you typed. Sign in again to go on, or open a new sign-in link in another tab: this one notices."
            </p>
            <SignInForm user=gate.user.get_untracked() />
        </Dialog>
    }
    .into_any()
}
