//! Turns a page's URL query into a struct and back, so that the URL is the state of the page.
//!
//! Unknown or broken values fall back to the default, and what is default never reaches the next URL.

mod codec;
mod notebook;
mod notebooks;

pub use codec::{decode, encode, pairs};
pub use notebook::{NewNotebookQuery, NotebookQuery, Shown, Tab};
pub use notebooks::{Column, NotebooksQuery, Sort, group_from_word};

/// Reads one value of a query by its key.
pub type Get<'a> = &'a dyn Fn(&str) -> Option<String>;
