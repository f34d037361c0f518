//! Keeps all rows of the list, which of them are visible, and the counts of the chips, while a few rows change a frame.
//!
//! It asks nobody: the page derives a row from the stores and hands it in.

use super::row::NotebookRow;
use crate::{
    order::Order,
    query::{NotebooksQuery, Sort},
};
use flowdeck_objects::Group;
use std::collections::HashMap;

/// What happened to one notebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there, new or different.
    Put(Box<NotebookRow>),
    /// The one with this uid is gone.
    Gone(String),
}

/// The rows of the notebooks list.
#[derive(Clone, Debug, Default)]
pub struct NotebookTable {
    rows: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_uid: HashMap<String, u32>,
    order: Order,
    needle: String,
    phase: Option<Group>,
    sort: Sort,
    counts: [usize; Group::ALL.len()],
    with_text: usize,
    /// What is shown while rows have to keep their places.
    held: Option<Order>,
}

#[derive(Clone, Debug)]
struct Entry {
    row: NotebookRow,
    has_text: bool,
}

impl Entry {
    fn is_visible(&self, phase: Option<Group>) -> bool {
        self.has_text && (phase.is_none() || phase == self.row.phase.phase.group())
    }
}

impl NotebookTable {
    /// Filters and sorts by the query; true when that changed anything.
    pub fn set_query(&mut self, query: &NotebooksQuery) -> bool {
        let needle = query.q.trim().to_ascii_lowercase();
        if needle == self.needle && query.phase == self.phase && query.sort == self.sort {
            return false;
        }
        if needle != self.needle {
            self.needle = needle;
            for entry in self.rows.iter_mut().flatten() {
                entry.has_text = entry.row.has_text(&self.needle);
            }
            self.recount();
        }
        (self.phase, self.sort) = (query.phase, query.sort);
        self.rebuild();
        self.held = self.held.is_some().then(|| self.order.clone());
        true
    }

    /// Lets rows keep their places (their cells go on changing) until it is called with `false`.
    ///
    /// Rows that go away do go; new ones wait, and [`NotebookTable::waiting`] counts them.
    pub fn set_hold(&mut self, hold: bool) {
        if hold != self.held.is_some() {
            self.held = hold.then(|| self.order.clone());
        }
    }

    /// Rows that wait for the end of the hold.
    pub fn waiting(&self) -> usize {
        self.held
            .as_ref()
            .map_or(0, |held| self.order.len().saturating_sub(held.len()))
    }

    /// Replaces all rows.
    pub fn replace_all(&mut self, rows: impl Iterator<Item = NotebookRow>) {
        self.held = None;
        self.rows.clear();
        self.free.clear();
        self.by_uid.clear();
        for row in rows {
            let slot = self.rows.len() as u32;
            let has_text = row.has_text(&self.needle);
            // The same uid twice would be the server's mistake: the later one wins.
            if let Some(old) = self.by_uid.insert(row.uid.clone(), slot) {
                self.rows[old as usize] = None;
            }
            self.rows.push(Some(Entry { row, has_text }));
        }
        self.recount();
        self.rebuild();
    }

    /// Takes over changes; true when any visible cell, the order or a count may have changed.
    pub fn apply(&mut self, changes: impl Iterator<Item = Change>) -> bool {
        let mut moved: HashMap<u32, bool> = HashMap::new();
        let mut any = false;
        for change in changes {
            match change {
                Change::Put(row) => any |= self.put(*row, &mut moved),
                Change::Gone(uid) => {
                    if let Some(slot) = self.by_uid.remove(&uid) {
                        let entry = self.rows[slot as usize].take();
                        self.count(entry.as_ref(), -1);
                        moved.insert(slot, false);
                        if let Some(held) = &mut self.held {
                            held.change(|other| other == slot, Vec::new(), |_, _| std::cmp::Ordering::Equal);
                        }
                        self.free.push(slot);
                        any = true;
                    }
                }
            }
        }
        if !moved.is_empty() {
            let visible = moved.iter().filter(|(_, visible)| **visible);
            let came: Vec<u32> = visible.map(|(slot, _)| *slot).collect();
            let (rows, sort) = (&self.rows, self.sort);
            self.order
                .change(|slot| moved.contains_key(&slot), came, |a, b| compare(rows, sort, a, b));
        }
        any
    }

    /// Number of all rows.
    pub fn total(&self) -> usize {
        self.by_uid.len()
    }

    /// Number of visible rows.
    pub fn len(&self) -> usize {
        self.shown().len()
    }

