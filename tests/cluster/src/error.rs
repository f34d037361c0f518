//! The one kind of failure here: words for whoever started the cluster.

use std::fmt;

/// What did not work, in words; where a process failed, with the last lines of its log.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// An error with what was being done in front of why it failed.
    pub(crate) fn of(doing: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self(format!("{doing}: {why}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;
