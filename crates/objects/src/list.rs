//! Reads a page of a list: the good objects, and a warning for each bad one.
//!
//! The fast path reads typed objects in one go; only when that fails is the page read again, object by
//! object, so that one malformed object is one bad row and never an empty table.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::json;
use crate::meta::{Meta, Object};
use crate::null::or_default;

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List<T> {
    /// Version of the whole list: where a watch begins.
    pub resource_version: String,
    /// Token for the next page; empty on the last one.
    pub next: String,
    /// Objects after this page, when the server counts them.
    pub remaining: Option<u64>,
    /// What could be read.
    pub items: Vec<T>,
    /// What could not.
    pub warnings: Vec<Warning>,
}

/// An object that couldn't be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warning {
    /// Its namespace, if that much could be read.
    pub namespace: String,
    /// Its name, if that much could be read.
    pub name: String,
    /// Its uid, if that much could be read.
    pub uid: String,
    /// Its version, if that much could be read.
    pub resource_version: String,
    /// What is wrong, in the parser's words.
    pub message: String,
}

/// The whole text couldn't be read: no JSON, cut off, or not what it has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, in the parser's words, with line and column.
    pub message: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unreadable answer: ")?;
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unreadable {}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self {
            message: error.to_string(),
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct Page<T> {
    #[serde(deserialize_with = "or_default")]
    metadata: PageMeta,
    // `Option`, because an object that isn't a list has no items: an error, not an empty list.
    items: Option<Vec<T>>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            metadata: PageMeta::default(),
            items: None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageMeta {
    #[serde(deserialize_with = "or_default")]
    resource_version: String,
    #[serde(rename = "continue", deserialize_with = "or_default")]
    next: String,
    remaining_item_count: Option<u64>,
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(default, deserialize_with = "or_default")]
    metadata: PageMeta,
    #[serde(default, borrow)]
    items: Option<Vec<&'a RawValue>>,
}

impl<T: Object> List<T> {
    /// Reads a page.
    ///
    /// `"items": null` (Go's nil slice) is an empty list. Without `items` it is no list, and unreadable.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        T::quick_list(body).map_or_else(|| Self::parse_one_by_one(body), Ok)
    }

    fn parse_one_by_one(body: &[u8]) -> Result<Self, Unreadable> {
        let page: RawPage<'_> = serde_json::from_slice(body)?;
        let raws = match page.items {
            Some(raws) => raws,
            None if has_items(body) => Vec::new(),
            None => {
                return Err(Unreadable {
                    message: "the answer has no items, so it is no list".into(),
                });
            }
        };
        let mut items = Vec::with_capacity(raws.len());
        let mut warnings = Vec::new();
        for raw in raws {
            match T::read(raw.get()) {
                Ok(item) => items.push(item),
                Err(error) => warnings.push(Warning::about(raw.get(), error)),
            }
        }
        Ok(Self::new(page.metadata, items, warnings))
    }
}

/// Reads a page of good objects only: [`Object::quick_list`].
pub(crate) fn quick<T: DeserializeOwned>(body: &[u8]) -> Option<List<T>> {
    let page = json::from_slice::<Page<T>>(body).ok()?;
    Some(List::new(page.metadata, page.items?, Vec::new()))
}

/// Reads one object: [`Object::read`].
pub(crate) fn one<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    json::from_slice(text.as_bytes()).map_err(|error| error.to_string())
}

impl<T> List<T> {
    fn new(meta: PageMeta, items: Vec<T>, warnings: Vec<Warning>) -> Self {
        let PageMeta {
            resource_version,
            next,
            remaining_item_count,
        } = meta;
        Self {
            resource_version,
            next,
            remaining: remaining_item_count,
            items,
            warnings,
        }
    }
}

impl Warning {
    /// Says of an unreadable object which one it is, as far as can be read.
    pub(crate) fn about(object: &str, message: String) -> Self {
        let Meta {
            namespace,
            name,
            uid,
            resource_version,
            ..
        } = json::from_slice::<OnlyMeta>(object.as_bytes())
            .unwrap_or_default()
            .metadata;
        Self {
            namespace,
            name,
            uid,
            resource_version,
            message,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OnlyMeta {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
}

fn has_items(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct HasItems<'a> {
        #[serde(borrow, rename = "items")]
        _items: &'a RawValue,
    }
    serde_json::from_slice::<HasItems<'_>>(body).is_ok()
}
