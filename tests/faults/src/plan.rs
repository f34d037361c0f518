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

/// Draws plans.
#[derive(Debug)]
pub struct Planner {
    random: Random,
}

impl Planner {
    /// The plans of this seed.
    pub fn new(seed: u64) -> Planner {
        Planner {
            random: Random::new(seed),
        }
    }

    /// What happens to this request.
    pub fn draw(&mut self, request: &Request, mood: Mood) -> Plan {
        let random = &mut self.random;
        let (kinds, hit) = if request.is_watch() {
            (OF_WATCHES, WATCHES_HIT)
        } else {
            (OF_LISTS, PAGES_HIT)
        };
        let mut kind = (random.below(OF) < hit).then(|| kinds[random.below(kinds.len() as u64) as usize]);
        if kind.is_some() && random.below(OF) < SIGNED_OUT && mood.sessions_end {
            kind = Some(Kind::SignedOut);
        }
        let kind = kind.filter(|kind| mood.faulty && request.can_meet(*kind) && (mood.silent || !kind.is_silent()));
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
