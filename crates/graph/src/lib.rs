//! Turns pipelines into drawn graphs: boxes and edges in, places and routes out, the same at every run.
//!
//! Never does I/O, reads a clock or knows a browser; whoever calls says when to stop.
//!
//! Reading order: [`Graph`] (what is laid out), [`layout`] and [`Options`] (how), [`Layout`] (what comes out).

mod graph;
mod layout;

pub use graph::{Edge, Graph, Size};
pub use layout::{Direction, Layout, Options, Orientation, Point, Rect, Scratch, layout, layout_into};
