//! Decides whether the person is asked to sign in, and keeps the page beneath when a session ends in the middle.

use leptos::prelude::*;

use crate::live::connection::Connection;
use crate::live::{Live, use_live};
use crate::widgets::dialog::Dialog;

use super::sign_in_form::SignInForm;

/// Whether there has been a session since the page was loaded, in context.
#[derive(Clone, Copy)]
pub(crate) struct Gate {
    had: RwSignal<bool>,
    connection: Signal<Connection>,
    session: Signal<Option<crate::client::session::Session>>,
}

impl Gate {
    /// Makes it; once, by the app.
    pub(crate) fn provide() -> Gate {
        let live = use_live();
        let gate = Gate {
            had: RwSignal::new(false),
            connection: live.connection(),
            session: live.session(),
        };
        let session = gate.session;
        Effect::new(move |_| {
            if session.with(Option::is_some) {
                gate.had.set(true);
            }
        });
        provide_context(gate);
        gate
    }

    /// The app's gate.
    pub(super) fn of(_live: &Live) -> Gate {
        expect_context()
    }

    /// The person left on purpose: the page beneath is not kept.
    pub(super) fn forget(&self) {
        self.had.set(false);
    }

    /// Nobody is signed in, and there is no page to keep: the sign-in page stands alone.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_signed_out() && !self.had.get()
    }

    fn is_signed_out(&self) -> bool {
        self.connection.get() == Connection::SignedOut && self.session.with(Option::is_none)
    }
}

/// Asks to sign in again over the page, which stays with all that was typed.
#[component]
pub(super) fn SignedOutDialog() -> AnyView {
    let gate = expect_context::<Gate>();
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(gate.is_signed_out() && gate.had.get()));
    // It can't be dismissed: the browser closes a modal dialog at the second Escape, so it opens again.
    Effect::new(move |_| {
        if !open.get() && gate.is_signed_out() && gate.had.get_untracked() {
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
            <SignInForm />
        </Dialog>
    }
    .into_any()
}
