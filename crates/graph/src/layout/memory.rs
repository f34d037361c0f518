//! Remembers where boxes were, by keys that outlive a graph, so that the next layout moves them little.

use super::result::{Layout, Point};

/// Where the boxes of an earlier layout were.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Keys and the middles of their boxes, by key.
    places: Vec<(u64, Point)>,
}

impl Memory {
    /// Remembers a layout; of boxes with the same key one is remembered.
    pub fn of(layout: &Layout, key: impl Fn(u32) -> u64) -> Self {
        let rects = layout.rects().iter().enumerate();
        let mut places: Vec<_> = rects
            .map(|(node, rect)| (key(crate::graph::index(node)), rect.center()))
            .collect();
        places.sort_by_key(|place| place.0);
        places.dedup_by_key(|place| place.0);
        Self { places }
    }

    /// The middle of the box that had a key.
    pub fn at(&self, key: u64) -> Option<Point> {
        let place = self.places.binary_search_by_key(&key, |place| place.0).ok()?;
        Some(self.places[place].1)
    }

    /// How far all of a new layout has to be moved for a box to stay where it was under its key.
    ///
    /// Whoever unfolds a group moves the view by this, so that the group stays under the pointer.
    pub fn shift(&self, layout: &Layout, node: u32, key: u64) -> Option<Point> {
        let (then, now) = (self.at(key)?, layout.rects().get(node as usize)?.center());
        Some(Point {
            x: then.x - now.x,
            y: then.y - now.y,
        })
    }
}
