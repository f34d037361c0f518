//! Exchanges a sign-in link or a password for a session.
//!
//! The page comes in a chunk of Wasm, with the layers of the frame: the first list does without it.
//!
//! The link's token stands in the fragment, so that no server logs it; it works once and leaves the address at once.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::client::session;
use crate::live::use_live;
use crate::shell::chunk::Coming;
use crate::shell::router::use_router;
use crate::shell::sign_in_form::{SignInForm, sentence};
use crate::widgets::icon::mark;
use crate::widgets::reactive::{effect, task};
use crate::widgets::show::Show;
use crate::widgets::skeleton::Skeleton;

/// What the fragment of a sign-in link begins with.
const FRAGMENT: &str = "#sign-in=";

/// The token of the sign-in link that the page was opened with; taken out of the address.
pub(crate) fn take_token() -> Option<String> {
    let window = web_sys::window()?;
    let location = window.location();
    let hash = location.hash().ok()?;
    let token = hash.strip_prefix(FRAGMENT)?.to_owned();
    let clean = format!(
        "{}{}",
        location.pathname().unwrap_or_default(),
        location.search().unwrap_or_default()
    );
    if let Ok(history) = window.history() {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&clean)).ok();
    }
    Some(token)
}

#[wasm_split(frame, fallible)]
fn draw_sign_in() -> Result<fn(RwSignal<Option<String>>) -> AnyView, SplitLoaderError> {
    Ok(|token| view! { <SignInPage token=token /> }.into_any())
}

/// The sign-in page; `token` is that of a sign-in link.
pub(crate) fn sign_in_page(token: RwSignal<Option<String>>) -> Coming {
    Box::pin(async move {
        let draw = draw_sign_in().await?;
        Ok(Arc::new(move || draw(token)) as _)
    })
}

/// The sign-in page; with a token it signs in by itself and shows the form only when that fails.
#[component]
fn SignInPage(
    /// The token of a sign-in link.
    token: RwSignal<Option<String>>,
) -> AnyView {
    let live = use_live();
    let refused = RwSignal::new(None::<String>);
    document().set_title("Sign in · Flowdeck");
    let session_now = live.session();
    leave_when_signed_in(session_now);
    if let Some(text) = token.get_untracked() {
        task(async move {
            match session::sign_in_with_link(&text).await {
                Ok(session) => live.signed_in(session),
                Err(error) => {
                    refused.try_set(Some(sentence(&error)));
                }
            }
            token.try_set(None);
        });
    }
    view! {
        <main class="gate">
            <div class="gate-card">
                <div class="brand">{mark()} <span>"Flowdeck"</span></div>
                <h1 tabindex="-1">"Sign in"</h1>
                <Show
                    when=move || token.with(Option::is_some)
                    fallback=move || {
                        view! {
                            {move || refused.get().map(refusal)}
                            <SignInForm />
                        }
                    }
                >
                    <Skeleton lines=3 label="Signing in with your link" />
                </Show>
            </div>
        </main>
    }
    .into_any()
}

/// Someone who is signed in has no business at `/sign-in`.
fn leave_when_signed_in(session: Signal<Option<session::Session>>) {
    let router = use_router();
    effect(move || {
        if session.with(Option::is_some) && router.path().get_untracked() == "/sign-in" {
            router.replace("/notebooks");
        }
    });
}

fn refusal(why: String) -> AnyView {
    view! {
        <div class="note" role="alert">
            <p>
                <b>"The link did not work. "</b>
                {why}
                ". Ask for a new one, or sign in with your password."
            </p>
        </div>
    }
    .into_any()
}
