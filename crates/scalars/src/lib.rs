//! Training curves: reads event files, computes what TensorBoard shows, and turns millions of points into pixels.
//!
//! No I/O, no clock, no browser: bytes come in by [`EventReader::push`], numbers go out.

mod chart;
mod compare;
mod events;
mod store;
mod window;

pub use chart::{
    Axis, Colours, Domain, Group, Hover, INACTIVE, Label, Notation, PALETTE, Relative, Scale, Smoothing, Sort, Tick,
    UTC, Zone, axis, compare_tags, domain, extent, groups, legacy_domain, nearest, nice, si, smooth, sort_hovers, step,
    tag_label, tick_count, ticks, time_nice, time_tick_text, time_ticks, value, value_long, value_readable,
    without_overlap,
};
pub use compare::{
    Aggregate, Band, Expression, ExpressionError, Middle, MissingTag, Row, XAxis, aggregate, difference, group_by,
    interpolate, row,
};
pub use events::{Damage, EventReader, EventWriter, Param, Problem, Problems, Session, Status};
pub use store::{Point, Run, Series, Store, Tag};
pub use window::{Columns, Line, Mark, Spread};
