//! Turns pipelines into drawn graphs: any pipeline file in, boxes with places and routes out, the same at every run.
//!
//! Never does I/O, reads a clock or knows a browser; whoever calls says when to stop.
//!
//! Reading order: [`read`] and [`Pipeline`] (what a file says), [`Pipeline::layer`] (what of it is shown), [`Graph`]
//! (what is laid out), [`layout`] and [`Options`] (how), [`Layout`] (what comes out).

mod flow;
mod graph;
mod layer;
mod layout;
mod model;
mod read;
mod search;

pub use flow::{CriticalPath, Flow};
pub use flowdeck_objects::Timestamp;
pub use graph::{Edge, Graph, Size};
pub use layer::Layer;
pub use layout::{Bundle, Direction, Layout, Memory, Options, Orientation, Point, Rect, Scratch, layout, layout_into};
pub use model::{
    Cache, Counts, Dependency, EdgeKind, Fault, FaultKind, Form, Items, Iteration, Kind, Node, NodeId, Phase, Pipeline,
    Place, Port, PortKind, Retry, Source, Trigger,
};
pub use read::{Hint, ReadError, SIZE_LIMIT_BYTES, Syntax, read};
pub use search::{Likeness, Match, search};
