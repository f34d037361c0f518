//! Lists the notebooks of a namespace, live: filter and quota above, the table below.

mod board;
mod cells;
mod menu;
mod page;

pub(crate) use page::ListPage;
