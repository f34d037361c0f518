//! Slows down those who guess passwords: per user and per address.
//!
//! Counts failures in a sliding window. Time passes by argument.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::network::of_one_owner;

const WINDOW: Duration = Duration::from_secs(300);
const FAILURES_PER_USER: usize = 8;
const FAILURES_PER_ADDRESS: usize = 30;
/// Names are the guesser's choice: forget everything rather than grow without end.
const REMEMBERED: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(String),
    Address(IpAddr),
}

/// Recent failures.
#[derive(Default)]
pub struct Throttle {
    failures: Mutex<HashMap<Who, VecDeque<Instant>>>,
}

impl Throttle {
    /// Seconds to wait before this sign-in is looked at, if it has to wait. A link names no user.
    pub fn wait_secs(&self, user: Option<&str>, address: IpAddr, now: Instant) -> Option<u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        keys(user, address)
            .filter_map(|(who, limit)| {
                let times = failures.get_mut(&who)?;
                while times.front().is_some_and(|&t| now.duration_since(t) >= WINDOW) {
                    times.pop_front();
                }
                let oldest = *times.front().filter(|_| times.len() >= limit)?;
                Some((WINDOW - now.duration_since(oldest)).as_secs().max(1))
            })
            .max()
    }

    /// Counts a failure.
    pub fn failed(&self, user: Option<&str>, address: IpAddr, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, times| times.back().is_some_and(|&t| now.duration_since(t) < WINDOW));
            if failures.len() >= REMEMBERED {
                failures.clear();
            }
        }
        for (who, limit) in keys(user, address) {
            let times = failures.entry(who).or_default();
            times.push_back(now);
            if times.len() > limit {
                times.pop_front();
            }
        }
    }

    /// Forgets the user's failures after a right password; the address gets back the one of this attempt.
    pub fn succeeded(&self, user: &str, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&user_key(user));
        if let Some(times) = failures.get_mut(&address_key(address)) {
            times.pop_back();
        }
    }
}

fn keys(user: Option<&str>, address: IpAddr) -> impl Iterator<Item = (Who, usize)> {
    let user = user.map(|user| (user_key(user), FAILURES_PER_USER));
    user.into_iter().chain([(address_key(address), FAILURES_PER_ADDRESS)])
}

fn address_key(address: IpAddr) -> Who {
    Who::Address(of_one_owner(address))
}

fn user_key(user: &str) -> Who {
    Who::User(user.chars().take(256).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn user_waits_after_too_many_failures_and_then_may_try_again() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for at in 0..FAILURES_PER_USER {
            let address = IpAddr::V4(Ipv4Addr::new(10, 0, 0, at as u8));
            assert_eq!(throttle.wait_secs(Some("alice"), address, now), None);
            throttle.failed(Some("alice"), address, now);
        }
        let fresh = IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9));
        assert_eq!(throttle.wait_secs(Some("alice"), fresh, now), Some(300));
        assert_eq!(throttle.wait_secs(Some("bob"), fresh, now), None);
        assert_eq!(throttle.wait_secs(Some("alice"), fresh, now + WINDOW), None);
    }

    #[test]
    fn address_waits_whatever_the_names() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for at in 0..FAILURES_PER_ADDRESS {
            throttle.failed(Some(&format!("user{at}")), address, now);
        }
        throttle.succeeded("user1", IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)));
        assert!(throttle.wait_secs(None, address, now).is_some());
    }

    #[test]
    fn right_passwords_do_not_wear_an_address_out() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for _ in 0..FAILURES_PER_ADDRESS * 2 {
            throttle.failed(Some("alice"), address, now);
            throttle.succeeded("alice", address);
        }
        assert_eq!(throttle.wait_secs(Some("alice"), address, now), None);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_guesser() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let address = |network: u16, host: u16| IpAddr::from([0x2001, 0xdb8, 0, network, 0, 0, 0, host]);
        for at in 0..FAILURES_PER_ADDRESS {
            throttle.failed(Some(&format!("user{at}")), address(1, at as u16), now);
        }
        assert!(throttle.wait_secs(None, address(1, 9999), now).is_some());
        assert_eq!(throttle.wait_secs(None, address(2, 1), now), None);
    }
}
