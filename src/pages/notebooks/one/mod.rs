//! Shows one notebook: how it is and why, what it has, its log, its events, its YAML.

mod environment;
mod events;
mod facts;
mod head;
mod log_stream;
mod logs;
mod overview;
mod page;
mod snapshot;
mod yaml;

pub(crate) use page::NotebookPage;
