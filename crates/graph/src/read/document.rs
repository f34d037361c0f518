//! Holds a YAML or JSON text as one flat tree whose texts are borrowed, with the place of every value.
//!
//! The seam to the libraries: `yaml` and `json` fill it with events, and nothing else in this crate knows them. The
//! limits are ours: length, depth, and how much there is when aliases are followed.

mod json;
mod sink;
mod value;
mod yaml;

pub(crate) use value::{Shape, Value};

use std::cell::Cell;

use super::Hint;
use super::error::{ReadError, Syntax};
use crate::graph::index;
use crate::model::Places;

/// Levels that may be nested.
const DEPTH_LIMIT: usize = 100;
/// Keys and values that a text may have: each takes 20 bytes here, and two in `[0,0]`. Tests need not go as far.
const ITEM_LIMIT: u32 = if cfg!(test) { 200_000 } else { 12_000_000 };
/// Values that there may be more when each alias is followed: a bomb of a few lines would have billions.
const EXPANDED_LIMIT: u64 = 5_000_000;
const TOO_MANY: &str = "more keys and values than a pipeline may have";
const TOO_DEEP: &str = "nested too deep";
/// Bytes of a text that count as one value more: a long text with an alias in each of many lines is a bomb too.
const BYTES_PER_VALUE: usize = 256;

/// What an item of the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemKind {
    /// A text in quotes or a block.
    Text,
    /// A word without quotes: a text, number, truth value or null.
    Plain,
    List,
    /// Keys and values by turns.
    Map,
    /// Another item, whose number is in `text`.
    Alias,
}

/// One value or key. What is inside a list or map comes right after it, up to `next`.
#[derive(Clone, Copy, Debug)]
struct Item {
    kind: ItemKind,
    /// Where it begins in the source.
    at: u32,
    /// The item after what is inside it.
    next: u32,
    /// Where its text begins: in the source, or beyond its end in `unescaped`.
    text: u32,
    len: u32,
}

/// A text as a tree; several documents one after the other.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    source: &'t str,
    unescaped: String,
    items: Vec<Item>,
    /// Keys that are in their map already.
    repeated: Vec<u32>,
    /// Whether there is a merge key (`<<`).
    merges: bool,
    /// Values and keys that were passed by since somebody asked ([`Value::steps`]).
    steps: Cell<u64>,
}

impl<'t> Document<'t> {
    /// Reads a text whose syntax its first character tells: a brace or bracket begins JSON, or else YAML's flow style.
    pub(crate) fn parse(bytes: &'t [u8], hint: Hint) -> Result<Self, ReadError> {
        if bytes.len() > super::SIZE_LIMIT_BYTES {
            return Err(ReadError::TooLong { bytes: bytes.len() });
        }
        let source = match std::str::from_utf8(bytes) {
            Ok(source) => source,
            Err(error) => {
                let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                return Err(ReadError::Malformed {
                    syntax: if hint == Hint::Json { Syntax::Json } else { Syntax::Yaml },
                    message: "not UTF-8".to_owned(),
                    place: Places::one(good, good.len()),
                });
            }
        };
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let begins_as_json = matches!(source.trim_start().as_bytes().first(), Some(b'{' | b'['));
        if !begins_as_json {
            return yaml::parse(source);
        }
        // Compact JSON is no YAML to every YAML parser, and flow style is no JSON: the error of the likelier one.
        match (json::parse(source), hint) {
            (Ok(document), _) => Ok(document),
            (Err(error), Hint::Json) => Err(error),
            (Err(error), hint) => yaml::parse(source).map_err(|other| match hint {
                Hint::Yaml => other,
                _ => error,
            }),
        }
    }

    /// The documents that hold something.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Value<'_>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let item = self.items.get(at as usize)?;
            let root = Value::new(self, at);
            at = item.next;
            Some(root)
        })
        .filter(|root| root.shape() != Shape::Nothing)
    }

    /// Where keys are that were there already, and their texts.
    pub(crate) fn repeated(&self) -> impl Iterator<Item = (u32, &str)> {
        self.repeated
            .iter()
            .map(|&at| (self.items[at as usize].at, self.text(&self.items[at as usize])))
    }

    /// The text itself.
    pub(crate) fn source(&self) -> &'t str {
        self.source
    }

    fn step(&self) {
        self.steps.set(self.steps.get() + 1);
    }

    fn text(&self, item: &Item) -> &str {
        let (from, len) = (item.text as usize, item.len as usize);
        let found = match from.checked_sub(self.source.len()) {
            Some(from) if len > 0 => self.unescaped.get(from..from + len),
            _ => self.source.get(from..from + len),
        };
        found.unwrap_or_default()
    }
}

/// A broken rule of the syntax at an offset.
fn malformed(syntax: Syntax, source: &str, at: usize, message: &str) -> ReadError {
    ReadError::Malformed {
        syntax,
        message: message.to_owned(),
        place: Places::one(source, at),
    }
}

fn offset(at: usize) -> u32 {
    index(at)
}

#[cfg(test)]
mod tests;
