//! Offers one action: what it does, whether it runs, and why it can't.

use leptos::prelude::*;

use super::Act;
use super::icon::{Icon, icon};

/// How loud a button is. At most one `Primary` a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one filled button.
    Primary,
    /// A line around it.
    #[default]
    Plain,
    /// Deletes something.
    Danger,
    /// Neither fill nor line until pointed at.
    Quiet,
}

impl Kind {
    /// The classes of a button or of a link that looks like one.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Danger => "button button-danger",
            Self::Quiet => "button button-quiet",
        }
    }
}

/// A button. When `blocked` has a reason it stays focusable, does nothing, and says the reason to eye and ear.
#[component]
pub(crate) fn Button(
    /// A verb with its object: "Start notebook".
    #[prop(into)]
    label: Signal<String>,
    /// What happens.
    #[prop(into)]
    on_click: Act,
    /// How loud it is.
    #[prop(optional)]
    kind: Kind,
    /// 26 px instead of 30.
    #[prop(optional)]
    small: bool,
    /// Shown before the label.
    #[prop(optional, into)]
    icon: Option<Icon>,
    /// Shows the icon alone; the label is then for the ear and the tooltip.
    #[prop(optional)]
    icon_only: bool,
    /// Something is under way: a ring turns, clicks do nothing.
    #[prop(into, optional)]
    busy: Signal<bool>,
    /// Why it can't be done now, in words.
    #[prop(into, optional)]
    blocked: Signal<Option<String>>,
    /// For a button that stays pressed.
    #[prop(into, optional)]
    pressed: Option<Signal<bool>>,
    /// Sends the form around it as well.
    #[prop(optional)]
    submit: bool,
) -> AnyView {
    let click = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() || blocked.with_untracked(Option::is_some) {
            event.prevent_default();
        } else {
            on_click.run(());
        }
    };
    let title = move || blocked.get().or_else(|| icon_only.then(|| label.get()));
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            class:button-small=small
            class:button-icon=icon_only
            class:is-busy=busy
            aria-disabled=move || (busy.get() || blocked.with(Option::is_some)).then_some("true")
            aria-busy=move || busy.get().then_some("true")
            aria-pressed=move || pressed.map(|p| if p.get() { "true" } else { "false" })
            aria-label=move || icon_only.then(|| label.get())
            aria-description=move || blocked.get()
            title=title
            on:click=click
        >
            {icon_before(icon)}
            {(!icon_only).then(|| view! { <span class="button-label">{label}</span> })}
        </button>
    }
    .into_any()
}

fn icon_before(which: Option<Icon>) -> Option<AnyView> {
    which.map(icon)
}
