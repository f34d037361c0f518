//! Draws what happens to each request, by a seed.

use std::time::Duration;

use flowdeck_watch::Random;

use crate::asked::Request;
use crate::kind::{Kind, OF_LISTS, OF_WATCHES};

/// Of so many requests...
const OF: u64 = 100;
/// ...that many watches meet a fault,
const WATCHES_HIT: u64 = 75;
/// that many pages,
const PAGES_HIT: u64 = 30;
/// and that many of those that do find that their session has ended.
const SIGNED_OUT: u64 = 2;

/// What happens to one request.
#[derive(Debug)]
pub struct Plan {
    /// The fault, if any.
    pub kind: Option<Kind>,
    /// After so many bytes of the head or the body.
    pub after: usize,
    /// After so long, where it is about time.
    pub wait: Duration,
    /// Whether a connection that is cut is reset (or else closed).
    pub reset: bool,
    /// For what is drawn later.
    pub random: Random,
}

/// What may happen at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mood {
    /// Whether anything happens at all.
    pub faulty: bool,
    /// Whether connections may fall silent.
    pub silent: bool,
    /// Whether sessions may end.
    pub sessions_end: bool,
}

/// Things that are drawn until none is left, and then again, so that each comes as often as it is there.
#[derive(Debug)]
pub struct Deck<T: 'static> {
    all: &'static [T],
    left: Vec<T>,
}

impl<T: Copy> Deck<T> {
    /// A deck of these.
    pub fn new(all: &'static [T]) -> Deck<T> {
        Deck { all, left: Vec::new() }
    }

    /// The next one.
    pub fn draw(&mut self, random: &mut Random) -> T {
        if self.left.is_empty() {
            self.left.extend_from_slice(self.all);
        }
        let at = random.below(self.left.len() as u64) as usize;
        self.left.swap_remove(at)
    }
}

/// Draws plans.
#[derive(Debug)]
pub struct Planner {
    random: Random,
    of_watches: Deck<Kind>,
    of_lists: Deck<Kind>,
}

impl Planner {
    /// The plans of this seed.
    pub fn new(seed: u64) -> Planner {
        Planner {
            random: Random::new(seed),
            of_watches: Deck::new(OF_WATCHES),
            of_lists: Deck::new(OF_LISTS),
        }
    }

    /// What happens to this request.
    pub fn draw(&mut self, request: &Request, mood: Mood) -> Plan {
        let random = &mut self.random;
        let (deck, hit) = if request.is_watch() {
            (&mut self.of_watches, WATCHES_HIT)
        } else {
            (&mut self.of_lists, PAGES_HIT)
        };
        let mut kind = (mood.faulty && random.below(OF) < hit).then(|| deck.draw(random));
        if kind.is_some() && random.below(OF) < SIGNED_OUT && mood.sessions_end {
            kind = Some(Kind::SignedOut);
        }
        let kind = kind.filter(|kind| request.can_meet(*kind) && (mood.silent || !kind.is_silent()));
        let after = match kind {
            Some(Kind::CutHead | Kind::CutRequest) => 1 + random.below(120),
            // Short ones are as likely as long ones: within the first frames, and seconds later.
            _ => {
                let most = 64 << random.below(10);
                random.below(most)
            }
        };
        Plan {
            kind,
            after: after as usize,
            wait: Duration::from_millis(50 + random.below(1200)),
            reset: random.below(2) == 0,
            random: Random::new(random.bits()),
        }
    }
}