    /// Whether no row is visible.
    pub fn is_empty(&self) -> bool {
        self.shown().is_empty()
    }

    /// Visible row at a place.
    pub fn get(&self, place: usize) -> Option<&NotebookRow> {
        self.entry(self.shown().get(place)?)
    }

    /// Row by its uid, visible or not.
    pub fn by_uid(&self, uid: &str) -> Option<&NotebookRow> {
        self.entry(*self.by_uid.get(uid)?)
    }

    /// Place of a visible row.
    pub fn place_of(&self, uid: &str) -> Option<usize> {
        let slot = *self.by_uid.get(uid)?;
        if let Some(held) = &self.held {
            return held.slots().iter().position(|other| *other == slot);
        }
        self.rows[slot as usize]
            .as_ref()
            .filter(|entry| entry.is_visible(self.phase))?;
        self.order.place_of(slot, |a, b| compare(&self.rows, self.sort, a, b))
    }

    /// Rows with the text, whatever their phase: the count of "All".
    pub fn with_text(&self) -> usize {
        self.with_text
    }

    /// Rows with the text in a group: the count of its chip.
    pub fn count_of(&self, group: Group) -> usize {
        self.counts[place_of_group(group)]
    }

    /// Uids of the rows whose reason speaks of time that passes.
    pub fn ticking(&self) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .flatten()
            .filter(|entry| entry.row.phase.ticks)
            .map(|entry| entry.row.uid.as_str())
    }

    fn shown(&self) -> &Order {
        self.held.as_ref().unwrap_or(&self.order)
    }

    fn entry(&self, slot: u32) -> Option<&NotebookRow> {
        self.rows[slot as usize].as_ref().map(|entry| &entry.row)
    }

    fn put(&mut self, row: NotebookRow, moved: &mut HashMap<u32, bool>) -> bool {
        let has_text = row.has_text(&self.needle);
        let new = Entry { row, has_text };
        let known = self.by_uid.get(&new.row.uid).copied();
        let slot = known.unwrap_or_else(|| self.new_slot(&new.row.uid));
        let old = self.rows[slot as usize].take();
        if old.as_ref().is_some_and(|old| old.row == new.row) {
            self.rows[slot as usize] = old;
            return false;
        }
        let visible = new.is_visible(self.phase);
        let keeps_place = old.as_ref().is_some_and(|old| {
            old.is_visible(self.phase) == visible
                && old
                    .row
                    .compare(&new.row, self.sort.column, self.sort.descending)
                    .is_eq()
        });
        self.count(old.as_ref(), -1);
        self.count(Some(&new), 1);
        // A slot that is already to be moved, or was freed in the same batch, must be placed anew.
        if !keeps_place || moved.contains_key(&slot) {
            moved.insert(slot, visible);
        }
        self.rows[slot as usize] = Some(new);
        true
    }

    fn new_slot(&mut self, uid: &str) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            (self.rows.len() - 1) as u32
        });
        self.by_uid.insert(uid.to_owned(), slot);
        slot
    }

    fn count(&mut self, entry: Option<&Entry>, by: isize) {
        let Some(entry) = entry.filter(|entry| entry.has_text) else {
            return;
        };
        self.with_text = self.with_text.saturating_add_signed(by);
        if let Some(group) = entry.row.phase.phase.group() {
            let count = &mut self.counts[place_of_group(group)];
            *count = count.saturating_add_signed(by);
        }
    }

    fn recount(&mut self) {
        (self.counts, self.with_text) = (Default::default(), 0);
        let rows = std::mem::take(&mut self.rows);
        for entry in rows.iter() {
            self.count(entry.as_ref(), 1);
        }
        self.rows = rows;
    }

    fn rebuild(&mut self) {
        let (rows, sort, phase) = (&self.rows, self.sort, self.phase);
        let visible = rows
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.as_ref().is_some_and(|entry| entry.is_visible(phase)))
            .map(|(slot, _)| slot as u32);
        self.order.rebuild(visible, |a, b| compare(rows, sort, a, b));
    }
}

fn place_of_group(group: Group) -> usize {
    Group::ALL.iter().position(|other| *other == group).unwrap_or_default()
}

fn compare(rows: &[Option<Entry>], sort: Sort, a: u32, b: u32) -> std::cmp::Ordering {
    match (&rows[a as usize], &rows[b as usize]) {
        (Some(a), Some(b)) => a.row.compare(&b.row, sort.column, sort.descending),
        // Slots in the order are never empty; a total order even so.
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
mod tests;
