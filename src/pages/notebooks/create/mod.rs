//! Asks for what a new notebook needs, checks it as one types, and creates it.

mod fields;
mod model;
mod offers;
mod page;
mod send;
mod storage;
mod summary;
mod volume;

pub(crate) use page::NewPage;
