//! Lists the notebooks of a namespace, live: filter and quota above, the table below.

mod bar;
mod board;
mod body;
mod cells;
mod menu;
mod page;
mod rows;

pub(crate) use page::ListPage;
