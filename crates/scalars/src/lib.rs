//! Training curves: reads event files, computes what TensorBoard shows, and turns millions of points into pixels.
//!
//! No I/O, no clock, no browser: bytes come in by [`EventReader::push`], numbers go out.

mod events;
mod store;
mod window;

pub use events::{Damage, EventReader, EventWriter, Param, Problem, Problems, Session, Status};
pub use store::{Point, Run, Series, Store, Tag};
pub use window::{Columns, Line, Mark, Spread};
