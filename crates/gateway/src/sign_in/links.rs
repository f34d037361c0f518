//! Gives out sign-in links that work once.
//!
//! Tokens are 256 random bits; only their digest is kept, in memory: a restart forgets them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::sign_in::sessions::{Key, key_of, new_secret};

/// How long a link can be opened.
pub const LINK_LIFE: Duration = Duration::from_secs(24 * 3600);

/// The links that nobody has opened yet.
#[derive(Default)]
pub struct Links {
    open: Mutex<HashMap<Key, (String, Instant)>>,
}

impl Links {
    /// A new token for this user.
    pub fn issue(&self, user: &str, now: Instant) -> String {
        let token = new_secret();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(key_of(&token), (user.to_owned(), now + LINK_LIFE));
        token
    }

    /// The user of this token, once.
    pub fn redeem(&self, token: &str, now: Instant) -> Option<String> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (user, until) = open.remove(&key_of(token))?;
        (now < until).then_some(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_works_once_and_not_after_its_life() {
        let links = Links::default();
        let now = Instant::now();
        let token = links.issue("alice", now);
        assert_eq!(links.redeem("other", now), None);
        assert_eq!(links.redeem(&token, now).as_deref(), Some("alice"));
        assert_eq!(links.redeem(&token, now), None);
        let late = links.issue("alice", now);
        assert_eq!(links.redeem(&late, now + LINK_LIFE), None);
    }
}
