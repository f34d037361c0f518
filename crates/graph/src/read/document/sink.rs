//! Takes the events of a parser and makes a tree of them, within our limits.

use std::collections::HashSet;

use std::cell::Cell;

use super::{BYTES_PER_VALUE, DEPTH_LIMIT, Document, EXPANDED_LIMIT, ITEM_LIMIT, Item, ItemKind, offset};

/// Keys of a map that are compared one with another; more go into a set.
const FEW_KEYS: usize = 12;

/// A list or map that is not closed yet.
struct Open {
    at: u32,
    /// How much there is in it when aliases are followed.
    inside: Extent,
}

/// How much a value holds when aliases are followed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    /// Values, itself one of them.
    pub(super) values: u64,
    /// Levels of lists and maps.
    pub(super) levels: usize,
}

impl Extent {
    /// That of one text.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            values: 1 + (text.len() / BYTES_PER_VALUE) as u64,
            levels: 0,
        }
    }
}

/// A tree that is being filled.
pub(super) struct Sink<'t> {
    document: Document<'t>,
    open: Vec<Open>,
    /// Values outside of every list and map, aliases followed.
    expanded: u64,
}

impl<'t> Sink<'t> {
    pub(super) fn new(source: &'t str) -> Self {
        Self {
            document: Document {
                source,
                unescaped: String::new(),
                // A value has six characters or more on average.
                items: Vec::with_capacity(source.len() / 16 + 8),
                repeated: Vec::new(),
                merges: false,
                steps: Cell::new(0),
            },
            open: Vec::new(),
            expanded: 0,
        }
    }

    /// The number that the next item gets.
    pub(super) fn next(&self) -> u32 {
        offset(self.document.items.len())
    }

    /// A text from anywhere: one that lies in the source is not copied.
    pub(super) fn scalar(&mut self, kind: ItemKind, at: usize, text: &str) {
        let from = self.offset_of(text).unwrap_or_else(|| self.keep(text));
        self.push(kind, at, offset(from), offset(text.len()));
        self.count(Extent::of_text(text));
    }

    /// A text that lies in the source.
    pub(super) fn slice(&mut self, kind: ItemKind, at: usize, from: usize, len: usize) {
        self.push(kind, at, offset(from), offset(len));
        self.count(Extent { values: 1, levels: 0 });
    }

    /// Where a text borrowed from the source begins.
    fn offset_of(&self, text: &str) -> Option<usize> {
        let from = (text.as_ptr() as usize).checked_sub(self.document.source.as_ptr() as usize)?;
        let inside = self.document.source.get(from..from + text.len())?;
        std::ptr::eq(inside, text).then_some(from)
    }

    fn keep(&mut self, text: &str) -> usize {
        let from = self.document.source.len() + self.document.unescaped.len();
        self.document.unescaped.push_str(text);
        from
    }

    fn push(&mut self, kind: ItemKind, at: usize, text: u32, len: u32) {
        let next = self.next() + 1;
        let at = offset(at);
        self.document.items.push(Item {
            kind,
            at,
            next,
            text,
            len,
        });
    }

    fn count(&mut self, extent: Extent) {
        match self.open.last_mut() {
            Some(open) => {
                open.inside.values = open.inside.values.saturating_add(extent.values);
                open.inside.levels = open.inside.levels.max(extent.levels + 1);
            }
            None => self.expanded = self.expanded.saturating_add(extent.values),
        }
    }

    /// Begins a list or map; false: it would be nested too deep.
    pub(super) fn open(&mut self, kind: ItemKind, at: usize) -> bool {
        if self.open.len() >= DEPTH_LIMIT {
            return false;
        }
        self.open.push(Open {
            at: self.next(),
            inside: Extent { values: 1, levels: 1 },
        });
        let next = self.next() + 1;
        self.document.items.push(Item {
            kind,
            at: offset(at),
            next,
            text: 0,
            len: 0,
        });
        true
    }

    /// Ends the last list or map that was begun, and gives how much it holds.
    pub(super) fn close(&mut self) -> Extent {
        let Some(open) = self.open.pop() else {
            return Extent::default();
        };
        let next = self.next();
        let item = &mut self.document.items[open.at as usize];
        item.next = next;
        if item.kind == ItemKind::Map {
            self.find_repeated(open.at, next);
        }
        self.count(open.inside);
        open.inside
    }

    /// Stands for an item that is complete; false: the whole would have too many values.
    pub(super) fn alias(&mut self, at: usize, target: u32, extent: Extent) -> bool {
        self.push(ItemKind::Alias, at, target, 0);
        self.count(extent);
        let all = self.open.iter().map(|open| open.inside.values).sum::<u64>() + self.expanded;
        all <= EXPANDED_LIMIT + u64::from(self.next())
    }

    /// Whether something of so many levels would be nested too deep here.
    pub(super) fn is_too_deep(&self, levels: usize) -> bool {
        self.open.len() + levels > DEPTH_LIMIT
    }

    /// Whether an item is a list or map that is not closed yet.
    pub(super) fn is_open(&self, at: u32) -> bool {
        self.open.iter().any(|open| open.at == at)
    }

    /// Whether there are more keys and values than may be.
    pub(super) fn is_too_much(&self) -> bool {
        self.next() > ITEM_LIMIT
    }

    /// Finds keys of a map that are there already.
    fn find_repeated(&mut self, map: u32, end: u32) {
        let document = &self.document;
        let items = &document.items;
        let mut repeated = Vec::new();
        let mut merges = false;
        let mut few = [0; FEW_KEYS];
        let mut many = HashSet::new();
        let mut count = 0;
        let mut at = map + 1;
        while at < end {
            let key = &items[at as usize];
            if matches!(key.kind, ItemKind::Text | ItemKind::Plain) {
                let text = document.text(key);
                merges |= key.kind == ItemKind::Plain && text == "<<";
                if count == FEW_KEYS {
                    many.extend(few.iter().map(|&at: &u32| document.text(&items[at as usize])));
                }
                let same = |&other: &u32| {
                    let other = &items[other as usize];
                    other.len == key.len && document.text(other) == text
                };
                let known = match few.get_mut(count) {
                    Some(slot) => {
                        *slot = at;
                        few[..count].iter().any(same)
                    }
                    None => !many.insert(text),
                };
                if known {
                    repeated.push(at);
                }
                count += 1;
            }
            at = items[key.next as usize].next;
        }
        self.document.repeated.append(&mut repeated);
        self.document.merges |= merges;
    }

    pub(super) fn finish(mut self) -> Document<'t> {
        // Maps are closed from the inside out.
        self.document.repeated.sort_unstable();
        self.document
    }
}
