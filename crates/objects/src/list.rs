//! Reads a page of a list: the good objects, and a warning for each bad one.
//!
//! One malformed object is one bad row and never an empty table.

use crate::json::{self, Fields, Read, Reader, Slots, Value};
use crate::meta::{Meta, Object};

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
    /// What is wrong, in the parser's words, with the byte.
    pub message: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unreadable answer: ")?;
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unreadable {}

/// What a page of a list says besides its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Version of the whole list: where a watch begins.
    pub resource_version: String,
    /// Token for the next page; empty on the last one.
    pub next: String,
    /// Objects after this page, when the server counts them.
    pub remaining: Option<u64>,
    /// Objects that could not be read.
    pub warnings: Vec<Warning>,
}

#[derive(Default)]
struct PageMeta {
    resource_version: String,
    next: String,
    remaining_item_count: Option<u64>,
}

crate::fields!(PageMeta {
    b"resourceVersion" => resource_version,
    b"continue" => next,
    b"remainingItemCount" => remaining_item_count,
});

impl<T: Object> List<T> {
    /// Reads a page: [`read_page`] with the objects beside it.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let mut items: Vec<T> = Vec::new();
        let page = read_page(body, &mut items)?;
        Ok(Self {
            resource_version: page.resource_version,
            next: page.next,
            remaining: page.remaining,
            items,
            warnings: page.warnings,
        })
    }
}

/// Reads a page, its objects in place of what `items` held; after an error they are not all there.
///
/// `"items": null` (Go's nil slice) is an empty list. Without `items` it is no list, and unreadable.
pub fn read_page(body: &[u8], items: &mut dyn Slots) -> Result<Page, Unreadable> {
    let mut page = Parts {
        meta: PageMeta::default(),
        items: Tolerant {
            items,
            warnings: Vec::new(),
            is_there: false,
        },
    };
    let mut reader = Reader::new(body);
    let read = match reader.peek() {
        Ok(b'{') => reader.object(&mut page).and_then(|()| reader.end()),
        _ => Err(reader.stumble("a list of objects")),
    };
    reader.said(read)?;
    if !page.items.is_there {
        return Err(Unreadable {
            message: "the answer has no items, so it is no list".into(),
        });
    }
    Ok(Page {
        resource_version: page.meta.resource_version,
        next: page.meta.next,
        remaining: page.meta.remaining_item_count,
        warnings: page.items.warnings,
    })
}

struct Parts<'a> {
    meta: PageMeta,
    items: Tolerant<'a>,
}

impl Fields for Parts<'_> {
    fn field(&mut self, key: &[u8]) -> Option<&mut dyn Value> {
        match key {
            b"metadata" => Some(&mut self.meta),
            b"items" => Some(&mut self.items),
            _ => None,
        }
    }
}

/// Items of which each may be bad.
struct Tolerant<'a> {
    items: &'a mut dyn Slots,
    warnings: Vec<Warning>,
    is_there: bool,
}

impl Value for Tolerant<'_> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        self.is_there = true;
        self.items.clear();
        self.warnings.clear();
        if reader.null()? {
            return Ok(());
        }
        let mut first = reader.open(b'[', "a list")?;
        while reader.more(b']', &mut first)? {
            let place = reader.place();
            if self.items.grow().read(reader).is_err() {
                self.items.drop_last();
                let (message, object) = reader.give_up_on(place)?;
                self.warnings.push(Warning::about(object, message));
            }
        }
        Ok(())
    }
}

impl Warning {
    /// Says of an unreadable object which one it is, as far as can be read.
    pub(crate) fn about(object: &[u8], message: String) -> Self {
        let mut only = OnlyMeta::default();
        // What was read before the error is what there is to say.
        json::read_into(object, &mut only).ok();
        let Meta {
            namespace,
            name,
            uid,
            resource_version,
            ..
        } = only.metadata;
        Self {
            namespace,
            name,
            uid,
            resource_version,
            message,
        }
    }
}

#[derive(Default)]
pub(crate) struct OnlyMeta {
    pub(crate) metadata: Meta,
}

crate::fields!(OnlyMeta { b"metadata" => metadata });
