//! Counts: how often each fault happened, what each machine asked for next, and how many requests the proxy saw.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flowdeck_watch::Request;

use crate::kind::Kind;

/// What a machine asked for after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// The watch from where it was.
    Resumed,
    /// A new list, or the first state by a watch.
    Relisted,
    /// The same page, or the next one.
    Page,
}

impl Asked {
    /// What this request is.
    pub fn of(request: &Request) -> Asked {
        match (request.watch, request.get("sendInitialEvents"), request.get("continue")) {
            (true, None, _) => Asked::Resumed,
            (false, _, Some(_)) => Asked::Page,
            _ => Asked::Relisted,
        }
    }
}

/// Why rows are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// There is no right to see them.
    Denied,
    /// There is no such kind.
    Missing,
}

/// The counts.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    happened: BTreeMap<Kind, u64>,
    followed: BTreeMap<(Kind, Asked), u64>,
    /// The last fault of each client that no request has followed yet, and the last of all.
    open: HashMap<String, Kind>,
    last: HashMap<String, Kind>,
    /// How often the rows were lost after a fault, and why.
    lost: BTreeMap<(Kind, Lost), u64>,
    /// Answers that were no success, by code, and whether they came inside a stream.
    refusals: BTreeMap<(u16, bool), u64>,
    /// Per client: requests that its machine ordered, and when the proxy saw one.
    ordered: BTreeMap<String, u64>,
    seen: BTreeMap<String, Vec<f64>>,
    sent: BTreeMap<Asked, u64>,
}

impl Tally {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fault happened to a client.
    pub fn hit(&self, client: &str, kind: Kind) {
        let mut counts = self.counts();
        *counts.happened.entry(kind).or_default() += 1;
        counts.open.insert(client.to_owned(), kind);
        counts.last.insert(client.to_owned(), kind);
    }

    /// A fault happened to the whole world; it is put down to a client unless one of its own came first.
    pub fn hit_all<'a>(&self, clients: impl Iterator<Item = &'a str>, kind: Kind) {
        let mut counts = self.counts();
        *counts.happened.entry(kind).or_default() += 1;
        for client in clients {
            counts.open.entry(client.to_owned()).or_insert(kind);
            counts.last.insert(client.to_owned(), kind);
        }
    }

    /// A client says that its rows may not be seen, or are of no kind.
    pub fn lost(&self, client: &str, lost: Lost) {
        let mut counts = self.counts();
        if let Some(kind) = counts.last.get(client).copied() {
            *counts.lost.entry((kind, lost)).or_default() += 1;
        }
    }

    /// A client is refused something.
    pub fn refused(&self, code: u16, in_stream: bool) {
        *self.counts().refusals.entry((code, in_stream)).or_default() += 1;
    }

    /// A machine orders a request.
    pub fn ordered(&self, client: &str, request: &Request) {
        let asked = Asked::of(request);
        let mut counts = self.counts();
        *counts.ordered.entry(client.to_owned()).or_default() += 1;
        *counts.sent.entry(asked).or_default() += 1;
        if let Some(kind) = counts.open.remove(client) {
            *counts.followed.entry((kind, asked)).or_default() += 1;
        }
    }

    /// The proxy has read a request.
    pub fn seen(&self, client: &str, at_ms: f64) {
        self.counts().seen.entry(client.to_owned()).or_default().push(at_ms);
    }

    /// How many requests of a client the proxy saw.
    pub fn count_seen(&self, client: &str) -> u64 {
        self.counts().seen.get(client).map_or(0, |times| times.len() as u64)
    }

    /// How many requests of all clients the proxy saw.
    pub fn all_seen(&self) -> u64 {
        self.counts().seen.values().map(|times| times.len() as u64).sum()
    }

    /// Clients of which the proxy saw more requests than were ordered.
    pub fn surplus(&self) -> Option<String> {
        let counts = self.counts();
        counts.seen.iter().find_map(|(client, times)| {
            let ordered = counts.ordered.get(client).copied().unwrap_or_default();
            (times.len() as u64 > ordered)
                .then(|| format!("{client}: {} requests came, {ordered} were ordered", times.len()))
        })
    }

    /// The most requests of all clients together that the proxy saw in any `window_ms`.
    pub fn busiest(&self, window_ms: f64) -> usize {
        let counts = self.counts();
        let mut all: Vec<f64> = counts.seen.values().flatten().copied().collect();
        all.sort_by(f64::total_cmp);
        busiest(&all, window_ms)
    }

    /// A table, one line a fault.
    pub fn report(&self) -> String {
        let counts = self.counts();
        let mut text = format!(
            "{:<26} {:>8}   then {:>8} {:>8} {:>8} {:>8} {:>8}\n",
            "fault", "happened", "resumed", "relisted", "page", "denied", "missing"
        );
        for kind in Kind::ALL {
            let happened = counts.happened.get(kind).copied().unwrap_or_default();
            let then = |asked| counts.followed.get(&(*kind, asked)).copied().unwrap_or_default();
            let lost = |lost| counts.lost.get(&(*kind, lost)).copied().unwrap_or_default();
            text.push_str(&format!(
                "{kind:<26} {happened:>8}        {:>8} {:>8} {:>8} {:>8} {:>8}\n",
                then(Asked::Resumed),
                then(Asked::Relisted),
                then(Asked::Page),
                lost(Lost::Denied),
                lost(Lost::Missing)
            ));
        }
        let sent = |asked| counts.sent.get(&asked).copied().unwrap_or_default();
        text.push_str(&format!(
            "{:<26} {:>8}        {:>8} {:>8} {:>8}\n",
            "all requests",
            counts.ordered.values().sum::<u64>(),
            sent(Asked::Resumed),
            sent(Asked::Relisted),
            sent(Asked::Page)
        ));
        let refusals: Vec<String> = counts
            .refusals
            .iter()
            .map(|((code, in_stream), times)| {
                let way = if *in_stream { " in a stream" } else { "" };
                format!("{code}{way}: {times}")
            })
            .collect();
        text.push_str(&format!("answers that were no success: {}\n", refusals.join(", ")));
        text
    }

    /// How many kinds of fault happened.
    pub fn kinds(&self) -> usize {
        self.counts().happened.len()
    }
}

fn busiest(sorted: &[f64], window_ms: f64) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, at) in sorted.iter().enumerate() {
        while sorted[first] < at - window_ms {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::busiest;

    #[test]
    fn busiest_window_is_found() {
        assert_eq!(busiest(&[], 10.0), 0);
        assert_eq!(busiest(&[0.0, 20.0, 25.0, 29.0, 50.0], 10.0), 3);
    }
}
