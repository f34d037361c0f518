//! Says in words why a run cannot go on, or what it has found.

use std::fmt;

/// Why.
#[derive(Debug)]
pub struct Failure(pub String);

/// What most of this package gives.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// In these words.
    pub fn new(words: impl Into<String>) -> Failure {
        Failure(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

macro_rules! from {
    ($($kind:ty: $what:literal),* $(,)?) => {$(
        impl From<$kind> for Failure {
            fn from(why: $kind) -> Failure {
                Failure(format!(concat!($what, ": {}"), why))
            }
        }
    )*};
}

from!(
    std::io::Error: "network",
    hyper::Error: "HTTP",
    http::Error: "request",
    serde_json::Error: "JSON",
    flowdeck_cluster::Error: "cluster",
    flowdeck_sandbox::Error: "sandbox",
);
