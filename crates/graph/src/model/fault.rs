//! Says what is wrong with an input that could be read all the same, and where.

use super::Places;

/// A place in the input, both counted from one; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl Place {
    /// The place of a byte of a text; of one behind the end, the end.
    pub fn in_text(text: &str, offset: u32) -> Self {
        Places::one(text, offset as usize)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A name that stands for nothing: a missing task, component, template, executor or child.
    Dangling,
    /// Tasks that wait for each other, or a group that is inside itself.
    Cycle,
    /// A key or a name that is there twice; the first one is shown.
    Duplicate,
    /// Something of the wrong shape: a text where a list belongs.
    Shape,
    /// A kind that this reader does not know; it is shown as it is named.
    Unknown,
    /// Something that is not in this input: an offloaded status, a format that can't be unpacked here.
    Missing,
    /// More than is shown.
    TooMany,
}

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind it is.
    pub kind: FaultKind,
    /// What is wrong, in words: lower case, no full stop.
    pub message: String,
    /// Where; nothing where the input is not one text, as inside a compressed status.
    pub place: Option<Place>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
