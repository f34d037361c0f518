//! Shows notebooks: the list of a namespace, one notebook, and the form for a new one.
//!
//! Never asks for a row by itself: everything comes from the shared stores of `live`.

mod actions;
pub(crate) mod chunks;
mod create;
mod delete;
mod list;
mod one;
mod stores;
mod words;

pub(crate) use list::ListPage;
