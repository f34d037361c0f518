//! Decides what a page shows without a DOM: queries, sorting, filtering, windows, forms, logs, YAML.

/// Reads addresses and matches them against routes.
pub mod address;
/// Decides which columns of a table have room.
pub mod columns;
/// Keeps the visible rows of a table in order.
pub mod order;
/// Turns URL queries into structs and back.
pub mod query;
/// Computes which rows of a long list are on screen.
pub mod window;

/// Derives, filters and sorts the rows of the notebooks list.
pub mod notebooks;
/// Sums up what a namespace may use and uses.
pub mod quota;

/// Reads what an administrator offers for new notebooks.
pub mod config;
/// Turns the New notebook form into objects and objections into fields.
pub mod form;

/// Keeps the lines of an endless log in bounded memory, made safe to show.
pub mod log;
/// Knows how many rows each wrapped line of a log takes.
pub mod wrap;
/// Writes a JSON object as YAML for reading.
pub mod yaml;
