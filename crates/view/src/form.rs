//! Turns what is typed into the New notebook form into objects, and the cluster's objections back into fields.

mod amount;
mod answer;
mod check;
mod draft;
mod manifest;
mod model;
mod name;

pub use amount::{limit_for, with_unit};
pub use answer::{Sent, place_causes};
pub use check::{Gpu, World, check, quota_after, warnings};
pub use draft::{server_from_word, server_word};
pub use manifest::{Manifest, merge_patch_start, merge_patch_stop};
pub use model::{Field, Form, Problem, Workspace};
pub use name::{free_name, name_problem};
