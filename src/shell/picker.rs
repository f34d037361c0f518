//! Chooses the namespace: a list with search, which comes in a chunk; a name can be typed when listing is denied.

use std::sync::Arc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use flowdeck_objects::Namespace;

use crate::live::lease::{Lease, StreamState};
use crate::live::use_live;
use crate::widgets::On;
use crate::widgets::icon::{Icon, icon};
use crate::widgets::list_search::{list_search, moved_by};

use super::chunk::{ChunkLayer, Load};
use super::namespace::{address_in, use_namespace};
use super::router::use_router;
use crate::widgets::reactive::memo;
use crate::widgets::show::Show;

/// One line of the list.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    name: String,
    /// "yours", "being deleted", or whose it is.
    about: String,
}

/// What the list needs of the button.
#[derive(Clone, Copy)]
struct Picking {
    namespace: Signal<String>,
    lease: StoredValue<Lease<Namespace>, LocalStorage>,
    open: RwSignal<bool>,
    /// Closes the list; true gives the focus back to the button.
    close: On<bool>,
}

/// The button with the namespace, and the list below it.
#[component]
pub(super) fn Picker() -> AnyView {
    let namespace = use_namespace();
    // Held while the frame stands: the list is there when it opens.
    let lease = StoredValue::new_local(use_live().namespaces());
    let open = RwSignal::new(false);
    let room = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let close = move |refocus: bool| {
        open.set(false);
        if let Some(button) = button.get_untracked().filter(|_| refocus) {
            button.focus().ok();
        }
    };
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        let inside = room
            .try_get_untracked()
            .flatten()
            .is_some_and(|r| r.contains(target.as_ref()));
        if !inside && open.try_get_untracked() == Some(true) {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());
    let picking = Picking {
        namespace,
        lease,
        open,
        close: close.into(),
    };
    let load: Load = Arc::new(move || {
        Box::pin(async move {
            let draw = draw_list().await?;
            Ok(Arc::new(move || draw(picking)) as _)
        })
    });
    let letter = move || namespace.with(|ns| ns.chars().next().map(String::from).unwrap_or_default());
    let name = move || {
        namespace.with(|ns| {
            if ns.is_empty() {
                "Choose a namespace".to_owned()
            } else {
                ns.clone()
            }
        })
    };
    view! {
        <div class="picker" node_ref=room>
            <button
                node_ref=button
                type="button"
                class="picker-button"
                aria-haspopup="listbox"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-label=move || format!("Namespace: {}", name())
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <span class="letter" data-letter=letter></span>
                <span class="picker-name wide">{name}</span>
                <span class="wide">{icon(Icon::Open)}</span>
            </button>
            <ChunkLayer wanted=open load=load />
        </div>
    }
    .into_any()
}

#[wasm_split(frame, fallible)]
fn draw_list() -> Result<fn(Picking) -> AnyView, SplitLoaderError> {
    Ok(|picking| view! { <Show when=picking.open>{list(picking)}</Show> }.into_any())
}

fn list(picking: Picking) -> AnyView {
    let Picking { namespace, close, .. } = picking;
    let lease = picking.lease.get_value();
    let (state, session) = (lease.state(), use_live().session());
    let text = RwSignal::new(String::new());
    let active = RwSignal::new(0_usize);
    let lines = memo(move || {
        let user = session.with(|s| s.as_ref().map(|s| s.user.clone()).unwrap_or_default());
        let wanted = text.with(|t| t.trim().to_ascii_lowercase());
        let mut lines: Vec<Line> = lease.with(|rows| {
            rows.iter()
                .filter(|ns| ns.metadata.name.contains(&wanted))
                .map(|ns| Line {
                    name: ns.metadata.name.clone(),
                    about: match ns.owner() {
                        _ if ns.is_terminating() => "being deleted".to_owned(),
                        Some(owner) if owner == user => "yours".to_owned(),
                        Some(owner) => owner.to_owned(),
                        None => String::new(),
                    },
                })
                .collect()
        });
        lines.sort_by(|a, b| {
            (a.about != "yours", a.about.is_empty(), &a.name).cmp(&(b.about != "yours", b.about.is_empty(), &b.name))
        });
        // A name may be typed where the list is not to be had.
        if !wanted.is_empty() && state.with(|s| *s != StreamState::Live) && !lines.iter().any(|l| l.name == wanted) {
            lines.push(Line {
                name: wanted,
                about: "as typed".to_owned(),
            });
        }
        lines
    });
    let now = namespace.get_untracked();
    active.set(
        lines
            .with_untracked(|lines| lines.iter().position(|l| l.name == now))
            .unwrap_or(0),
    );
    let router = use_router();
    let choose = move |name: String| {
        close.run((true,));
        router.push(&address_in(&router.path().get_untracked(), &name));
    };
    let keys = move |event: ev::KeyboardEvent| {
        let count = lines.with_untracked(Vec::len);
        match event.key().as_str() {
            key if moved_by(key, active, count) => {}
            "Enter" => {
                if let Some(line) = lines.with_untracked(|l| l.get(active.get_untracked()).cloned()) {
                    choose(line.name);
                }
            }
            "Escape" => close.run((true,)),
            "Tab" => close.run((false,)),
            _ => return,
        }
        event.stop_propagation();
        if event.key() != "Tab" {
            event.prevent_default();
        }
    };
    let note = move || match state.get() {
        StreamState::Denied { .. } => Some("You may not list namespaces: type the name of yours."),
        StreamState::Loading => Some("Loading namespaces"),
        StreamState::Failed { .. } => Some("The list of namespaces could not be loaded: type a name, or try later."),
        _ => lines.with(Vec::is_empty).then_some("No namespace of that name"),
    };
    let options = move || {
        let now = namespace.get();
        lines
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, line)| option(at, line, &now, active, choose))
            .collect_view()
    };
    view! {
        <div class="popover">
            <span class="input">
                {list_search("Find a namespace", ("namespaces", "namespace"), text, active, keys)}
            </span>
            <ul id="namespaces" class="picker-list" role="listbox" aria-label="Namespaces">
                {options}
            </ul>
            <p class="picker-note" role="status" hidden=move || note().is_none()>
                {note}
            </p>
        </div>
    }
    .into_any()
}

fn option(at: usize, line: Line, now: &str, active: RwSignal<usize>, choose: impl Fn(String) + 'static) -> AnyView {
    let Line { name, about } = line;
    let (current, shown) = (name == now, name.clone());
    view! {
        <li
            id=format!("namespace-{at}")
            role="option"
            class="option"
            class:is-active=move || active.get() == at
            aria-selected=if current { "true" } else { "false" }
            on:click=move |_| choose(name.clone())
        >
            <span class="option-label">{shown}</span>
            <span class="option-detail">{about}</span>
            {current.then(|| icon(Icon::Check))}
        </li>
    }
    .into_any()
}
