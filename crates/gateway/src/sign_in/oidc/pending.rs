//! Remembers who is on the way to the provider and back.
//!
//! A sign-in is found by the digest of its `state`, belongs to the browser that has the cookie, is
//! good for ten minutes and for one answer. There is room for so many and no more.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::{
    network::of_one_owner,
    sign_in::sessions::{Key, key_of, new_secret},
};

/// How long a person may take at the provider.
pub const LIFE: Duration = Duration::from_secs(600);
/// Sign-ins that one browser has begun; the oldest gives way.
const PER_BROWSER: usize = 5;
/// Sign-ins from one address: many people may sit behind it.
const PER_ADDRESS: usize = 1_000;
/// Sign-ins of everybody.
const IN_ALL: usize = 10_000;

/// What a sign-in takes along to the provider.
#[derive(Debug)]
pub struct Ticket {
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// The digest of the code verifier.
    pub challenge: String,
}

/// What we keep of a sign-in until it is answered.
#[derive(Debug)]
pub struct Begun {
    browser: Key,
    address: IpAddr,
    at: Instant,
    /// What the ID token must repeat.
    pub nonce: String,
    /// What the token endpoint must be told.
    pub verifier: String,
    /// Where the person wanted to go.
    pub to: String,
}

/// All sign-ins on the way.
#[derive(Default)]
pub struct Pending {
    open: Mutex<HashMap<Key, Begun>>,
}

impl Pending {
    /// Begins a sign-in; none if there is no room for another.
    pub fn begin(&self, browser: &str, to: String, address: IpAddr, now: Instant) -> Option<Ticket> {
        let (browser, address) = (key_of(browser), of_one_owner(address));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, begun| now.duration_since(begun.at) < LIFE);
        let own = open.iter().filter(|(_, begun)| begun.browser == browser);
        let oldest = own.clone().min_by_key(|(_, begun)| begun.at).map(|(state, _)| *state);
        if own.count() >= PER_BROWSER
            && let Some(oldest) = oldest
        {
            open.remove(&oldest);
        }
        let of_address = open.values().filter(|begun| begun.address == address).count();
        if open.len() >= IN_ALL || of_address >= PER_ADDRESS {
            return None;
        }
        let (state, nonce, verifier) = (new_secret(), new_secret(), new_secret());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let begun = Begun {
            browser,
            address,
            at: now,
            nonce: nonce.clone(),
            verifier,
            to,
        };
        open.insert(key_of(&state), begun);
        Some(Ticket {
            state,
            nonce,
            challenge,
        })
    }

    /// The sign-in of this state, once, and only for the browser that began it.
    pub fn finish(&self, state: &str, browser: &str, now: Instant) -> Option<Begun> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = open.remove(&key_of(state))?;
        (begun.browser == key_of(browser) && now.duration_since(begun.at) < LIFE).then_some(begun)
    }

    /// Whether this browser has begun one.
    pub fn knows(&self, browser: &str) -> bool {
        let browser = key_of(browser);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().any(|begun| begun.browser == browser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(at: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, at))
    }

    #[test]
    fn sign_in_is_answered_once_by_its_browser_in_time() {
        let pending = Pending::default();
        let now = Instant::now();
        let begin = || pending.begin("browser", "/".to_owned(), address(1), now).unwrap();
        let ticket = begin();
        assert!(pending.finish("other", "browser", now).is_none());
        assert!(pending.finish(&ticket.state, "browser", now).is_some());
        assert!(pending.finish(&ticket.state, "browser", now).is_none());
        let ticket = begin();
        assert!(pending.finish(&ticket.state, "thief", now).is_none());
        assert!(pending.finish(&ticket.state, "browser", now).is_none());
        let ticket = begin();
        assert!(pending.finish(&ticket.state, "browser", now + LIFE).is_none());
    }

    #[test]
    fn challenge_is_the_digest_of_the_verifier() {
        let pending = Pending::default();
        let now = Instant::now();
        let ticket = pending.begin("browser", "/".to_owned(), address(1), now).unwrap();
        let begun = pending.finish(&ticket.state, "browser", now).unwrap();
        assert!((43..=128).contains(&begun.verifier.len()));
        let digest = Sha256::digest(begun.verifier.as_bytes());
        assert_eq!(ticket.challenge, URL_SAFE_NO_PAD.encode(digest));
    }

    #[test]
    fn there_is_room_for_so_many_and_old_ones_make_room() {
        let pending = Pending::default();
        let now = Instant::now();
        let begin = |browser: &str, at, now| pending.begin(browser, "/".to_owned(), address(at), now);
        let first = begin("one", 1, now).unwrap();
        for _ in 0..PER_BROWSER {
            assert!(begin("one", 1, now + Duration::from_secs(1)).is_some());
        }
        let later = now + Duration::from_secs(2);
        assert!(
            pending.finish(&first.state, "one", later).is_none(),
            "the oldest gave way"
        );
        for turn in PER_BROWSER..PER_ADDRESS {
            assert!(begin(&format!("b{turn}"), 1, later).is_some());
        }
        assert!(begin("another", 1, later).is_none());
        assert!(begin("another", 2, later).is_some());
        assert!(begin("another", 1, later + LIFE).is_some());
    }
}
