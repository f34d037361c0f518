//! Writes a JSON object as YAML for reading, with what only machines read left out and secrets masked.
//!
//! Keeps the server's order of fields and the exact text of numbers. It reads no YAML.

mod emit;
mod node;
mod scalar;

pub use emit::{Options, to_yaml};
