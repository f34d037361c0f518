//! Shows who is signed in, with theme, keys and signing out behind it.

use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

use crate::client::session;
use crate::live::{Live, use_live};
use crate::widgets::icon::Icon;
use crate::widgets::menu::{Menu, MenuItem};

use super::Layers;
use super::gate::Gate;
use super::theme::Theme;
use super::toasts::{Toast, Toasts, use_toasts};
use crate::widgets::reactive::{memo, task};

/// The person at the foot of the rail.
#[component]
pub(super) fn Person() -> AnyView {
    let live = use_live();
    let session = live.session();
    let user = memo(move || session.with(|s| s.as_ref().map(|s| s.user.clone()).unwrap_or_default()));
    let layers = expect_context::<Layers>();
    let leave = sign_out_act(live);
    let items = UnsyncCallback::new(move |()| {
        let chosen = Theme::chosen();
        let mut items: Vec<MenuItem> = Theme::ALL
            .iter()
            .map(|(theme, label)| {
                let theme = *theme;
                let shape = if theme == chosen {
                    Icon::Check
                } else {
                    theme_icon(theme)
                };
                MenuItem::new(*label, shape, move || theme.choose())
            })
            .collect();
        items.push(MenuItem::new("Show all keys", Icon::Keys, move || {
            layers.help.set(true)
        }));
        items.push(MenuItem::new("Sign out", Icon::SignOut, move || leave.run(())));
        items
    });
    let letter = move || user.with(|u| u.chars().next().map(String::from).unwrap_or_default());
    view! {
        <Menu label=Signal::derive(move || format!("{}: theme, keys, sign out", user.get())) items=items class="person">
            <span class="person-letter" data-letter=letter></span>
            <span class="person-name wide">{user}</span>
        </Menu>
    }
    .into_any()
}

fn theme_icon(theme: Theme) -> Icon {
    match theme {
        Theme::Light => Icon::Light,
        Theme::Dark => Icon::Dark,
        Theme::System => Icon::System,
    }
}

/// Ends the session at the gateway, then in every tab.
pub(super) fn sign_out_act(live: Live) -> UnsyncCallback<()> {
    let (gate, toasts) = (expect_context::<Gate>(), use_toasts());
    UnsyncCallback::new(move |()| {
        task(sign_out(live.clone(), gate, toasts));
    })
}

async fn sign_out(live: Live, gate: Gate, toasts: Toasts) {
    match session::sign_out().await {
        Ok(onward) => {
            gate.leave(&onward);
            live.signed_out();
        }
        Err(error) => toasts.push(Toast::failed(format!("Not signed out: {error}"))),
    }
}
