//! Decides whether the person is asked to sign in, and keeps the page beneath when a session ends in the middle.

use leptos::prelude::*;

use crate::live::connection::Connection;
use crate::live::{Live, use_live};
use crate::widgets::dialog::Dialog;

use super::sign_in_form::SignInForm;

/// Whether there has been a session since the page was loaded, and whose; in context.
#[derive(Clone, Copy)]
pub(crate) struct Gate {
    /// Whose it was; empty when there was none.
    user: RwSignal<String>,
    connection: Signal<Connection>,
    session: Signal<Option<crate::client::session::Session>>,
}

impl Gate {
    /// Makes it; once, by the app.
    pub(crate) fn provide() -> Gate {
        let live = use_live();
        let gate = Gate {
            user: RwSignal::new(String::new()),
            connection: live.connection(),
            session: live.session(),
        };
        let session = gate.session;
        Effect::new(move |_| {
            if let Some(user) = session.with(|s| s.as_ref().map(|s| s.user.clone())) {
                gate.user.set(user);
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
        self.user.set(String::new());
    }

    /// Nobody is signed in, and there is no page to keep: the sign-in page stands alone.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_signed_out() && self.user.with(String::is_empty)
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
    Effect::new(move |_| open.set(gate.is_signed_out() && !gate.user.with(String::is_empty)));
    // It can't be dismissed: the browser closes a modal dialog at the second Escape, so it opens again.
    Effect::new(move |_| {
        if !open.get() && gate.is_signed_out() && !gate.user.with_untracked(String::is_empty) {
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
