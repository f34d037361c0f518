//! Knows who is signed in, says once when nobody is any more, and keeps the tabs of one browser in step.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use flowdeck_watch::Input;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::client::Error;
use crate::client::session::{self, Session};

use super::tell::tell;
use super::{Inner, browser};

/// The channel on which the tabs tell each other.
const CHANNEL: &str = "flowdeck-session";
/// What a tab says when its user has signed in, and out.
const IN: &str = "signed-in";
const OUT: &str = "signed-out";
/// How long to wait before asking again who is signed in, when nobody answered, in ms.
const ASK_AGAIN_MS: u32 = 2_000;

/// Who is signed in.
pub(super) struct SessionStore {
    pub(super) session: ArcRwSignal<Option<Session>>,
    /// True from the moment that somebody said 401 until the next sign-in.
    pub(super) is_out: Cell<bool>,
    channel: Option<BroadcastChannel>,
}

impl SessionStore {
    pub(super) fn new() -> SessionStore {
        SessionStore {
            session: ArcRwSignal::new(None),
            is_out: Cell::new(false),
            channel: BroadcastChannel::new(CHANNEL).ok(),
        }
    }

    fn say(&self, word: &str) {
        if let Some(channel) = &self.channel {
            // Only a channel that was closed refuses.
            drop(channel.post_message(&JsValue::from_str(word)));
        }
    }
}

impl Inner {
    /// Asks who is signed in, unless a sign-in link is about to say it; and listens to the other tabs.
    pub(super) fn begin_session(self: &Rc<Self>) {
        let hash = browser::window()
            .and_then(|window| window.location().hash().ok())
            .unwrap_or_default();
        if !hash.starts_with("#sign-in=") {
            // Whoever comes from a provider's page has a new session, of which other tabs know nothing yet.
            browser::spawn(ask(Rc::downgrade(self), true));
        }
        let Some(channel) = &self.session.channel else { return };
        let me = Rc::downgrade(self);
        let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(live) = me.upgrade() else { return };
            match event.data().as_string().as_deref() {
                Some(OUT) => live.session_ended(),
                Some(IN) => browser::spawn(ask(Rc::downgrade(&live), false)),
                _ => {}
            }
        });
        channel.set_onmessage(Some(listen.as_ref().unchecked_ref()));
        listen.forget();
    }

    /// A session has begun here.
    pub(super) fn session_began(&self, session: Session) {
        self.take_session(session);
        self.session.say(IN);
    }

    /// The user has signed out here.
    pub(super) fn session_given_up(&self) {
        self.session.say(OUT);
        self.session_ended();
    }

    /// There is no session any more, whoever learned it: told once, and no stream asks any more.
    pub(super) fn session_ended(&self) {
        if self.session.is_out.replace(true) {
            return;
        }
        self.tell_streams(|| Input::SignedOut);
        self.forget_rights();
        tell(&self.session.session, None);
        self.judge_connection();
    }

    fn take_session(&self, session: Session) {
        let former = self.last_user.replace(Some(session.user.clone()));
        if former.is_some_and(|user| user != session.user) {
            // Somebody else: nothing of what is in memory is theirs to see.
            if let Some(window) = browser::window() {
                drop(window.location().reload());
            }
            return;
        }
        self.session.is_out.set(false);
        tell(&self.session.session, Some(session));
        self.forget_rights();
        self.tell_streams(|| Input::SignedIn);
        self.judge_connection();
    }
}

/// Asks the gateway who is signed in, until it answers; and may say so to the other tabs.
async fn ask(live: Weak<Inner>, says_so: bool) {
    loop {
        let answer = session::current().await;
        let Some(live) = live.upgrade() else { return };
        match answer {
            Ok(session) if says_so => return live.session_began(session),
            Ok(session) => return live.take_session(session),
            Err(Error::SignedOut) => return live.session_ended(),
            Err(_no_answer) => {}
        }
        drop(live);
        TimeoutFuture::new(ASK_AGAIN_MS).await;
    }
}
