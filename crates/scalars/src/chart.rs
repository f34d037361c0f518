//! TensorBoard's rules of what a chart shows, to the last digit; each says where it comes from.
//!
//! Numbers in, numbers and texts out. Sources are paths below `tensorboard/` of tensorflow/tensorboard 2.21, and the
//! d3 5.7 that it is built with.

mod axis;
mod colours;
mod decimal;
mod domain;
mod format;
mod nearest;
mod scale;
mod smooth;
mod tags;
mod time;

pub use axis::{Axis, Label, Tick, axis, tick_count, without_overlap};
pub use colours::{Colours, INACTIVE, PALETTE};
pub(crate) use domain::quantile;
pub use domain::{Domain, domain, extent, legacy_domain};
pub use format::{Notation, Relative, si, step, value, value_long, value_readable};
pub use nearest::{Hover, Sort, nearest, sort_hovers};
pub use scale::{Scale, nice, ticks};
pub use smooth::{Smoothing, smooth};
pub use tags::{Group, compare_tags, groups, tag_label};
pub use time::{UTC, Zone, time_nice, time_tick_text, time_ticks};
