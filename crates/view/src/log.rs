//! Keeps the lines of an endless log in bounded memory, as text and styled spans that are safe to show.
//!
//! Never trusts the bytes: colours survive, everything else a terminal would obey is dropped.

mod ansi;
mod buffer;
mod search;
mod stamp;

pub use ansi::{Colour, Span, Style};
pub use buffer::{Limits, Line, LogBuffer};
pub use search::Search;
pub(crate) use search::contains;
