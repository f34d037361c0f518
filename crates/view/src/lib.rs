//! Decides what a page shows without a DOM: queries, sorting, filtering, windows, forms, logs, YAML.

/// Turns URL queries into structs and back.
pub mod query;
/// Computes which rows of a long list are on screen.
pub mod window;

/// Keeps the lines of an endless log in bounded memory, made safe to show.
pub mod log;
/// Writes a JSON object as YAML for reading.
pub mod yaml;
