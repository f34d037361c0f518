//! Derives, filters and sorts the rows of the notebooks list, doing again only what changed.

mod image;
mod row;
mod table;

pub use image::short_image;
pub use row::{NotebookRow, gpus_text};
pub use table::{Change, NotebookTable};
