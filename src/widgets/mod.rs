//! Builds what every page is made of: area-blind widgets that take values and signals, never stores.
//!
//! Never: `live`, `client` or `pages`; text from the cluster as HTML; a colour or a size (they are tokens in `style/`).

pub(crate) mod button;
pub(crate) mod choice;
pub(crate) mod code_view;
pub(crate) mod combobox;
pub(crate) mod copy;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod filter_bar;
pub(crate) mod icon;
pub(crate) mod link;
pub(crate) mod list_search;
pub(crate) mod log_view;
pub(crate) mod menu;
pub(crate) mod meter;
pub(crate) mod reactive;
pub(crate) mod show;
pub(crate) mod skeleton;
pub(crate) mod states;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod tabs;
pub(crate) mod time;

use leptos::prelude::*;
use leptos::reactive::callback::UnsyncCallback;

/// What a widget calls when something is done to it, with nothing to tell.
pub(crate) type Act = UnsyncCallback<()>;

/// What a widget calls with the one thing that changed.
pub(crate) type On<T> = UnsyncCallback<(T,)>;

/// Gives a function that runs an act on behalf of the component that calls this, not of the line that was clicked.
///
/// A handler runs under the owner of its element. A menu line or a toast is gone right after the click, and a task
/// that its act spawns would be cancelled with it before it begins.
pub(crate) fn outliving() -> impl Fn(&dyn Fn()) + Copy + 'static {
    let owner = StoredValue::new(Owner::current().unwrap_or_default());
    move |act| {
        if let Some(owner) = owner.try_get_value() {
            owner.with(act);
        }
    }
}

/// A length for CSS, in whole pixels: to write fractions out takes 14 kB of code.
pub(crate) fn px(length: f64) -> String {
    format!("{}px", length.round() as i64)
}
