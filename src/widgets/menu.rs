//! Opens a list of actions at a button or at a row.

pub(crate) mod panel;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::Act;
use super::icon::{Icon, icon};

/// One line of a menu.
#[derive(Clone, Debug)]
pub(crate) struct MenuItem {
    /// A verb with its object, "…" at the end if a dialog follows.
    pub(crate) label: String,
    /// Drawn before the label.
    pub(crate) icon: Option<Icon>,
    /// Deletes something: drawn red, after a line.
    pub(crate) danger: bool,
    /// Why it can't be done now; the item stays readable.
    pub(crate) blocked: Option<String>,
    /// Leads out of the app instead of acting.
    pub(crate) href: Option<String>,
    /// What happens.
    pub(crate) act: Act,
}

impl MenuItem {
    /// An item that can be done.
    pub(crate) fn new(label: impl Into<String>, icon: Icon, act: impl Into<Act>) -> Self {
        Self {
            label: label.into(),
            icon: Some(icon),
            danger: false,
            blocked: None,
            href: None,
            act: act.into(),
        }
    }

    /// The same, marked as deleting.
    pub(crate) fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// The same, but not now, and why.
    pub(crate) fn blocked(mut self, why: Option<String>) -> Self {
        self.blocked = why;
        self
    }
}

/// An open menu: its items and the element it hangs from, which gets the focus back.
#[derive(Clone)]
pub(crate) struct OpenMenu {
    /// The lines, at the time of opening.
    pub(crate) items: Vec<MenuItem>,
    /// Where it hangs.
    pub(crate) anchor: Element,
}

/// Whether a menu is open, and which.
pub(crate) type Opened = RwSignal<Option<OpenMenu>, LocalStorage>;

/// Draws [`panel::MenuPanel`]. In context, from the shell: the panel is fetched when the first menu opens.
#[derive(Clone, Copy)]
pub(crate) struct DrawPanel(pub(crate) fn(Opened, Signal<String>) -> AnyView);

/// The panel of a menu; `label` is its name for the ear.
pub(crate) fn panel(open: Opened, label: Signal<String>) -> AnyView {
    let DrawPanel(draw) = expect_context();
    draw(open, label)
}

/// A button with a menu below it.
#[component]
pub(crate) fn Menu(
    /// What the menu holds, for the ear: "More actions for vision-train-01".
    #[prop(into)]
    label: Signal<String>,
    /// The lines, asked for when the menu opens.
    items: leptos::reactive::callback::UnsyncCallback<(), Vec<MenuItem>>,
    /// What the button shows; three dots without it.
    #[prop(optional)]
    children: Option<Children>,
    /// Classes of the button, when it is not the quiet one with the dots.
    #[prop(optional)]
    class: &'static str,
) -> AnyView {
    let open = RwSignal::new_local(None::<OpenMenu>);
    let button = NodeRef::<html::Button>::new();
    let toggle = move |_| {
        if open.with_untracked(Option::is_some) {
            open.set(None);
        } else if let Some(button) = button.get_untracked() {
            let anchor: Element = button.unchecked_into();
            open.set(Some(OpenMenu {
                items: items.run(()),
                anchor,
            }));
        }
    };
    let class = if class.is_empty() {
        "button button-quiet button-icon button-small"
    } else {
        class
    };
    view! {
        <button
            node_ref=button
            type="button"
            class=class
            aria-haspopup="menu"
            aria-expanded=move || if open.with(Option::is_some) { "true" } else { "false" }
            aria-label=label
            on:click=toggle
        >
            {children.map_or_else(|| icon(Icon::More), |c| c())}
        </button>
        {panel(open, label)}
    }
    .into_any()
}
