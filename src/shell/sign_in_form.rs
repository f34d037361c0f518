//! Takes name and password, or leads to the provider that knows the person; says in words what is wrong, and waits
//! when the gateway asks to.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use crate::client::{Error, session};
use crate::live::use_live;
use crate::widgets::button::{Button, Kind};
use crate::widgets::field::TextField;
use crate::widgets::link::ExternalLink;
use crate::widgets::reactive::{memo, task};
use crate::widgets::show::Show;

/// The form. On success the live stores know, and whatever showed the form goes on.
#[component]
pub(crate) fn SignInForm(
    /// Whose name stands there already.
    #[prop(optional)]
    user: String,
) -> AnyView {
    let live = use_live();
    let known = !user.is_empty();
    let (user, password) = (RwSignal::new(user), RwSignal::new(String::new()));
    let (busy, wait) = (RwSignal::new(false), RwSignal::new(0_u32));
    let error = RwSignal::new(None::<String>);
    let blocked = Signal::derive(move || match wait.get() {
        0 => None,
        secs => Some(format!("Too many tries: wait {secs} s")),
    });
    let live = StoredValue::new_local(live);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || wait.get_untracked() > 0 {
            return;
        }
        busy.set(true);
        error.set(None);
        task(async move {
            let answer = session::sign_in(&user.get_untracked(), &password.get_untracked()).await;
            busy.try_set(false);
            match answer {
                Ok(session) => {
                    live.try_with_value(|live| live.signed_in(session));
                }
                Err(Error::TooMany { retry_after_secs }) => count_down(wait, retry_after_secs).await,
                Err(problem) => {
                    error.try_set(Some(sentence(&problem)));
                }
            }
        });
    };
    let words = move || blocked.get().or_else(|| error.get());
    let ways = RwSignal::new(session::Ways::default());
    task(async move {
        if let Ok(found) = session::ways().await {
            ways.try_set(found);
        }
    });
    let provider = memo(move || ways.with(|ways| ways.oidc.clone()));
    let label = Signal::derive(move || format!("Sign in with {}", provider.get()));
    view! {
        <Show when=move || provider.with(|name| !name.is_empty())>
            {if known {
                // What was typed beneath stays: this tab notices what happens in the other one.
                view! { <ExternalLink href=session::AT_PROVIDER label=label button=Kind::Plain /> }.into_any()
            } else {
                view! { <Button label=label on_click=to_provider /> }.into_any()
            }}
        </Show>
        <form class="gate-form" on:submit=submit hidden=move || ways.with(|ways| !ways.password && !ways.oidc.is_empty())>
            <TextField label="Name" value=user autocomplete="username" name="user" hint="Usually your address" autofocus=!known />
            <TextField label="Password" value=password kind="password" autocomplete="current-password" name="password"
                autofocus=known />
            <p class="field-error" role="alert">
                {words}
            </p>
            <Button label="Sign in" kind=Kind::Primary submit=true busy=busy blocked=blocked on_click=|| {} />
        </form>
    }
    .into_any()
}

/// Goes to the provider in this tab, and from there to where the person wanted to be.
fn to_provider() {
    if let Some(location) = web_sys::window().map(|window| window.location()) {
        let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
        let to = String::from(js_sys::encode_uri_component(&here));
        location.assign(&(session::AT_PROVIDER.to_owned() + &to)).ok();
    }
}

async fn count_down(wait: RwSignal<u32>, secs: u32) {
    for left in (0..=secs.clamp(1, 3_600)).rev() {
        if wait.try_set(left).is_some() {
            return; // the form is gone
        }
        TimeoutFuture::new(1_000).await;
    }
}

/// What went wrong, and what to do.
pub(crate) fn sentence(error: &Error) -> String {
    match error {
        Error::Invalid { message, .. } => capital(message),
        other => format!("{}. {}", capital(&other.to_string()), other.advice()),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
