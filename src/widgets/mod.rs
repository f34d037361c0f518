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
pub(crate) mod log_view;
pub(crate) mod menu;
pub(crate) mod meter;
pub(crate) mod skeleton;
pub(crate) mod states;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod tabs;
pub(crate) mod time;

use leptos::reactive::callback::UnsyncCallback;

/// What a widget calls when something is done to it, with nothing to tell.
pub(crate) type Act = UnsyncCallback<()>;

/// What a widget calls with the one thing that changed.
pub(crate) type On<T> = UnsyncCallback<(T,)>;
