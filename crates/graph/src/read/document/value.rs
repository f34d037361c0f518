//! One value of a document: what is not there reads as nothing, so that a reader need not ask at every step.

use std::collections::HashSet;

use flowdeck_objects::json;

use super::{Document, Item, ItemKind};
use crate::model::cut;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Not there, or null.
    Nothing,
    /// A text, number or truth value.
    Text,
    List,
    Map,
}

/// A value of a document, or nothing.
#[derive(Clone, Copy)]
pub(crate) struct Value<'d> {
    document: &'d Document<'d>,
    at: u32,
}

const NOWHERE: u32 = u32::MAX;
/// Maps that one map may merge into itself.
const MERGES_LIMIT: u32 = 1000;

impl<'d> Value<'d> {
    pub(super) fn new(document: &'d Document<'_>, at: u32) -> Self {
        let mut value = Self { document, at };
        // An alias of an alias can't be: an alias has no anchor. Twice is more than enough.
        for _ in 0..2 {
            match value.item() {
                Some(item) if item.kind == ItemKind::Alias => value.at = item.text,
                _ => break,
            }
        }
        value
    }

    fn item(self) -> Option<&'d Item> {
        self.document.items.get(self.at as usize)
    }

    /// A value that is not there.
    pub(crate) fn nothing(self) -> Self {
        Self { at: NOWHERE, ..self }
    }

    /// How many values and keys of the document were passed by since this was asked last.
    ///
    /// A template that is called often is read as often, however much is written in it: whoever follows calls counts.
    pub(crate) fn steps(self) -> u64 {
        self.document.steps.take()
    }

    /// What it is.
    pub(crate) fn shape(self) -> Shape {
        match self.item() {
            None => Shape::Nothing,
            Some(item) => match item.kind {
                ItemKind::Map => Shape::Map,
                ItemKind::List => Shape::List,
                ItemKind::Text => Shape::Text,
                ItemKind::Plain if is_null(self.document.text(item)) => Shape::Nothing,
                ItemKind::Plain | ItemKind::Alias => Shape::Text,
            },
        }
    }

    /// Whether there is something.
    pub(crate) fn is_some(self) -> bool {
        self.shape() != Shape::Nothing
    }

    /// Where it begins in the source.
    pub(crate) fn offset(self) -> Option<u32> {
        self.item().map(|item| item.at)
    }

    /// Its text as written; of a list, a map or nothing, an empty one.
    pub(crate) fn text(self) -> &'d str {
        match self.shape() {
            Shape::Text => self.item().map_or("", |item| self.document.text(item)),
            _ => "",
        }
    }

    /// Whether it is a text in quotes or a block: never a number or truth value.
    pub(crate) fn is_quoted(self) -> bool {
        self.item().is_some_and(|item| item.kind == ItemKind::Text)
    }

    /// A truth value.
    pub(crate) fn truth(self) -> Option<bool> {
        match self.text() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// A whole number, in quotes too (protojson's int64).
    pub(crate) fn number(self) -> Option<u32> {
        self.text().parse().ok()
    }

    /// The value of a key.
    pub(crate) fn get(self, key: &str) -> Self {
        let own = self.own_entries().find(|(known, _)| *known == key);
        if let Some((_, value)) = own {
            return value;
        }
        if self.document.merges {
            return self.merged().get(key).copied().unwrap_or(self.nothing());
        }
        self.nothing()
    }

    /// The values of a list; of anything else none.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let list = self.item().filter(|item| item.kind == ItemKind::List);
        let (mut at, end) = list.map_or((0, 0), |item| (self.at + 1, item.next));
        let document = self.document;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                document.step();
                let value = Value::new(document, at);
                at = document.items[at as usize].next;
                value
            })
        })
    }

    /// The keys and values of a map, each key once; of anything else none.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'d str, Self)> {
        let merged = if self.document.merges {
            self.merged()
        } else {
            Merged::new()
        };
        let repeated = &self.document.repeated;
        self.own_items()
            .filter(|(key, _)| repeated.is_empty() || repeated.binary_search(key).is_err())
            .map(move |(key, value)| (self.key(key), value))
            .filter(move |(key, _)| !(self.document.merges && *key == "<<"))
            .chain(merged)
    }

    fn own_entries(self) -> impl Iterator<Item = (&'d str, Self)> {
        self.own_items().map(move |(key, value)| (self.key(key), value))
    }

    fn key(self, at: u32) -> &'d str {
        let item = &self.document.items[at as usize];
        match item.kind {
            ItemKind::Alias => Value::new(self.document, at).text(),
            ItemKind::Text | ItemKind::Plain => self.document.text(item),
            _ => "",
        }
    }

    fn own_items(self) -> impl Iterator<Item = (u32, Self)> {
        let map = self.item().filter(|item| item.kind == ItemKind::Map);
        let (mut at, end) = map.map_or((0, 0), |item| (self.at + 1, item.next));
        let document = self.document;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                document.step();
                let key = at;
                let value = document.items[at as usize].next;
                at = document.items[value as usize].next;
                (key, Value::new(document, value))
            })
        })
    }

    /// What merge keys (`<<`) add, at any depth: the first one of a key wins.
    fn merged(self) -> Merged<'d> {
        let mut merged = Merged::new();
        let mut seen: HashSet<&str> = self.own_entries().map(|(key, _)| key).collect();
        let mut todo: Vec<Self> = self
            .own_entries()
            .filter(|(key, _)| *key == "<<")
            .map(|(_, value)| value)
            .collect();
        let mut rounds = 0;
        while let Some(value) = todo.pop() {
            rounds += 1;
            if rounds > MERGES_LIMIT {
                break;
            }
            if value.shape() == Shape::List {
                let start = todo.len();
                todo.extend(value.items());
                todo[start..].reverse();
                continue;
            }
            for (key, inside) in value.own_entries() {
                if key == "<<" {
                    todo.push(inside);
                } else if seen.insert(key) {
                    merged.0.push((key, inside));
                }
            }
        }
        merged
    }

    /// The value as JSON on one line; as written if it is a text, and cut off at a limit.
    pub(crate) fn to_text(self, limit_bytes: usize) -> String {
        let mut out = String::new();
        match self.shape() {
            Shape::Text => out.push_str(head(self.text(), limit_bytes)),
            _ => self.write(&mut out, limit_bytes),
        }
        cut(&mut out, limit_bytes);
        out
    }

    /// Levels are bounded by the document's own limit, which holds for what aliases stand for too.
    fn write(self, out: &mut String, limit_bytes: usize) {
        if out.len() > limit_bytes {
            return;
        }
        let mut separator = "";
        match self.shape() {
            Shape::Nothing => out.push_str("null"),
            Shape::Text => {
                let text = head(self.text(), limit_bytes);
                if self.is_quoted() || !is_json_word(text) {
                    json::quote(text, out);
                } else {
                    out.push_str(text);
                }
            }
            Shape::List => {
                out.push('[');
                for item in self.items() {
                    out.push_str(separator);
                    separator = ",";
                    item.write(out, limit_bytes);
                    if out.len() > limit_bytes {
                        break;
                    }
                }
                out.push(']');
            }
            Shape::Map => {
                out.push('{');
                for (key, value) in self.entries() {
                    out.push_str(separator);
                    separator = ",";
                    json::quote(head(key, limit_bytes), out);
                    out.push(':');
                    value.write(out, limit_bytes);
                    if out.len() > limit_bytes {
                        break;
                    }
                }
                out.push('}');
            }
        }
    }
}

/// What of a text is needed where all that goes beyond a limit is cut off: a little more than the limit.
fn head(text: &str, limit_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(limit_bytes + 4)]
}

/// What merge keys add.
struct Merged<'d>(Vec<(&'d str, Value<'d>)>);

impl<'d> Merged<'d> {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn get(&self, key: &str) -> Option<&Value<'d>> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }
}

impl<'d> IntoIterator for Merged<'d> {
    type Item = (&'d str, Value<'d>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn is_null(word: &str) -> bool {
    matches!(word, "" | "~" | "null" | "Null" | "NULL")
}

/// Whether a plain word is a number or truth value in JSON too.
fn is_json_word(word: &str) -> bool {
    matches!(word, "true" | "false") || json::check(word.as_bytes()).is_ok()
}
