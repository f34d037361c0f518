//! Counts what each user has in flight, so that one cannot take everything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use http::{HeaderMap, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::rejection::Rejection;

/// Bytes of all header names and values together.
pub const HEADER_LIMIT_BYTES: usize = 32 * 1024;
/// Header lines.
pub const HEADER_LIMIT_LINES: usize = 100;
/// Bytes of all cookies together.
pub const COOKIE_LIMIT_BYTES: usize = 8 * 1024;

/// Refuses requests with oversized headers.
pub fn check_headers(headers: &HeaderMap) -> Result<(), Rejection> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let cookies: usize = headers.get_all(header::COOKIE).iter().map(http::HeaderValue::len).sum();
    if headers.len() > HEADER_LIMIT_LINES || bytes > HEADER_LIMIT_BYTES || cookies > COOKIE_LIMIT_BYTES {
        return Err(Rejection::HeadersTooLarge);
    }
    Ok(())
}

/// Lets this process open as many files as the system grants it; each stream takes two.
///
/// Many systems start programs with a soft limit of 1,024, far below the hard one, for the sake of `select`.
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: now.maximum,
        maximum: now.maximum,
    };
    if now.current != now.maximum
        && let Err(error) = setrlimit(Resource::Nofile, wanted)
    {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

/// How much may be in flight.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Watches, followed logs and WebSockets of one user.
    pub streams_per_user: usize,
    /// Other requests of one user.
    pub requests_per_user: usize,
    /// Everything of everybody.
    pub in_all: usize,
}

#[derive(Debug, Default)]
struct Counts {
    streams: HashMap<String, usize>,
    requests: HashMap<String, usize>,
    in_all: usize,
    streams_in_all: usize,
}

/// Who has how much in flight.
#[derive(Debug)]
pub struct Slots {
    limits: Limits,
    counts: Arc<Mutex<Counts>>,
}

/// One request in flight; gives its place back when dropped.
#[derive(Debug)]
pub struct Slot {
    counts: Arc<Mutex<Counts>>,
    user: String,
    stream: bool,
}

impl Slots {
    /// All places free.
    pub fn new(limits: Limits) -> Slots {
        Slots {
            limits,
            counts: Arc::default(),
        }
    }

    /// Takes a place, or says why there is none.
    pub fn take(&self, user: &str, stream: bool) -> Result<Slot, Rejection> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.in_all >= self.limits.in_all {
            return Err(Rejection::TooManyRequests);
        }
        let (own, limit, full) = if stream {
            (
                &mut counts.streams,
                self.limits.streams_per_user,
                Rejection::TooManyStreams,
            )
        } else {
            (
                &mut counts.requests,
                self.limits.requests_per_user,
                Rejection::TooManyRequests,
            )
        };
        let used = own.entry(user.to_owned()).or_default();
        if *used >= limit {
            return Err(full);
        }
        *used += 1;
        counts.in_all += 1;
        counts.streams_in_all += usize::from(stream);
        Ok(Slot {
            counts: Arc::clone(&self.counts),
            user: user.to_owned(),
            stream,
        })
    }

    /// Open streams of everybody.
    pub fn streams(&self) -> usize {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .streams_in_all
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.in_all -= 1;
        counts.streams_in_all -= usize::from(self.stream);
        let own = if self.stream {
            &mut counts.streams
        } else {
            &mut counts.requests
        };
        if let Some(used) = own.get_mut(&self.user) {
            *used -= 1;
            if *used == 0 {
                own.remove(&self.user);
            }
        }
    }
}

/// Turns for what so many may do at once, and one user so many of them; whoever has none waits.
#[derive(Debug)]
pub struct Turns {
    all: Semaphore,
    of_one: usize,
    own: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// One turn; over when dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _own: OwnedSemaphorePermit,
    _all: SemaphorePermit<'a>,
}

impl Turns {
    /// All turns free.
    pub fn new(all: usize, of_one: usize) -> Turns {
        Turns {
            all: Semaphore::new(all),
            of_one,
            own: Mutex::default(),
        }
    }

    /// Waits for a turn of the user's own, then for one of everybody's.
    pub async fn take(&self, user: &str) -> Result<Turn<'_>, Rejection> {
        let own = self.of(user).acquire_owned().await.or(Err(Rejection::Stopping))?;
        let all = self.all.acquire().await.or(Err(Rejection::Stopping))?;
        Ok(Turn { _own: own, _all: all })
    }

    fn of(&self, user: &str) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = own.get(user).and_then(Weak::upgrade) {
            return known;
        }
        own.retain(|_, turns| turns.strong_count() > 0);
        let fresh = Arc::new(Semaphore::new(self.of_one));
        own.insert(user.to_owned(), Arc::downgrade(&fresh));
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_of_one_user_leave_some_for_others_and_nobody_is_remembered() {
        let turns = Turns::new(3, 2);
        let first = turns.take("alice").await.unwrap();
        let second = turns.take("alice").await.unwrap();
        let mut third = Box::pin(turns.take("alice"));
        assert!(futures::poll!(&mut third).is_pending());
        let bobs = turns.take("bob").await.unwrap();
        let mut carols = Box::pin(turns.take("carol"));
        assert!(futures::poll!(&mut carols).is_pending());
        drop((first, second));
        assert!(third.await.is_ok() && carols.await.is_ok());
        drop(bobs);
        let _daves = turns.take("dave").await.unwrap();
        assert_eq!(turns.own.lock().unwrap().len(), 1);
    }

    #[test]
    fn places_are_counted_per_user_and_given_back() {
        let slots = Slots::new(Limits {
            streams_per_user: 2,
            requests_per_user: 1,
            in_all: 4,
        });
        let first = slots.take("alice", true).unwrap();
        let _second = slots.take("alice", true).unwrap();
        assert_eq!(slots.take("alice", true).err(), Some(Rejection::TooManyStreams));
        let _own = slots.take("alice", false).unwrap();
        assert_eq!(slots.take("alice", false).err(), Some(Rejection::TooManyRequests));
        let _bob = slots.take("bob", true).unwrap();
        assert_eq!(slots.take("carol", true).err(), Some(Rejection::TooManyRequests));
        drop(first);
        assert!(slots.take("alice", true).is_ok());
    }
}
