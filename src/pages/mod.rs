//! Holds the pages, one folder an area.

pub(crate) mod notebooks;
