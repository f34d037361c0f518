//! Listens to the keys that work everywhere, and lists all keys behind `?`.

use leptos::ev;
use leptos::prelude::*;

use flowdeck_view::query::encode;

use crate::widgets::dialog::Dialog;
use crate::widgets::filter_bar::is_typing;

use super::Layers;
use super::namespace::use_namespace;
use super::router::use_router;

/// How long after `g` the second key may come, in ms.
const CHORD_MS: f64 = 1_200.0;

/// Keys and what they do, in the order of the list.
const KEYS: &[(&[&str], &str)] = &[
    (&["Ctrl", "K"], "Search or run a command"),
    (&["g", "n"], "Go to notebooks"),
    (&["/"], "Filter the list"),
    (&["j", "k"], "Next row, previous row"),
    (&["Enter"], "Open the row"),
    (&["m"], "Show the row's actions"),
    (&["Esc"], "Close, or empty the filter"),
    (&["?"], "Show this list"),
];

/// Starts to listen; ends with the frame.
pub(super) fn listen(layers: Layers) {
    let router = use_router();
    let namespace = use_namespace();
    let went = StoredValue::new(f64::NEG_INFINITY);
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() {
            return;
        }
        let command = event.ctrl_key() || event.meta_key();
        if command && event.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            layers.palette.update(|open| *open = !*open);
            return;
        }
        if command || event.alt_key() || is_typing(&event) || is_layered() {
            return;
        }
        let chord = event.time_stamp() - went.get_value() < CHORD_MS;
        went.set_value(f64::NEG_INFINITY);
        match event.key().as_str() {
            "?" => layers.help.set(true),
            "g" => went.set_value(event.time_stamp()),
            "n" if chord => {
                let mut address = String::from("/notebooks?ns=");
                namespace.with_untracked(|ns| encode(ns, &mut address));
                router.push(&address);
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

/// Whether a dialog or menu is open: then the keys are its own.
fn is_layered() -> bool {
    document()
        .query_selector("dialog[open], .menu, .popover")
        .ok()
        .flatten()
        .is_some()
}

/// The list of keys.
#[component]
pub(super) fn KeysDialog() -> AnyView {
    let layers = expect_context::<Layers>();
    view! {
        <Dialog open=layers.help title="Keys">
            <dl class="keys">
                {KEYS
                    .iter()
                    .map(|(keys, what)| {
                        let caps = keys.iter().map(|key| view! { <kbd class="key">{*key}</kbd> }).collect_view();
                        view! {
                            <dt>{caps}</dt>
                            <dd>{*what}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
        </Dialog>
    }
    .into_any()
}
