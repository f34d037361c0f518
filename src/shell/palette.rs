//! Finds and does anything by typing: pages, namespaces, notebooks, theme, signing out.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use flowdeck_view::query::encode;

use crate::live::use_live;
use crate::widgets::icon::{Icon, icon};
use crate::widgets::list_search::{list_search, moved_by};
use crate::widgets::{Act, outliving};

use super::Layers;
use super::namespace::{address_in, use_namespace};
use super::person::sign_out_act;
use super::router::use_router;
use super::theme::Theme;
use crate::widgets::reactive::effect;
use crate::widgets::show::Show;

/// The most lines that are shown.
const MOST: usize = 40;

/// What choosing a line does.
#[derive(Clone)]
enum Deed {
    /// Goes to an address.
    Go(String),
    /// Chooses a theme.
    Look(Theme),
    /// Shows the list of keys.
    Keys,
    /// Ends the session.
    SignOut,
}

/// One line.
#[derive(Clone)]
struct Command {
    label: String,
    group: &'static str,
    icon: Icon,
    deed: Deed,
}

/// The palette, behind Ctrl K.
#[component]
pub(super) fn Palette() -> AnyView {
    let layers = expect_context::<Layers>();
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        let (Some(dialog), open) = (dialog.get(), layers.palette.get()) else {
            return;
        };
        if open && !dialog.open() {
            dialog.show_modal().ok();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    let leave = sign_out_act(use_live());
    let on_behalf = outliving();
    // The list is gone once something is chosen: what it does runs on behalf of the palette.
    let leave: Act = (move || on_behalf(&|| leave.run(()))).into();
    let backdrop = move |event: ev::MouseEvent| {
        if event.target()
            == dialog
                .get_untracked()
                .map(|d| d.unchecked_into::<web_sys::EventTarget>())
        {
            layers.palette.set(false);
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class="dialog palette"
            aria-label="Search or run a command"
            on:close=move |_| layers.palette.set(false)
            on:click=backdrop
        >
            <Show when=move || layers.palette.get()>
                <PaletteBody leave=leave />
            </Show>
        </dialog>
    }
    .into_any()
}

#[component]
fn PaletteBody(leave: Act) -> AnyView {
    let layers = expect_context::<Layers>();
    let all = commands();
    let (text, active) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let found = Signal::derive_local(move || {
        let words = text.with(|t| t.to_ascii_lowercase());
        let fits = |c: &Command| {
            let label = c.label.to_ascii_lowercase();
            words
                .split_whitespace()
                .all(|w| label.contains(w) || c.group.to_ascii_lowercase().contains(w))
        };
        all.with(|all| all.iter().filter(|c| fits(c)).take(MOST).cloned().collect::<Vec<_>>())
    });
    let router = use_router();
    let run = move |command: Command| {
        layers.palette.set(false);
        match command.deed {
            Deed::Go(address) => router.push(&address),
            Deed::Look(theme) => theme.choose(),
            Deed::Keys => layers.help.set(true),
            Deed::SignOut => leave.run(()),
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        match event.key().as_str() {
            key if moved_by(key, active, count) => {}
            "Enter" => {
                if let Some(command) = found.with_untracked(|f| f.get(active.get_untracked()).cloned()) {
                    run(command);
                }
            }
            _ => return,
        }
        event.prevent_default();
        scroll_to_active(&event);
    };
    let lines = move || {
        found
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, c)| line(at, c, active, run))
            .collect_view()
    };
    view! {
        <div class="palette-field">
            {icon(Icon::Search)}
            {list_search("Search or run a command", ("commands", "command"), text, active, keys)}
            <kbd class="key">"Esc"</kbd>
        </div>
        <ul id="commands" class="palette-list" role="listbox" aria-label="Commands">
            {lines}
        </ul>
        <p class="palette-none" role="status" hidden=move || found.with(|f| !f.is_empty())>
            "Nothing of that name here."
        </p>
    }
    .into_any()
}

fn line(at: usize, command: Command, active: RwSignal<usize>, run: impl Fn(Command) + 'static) -> AnyView {
    let (label, group, which) = (command.label.clone(), command.group, command.icon);
    view! {
        <li
            id=format!("command-{at}")
            role="option"
            class="palette-item"
            aria-selected=move || if active.get() == at { "true" } else { "false" }
            on:pointermove=move |_| {
                if active.get_untracked() != at {
                    active.set(at);
                }
            }
            on:click=move |_| run(command.clone())
        >
            {icon(which)}
            <span>{label}</span>
            <span class="palette-group">{group}</span>
        </li>
    }
    .into_any()
}

/// After the arrow keys: the active line is in sight.
fn scroll_to_active(event: &ev::KeyboardEvent) {
    let list = event
        .target()
        .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
        .and_then(|t| t.closest("dialog").ok().flatten());
    request_animation_frame(move || {
        let active = list.and_then(|l| l.query_selector("[aria-selected=true]").ok().flatten());
        if let Some(active) = active {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            active.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

/// Everything that can be done from here, kept fresh while the palette is open.
fn commands() -> Signal<Vec<Command>, LocalStorage> {
    let live = use_live();
    let namespace = use_namespace();
    let here = namespace.get_untracked();
    let path = use_router().path();
    let (notebooks, namespaces) = (live.notebooks(&here), live.namespaces());
    Signal::derive_local(move || {
        let mut ns = String::new();
        encode(&here, &mut ns);
        let mut all = vec![
            go("Go to notebooks", "Page", Icon::Notebook, format!("/notebooks?ns={ns}")),
            go("New notebook", "Action", Icon::Plus, format!("/notebooks/new?ns={ns}")),
        ];
        notebooks.with(|rows| {
            all.extend(rows.iter().map(|n| {
                let name = n.metadata.name.clone();
                let address = format!("/notebooks/{name}?ns={ns}");
                go(name, "Notebook", Icon::Notebook, address)
            }));
        });
        namespaces.with(|rows| {
            let mut names: Vec<&str> = rows.iter().map(|n| n.metadata.name.as_str()).collect();
            names.sort_unstable();
            all.extend(names.into_iter().filter(|n| *n != here).map(|name| {
                let address = address_in(&path.get_untracked(), name);
                go(name, "Namespace", Icon::Into, address)
            }));
        });
        all.extend(Theme::ALL.iter().map(|(theme, label)| Command {
            label: (*label).to_owned(),
            group: "Theme",
            icon: Icon::System,
            deed: Deed::Look(*theme),
        }));
        all.push(Command {
            label: "Show all keys".to_owned(),
            group: "Help",
            icon: Icon::Keys,
            deed: Deed::Keys,
        });
        all.push(Command {
            label: "Sign out".to_owned(),
            group: "Session",
            icon: Icon::SignOut,
            deed: Deed::SignOut,
        });
        all
    })
}

fn go(label: impl Into<String>, group: &'static str, icon: Icon, address: String) -> Command {
    Command {
        label: label.into(),
        group,
        icon,
        deed: Deed::Go(address),
    }
}
