//! Finds free ports on loopback.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Mutex;

use crate::error::{Error, Result};

/// Below the ports that the kernel gives to outgoing connections: nobody takes one of these by chance between our
/// looking and a child's listening.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const TRIES: usize = 1_000;

static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of 127.0.0.1 on which nothing listens, and which was not given before in this process.
pub(crate) fn free() -> Result<u16> {
    for _ in 0..TRIES {
        let port = rand::random_range(RANGE);
        let mut given = GIVEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            return Ok(port);
        }
    }
    Err(Error::new("no port of 127.0.0.1 between 20000 and 32000 is free"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_given_once() {
        let ports: BTreeSet<u16> = (0..50).map(|_| free().expect("a port")).collect();
        assert_eq!(ports.len(), 50);
    }
}
