//! Counts who holds what, and lets go a little after the last one has gone: going back is then instant.

use std::collections::HashMap;
use std::hash::Hash;

/// Leases on things named by `K`.
#[derive(Debug)]
pub struct Leases<K> {
    held: HashMap<K, Held>,
    linger_ms: u64,
}

#[derive(Debug, Default)]
struct Held {
    count: usize,
    ends_at_ms: Option<u64>,
}

impl<K: Clone + Eq + Hash> Leases<K> {
    /// No leases; things linger that many ms after their last lease.
    pub fn new(linger_ms: u64) -> Leases<K> {
        Leases {
            held: HashMap::new(),
            linger_ms,
        }
    }

    /// Takes a lease; true if the thing must be made, because nobody held it and it did not linger.
    pub fn take(&mut self, key: &K) -> bool {
        let new = !self.held.contains_key(key);
        let held = self.held.entry(key.clone()).or_default();
        held.count += 1;
        held.ends_at_ms = None;
        new
    }

    /// Gives a lease back.
    pub fn give_back(&mut self, key: &K, now_ms: u64) {
        let Some(held) = self.held.get_mut(key) else { return };
        held.count = held.count.saturating_sub(1);
        if held.count == 0 {
            held.ends_at_ms = Some(now_ms + self.linger_ms);
        }
    }

    /// Things that nobody holds and that have lingered long enough: they are forgotten here, the caller ends them.
    pub fn ended(&mut self, now_ms: u64) -> Vec<K> {
        let is_due = |held: &Held| held.ends_at_ms.is_some_and(|at| at <= now_ms);
        let due: Vec<K> = self
            .held
            .iter()
            .filter(|(_, held)| is_due(held))
            .map(|(key, _)| key.clone())
            .collect();
        for key in &due {
            self.held.remove(key);
        }
        due
    }

    /// When to ask [`Leases::ended`] next.
    pub fn next_end_ms(&self) -> Option<u64> {
        self.held.values().filter_map(|held| held.ends_at_ms).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lease_given_back_ends_after_lingering() {
        let mut leases = Leases::new(5000);
        assert!(leases.take(&"pods"));
        assert!(!leases.take(&"pods"));
        leases.give_back(&"pods", 100);
        assert_eq!(leases.next_end_ms(), None);
        leases.give_back(&"pods", 200);
        assert_eq!(leases.next_end_ms(), Some(5200));
        assert!(leases.ended(5199).is_empty());
        assert_eq!(leases.ended(5200), ["pods"]);
        assert!(leases.take(&"pods"));
    }

    #[test]
    fn lease_taken_while_lingering_keeps_the_thing() {
        let mut leases = Leases::new(5000);
        leases.take(&1);
        leases.give_back(&1, 0);
        assert!(!leases.take(&1));
        assert!(leases.ended(60_000).is_empty());
    }
}
