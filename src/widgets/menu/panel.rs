//! Shows an open menu beside its anchor, moves through it by keyboard, and closes it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::super::icon::icon;
use super::super::link::is_safe;
use super::super::outliving;
use super::{MenuItem, Opened};
use crate::widgets::px;
use crate::widgets::reactive::effect;
use crate::widgets::show::Show;

/// The panel of lines itself, hung from whatever `open` names. Arrow keys, Home, End, typing a letter, Escape.
#[component]
pub(crate) fn MenuPanel(
    /// The open menu, or none.
    open: Opened,
    /// Its name for the ear.
    #[prop(into)]
    label: Signal<String>,
) -> AnyView {
    let panel = NodeRef::<html::Div>::new();
    let close = move || {
        if let Some(was) = open.try_update(Option::take).flatten()
            && let Ok(anchor) = was.anchor.dyn_into::<HtmlElement>()
        {
            anchor.focus().ok();
        }
    };
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let Some(Some(current)) = open.try_get_untracked() else {
            return;
        };
        let target = event.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        let inside = panel.get_untracked().is_some_and(|p| p.contains(target.as_ref()));
        if !inside && !current.anchor.contains(target.as_ref()) {
            open.set(None);
        }
    });
    on_cleanup(move || outside.remove());
    effect(move || {
        if open.with(Option::is_some) {
            request_animation_frame(move || {
                if let Some(panel) = panel.try_get_untracked().flatten() {
                    place(&panel, open);
                    focus_item(&panel, |_, _| 0);
                }
            });
        }
    });
    let on_behalf = outliving();
    let act = move |item: &MenuItem| {
        close();
        on_behalf(&|| item.act.run(()));
    };
    let keys = move |event: ev::KeyboardEvent| on_key(&event, panel, close);
    view! {
        <Show when=move || open.with(Option::is_some)>
            <div node_ref=panel class="menu" role="menu" aria-label=label on:keydown=keys>
                {move || {
                    let items = open.get().map(|o| o.items).unwrap_or_default();
                    items.into_iter().map(|item| line(item, act)).collect_view()
                }}
            </div>
        </Show>
    }
    .into_any()
}

fn line(item: MenuItem, act: impl Fn(&MenuItem) + Copy + 'static) -> AnyView {
    let (label, drawn) = (item.label.clone(), item.icon.map(icon));
    let why = item
        .blocked
        .clone()
        .map(|why| view! { <span class="menu-why">{why}</span> });
    let can = item.blocked.is_none();
    if let Some(href) = item.href.clone().filter(|href| is_safe(href) && can) {
        return view! {
            <a
                class="menu-item"
                role="menuitem"
                tabindex="-1"
                href=href
                target="_blank"
                rel="external noopener"
                on:click=move |_| act(&item)
            >
                {drawn}
                <span class="menu-label">{label}</span>
            </a>
        }
        .into_any();
    }
    let danger = item.danger;
    let click = move |_| {
        if can {
            act(&item);
        }
    };
    view! {
        <button
            type="button"
            class="menu-item"
            class:menu-danger=danger
            role="menuitem"
            tabindex="-1"
            aria-disabled=(!can).then_some("true")
            on:click=click
        >
            {drawn}
            <span class="menu-label">{label} {why}</span>
        </button>
    }
    .into_any()
}

/// Puts the panel below its anchor, right edges together, above it where there is no room.
fn place(panel: &HtmlElement, open: Opened) {
    let Some(Some(current)) = open.try_get_untracked() else {
        return;
    };
    let (at, size) = (
        current.anchor.get_bounding_client_rect(),
        panel.get_bounding_client_rect(),
    );
    let Some(window) = web_sys::window() else {
        return;
    };
    let height = window.inner_height().ok().and_then(|h| h.as_f64()).unwrap_or(0.0);
    let width = window.inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(0.0);
    let gap = 4.0;
    let below = at.bottom() + gap;
    let top = if below + size.height() > height {
        (at.top() - gap - size.height()).max(gap)
    } else {
        below
    };
    let left = (at.right() - size.width()).min(width - size.width() - gap).max(gap);
    set_place(panel, top, left);
    panel.class_list().add_1("is-placed").ok();
}

fn set_place(panel: &HtmlElement, top: f64, left: f64) {
    let style = panel.style();
    style.set_property("top", &px(top)).ok();
    style.set_property("left", &px(left)).ok();
}

fn on_key(event: &ev::KeyboardEvent, panel: NodeRef<html::Div>, close: impl Fn()) {
    let Some(panel) = panel.get_untracked() else {
        return;
    };
    let key = event.key();
    match key.as_str() {
        "ArrowDown" => focus_item(&panel, |now, count| (now + 1) % count),
        "ArrowUp" => focus_item(&panel, |now, count| (now + count - 1) % count),
        "Home" => focus_item(&panel, |_, _| 0),
        "End" => focus_item(&panel, |_, count| count - 1),
        "Escape" | "Tab" => close(),
        _ => return,
    }
    event.prevent_default();
    event.stop_propagation();
}

/// Moves the focus among the lines: `pick` gets the focused line's place and how many there are.
fn focus_item(panel: &HtmlElement, pick: impl Fn(usize, usize) -> usize) {
    let Ok(items) = panel.query_selector_all("[role=menuitem]") else {
        return;
    };
    let count = items.length() as usize;
    if count == 0 {
        return;
    }
    let active = web_sys::window()
        .and_then(|w| w.document())
        .and_then(|d| d.active_element());
    let now = (0..count).find(|at| items.item(*at as u32).as_deref() == active.as_ref().map(AsRef::as_ref));
    let next = now.map_or(0, |now| pick(now, count));
    if let Some(item) = items.item(next as u32).and_then(|n| n.dyn_into::<HtmlElement>().ok()) {
        item.focus().ok();
    }
}
