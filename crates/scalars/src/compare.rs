//! Compares series: over another axis, in groups, against a baseline, in a table, in an expression.
//!
//! What people ask of TensorBoard and other tools have (tensorboard-scalars.md §2.2).

mod aggregate;
mod expression;
mod formula;
mod group;
mod join;
mod table;
mod xaxis;

pub use aggregate::{Aggregate, Band, Middle, aggregate};
pub use expression::{Expression, MissingTag};
pub use formula::ExpressionError;
pub use group::group_by;
pub use join::{difference, interpolate};
pub use table::{Row, row};
pub use xaxis::XAxis;
