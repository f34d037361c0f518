//! Says why a text is no pipeline.

use crate::model::Place;

/// Which syntax a text was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML 1.2.
    Yaml,
    /// JSON.
    Json,
}

/// Why there is no pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The text is longer than [`SIZE_LIMIT_BYTES`](crate::SIZE_LIMIT_BYTES), or grows beyond it where aliases are
    /// followed.
    TooLong {
        /// How many bytes there are.
        bytes: usize,
    },
    /// The text breaks the rules of its syntax: correct it there.
    Malformed {
        /// What it was read as.
        syntax: Syntax,
        /// What is wrong, in words.
        message: String,
        /// Where.
        place: Place,
    },
    /// The text is well-formed, but no pipeline: choose another file.
    NoPipeline {
        /// What it is instead, as far as that can be told.
        message: String,
        /// Where it was looked for.
        place: Option<Place>,
    },
}

impl ReadError {
    /// Where it is, if it is anywhere.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::TooLong { .. } => None,
            Self::Malformed { place, .. } => Some(*place),
            Self::NoPipeline { place, .. } => *place,
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(
                f,
                "{bytes} bytes are too many: a pipeline may have {}",
                super::SIZE_LIMIT_BYTES
            ),
            Self::Malformed { syntax, message, place } => {
                let syntax = match syntax {
                    Syntax::Yaml => "YAML",
                    Syntax::Json => "JSON",
                };
                write!(f, "not well-formed {syntax} at {place}: {message}")
            }
            Self::NoPipeline {
                message,
                place: Some(place),
            } => write!(f, "no pipeline at {place}: {message}"),
            Self::NoPipeline { message, place: None } => write!(f, "no pipeline: {message}"),
        }
    }
}

impl std::error::Error for ReadError {}
