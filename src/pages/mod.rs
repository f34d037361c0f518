//! Holds the pages, one folder an area.

pub(crate) mod notebooks;
pub(crate) mod sign_in;
