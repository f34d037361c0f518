//! The clock that the machines are told: it runs faster than ours, and can be set forwards and back.
//!
//! With the speed the waits of minutes (a silent watch, a lost right) pass in seconds, while bytes still travel in real
//! time. What we ask of the server in seconds is divided by it.

use std::time::{Duration, Instant};

/// What the first wall clock shows, in ms since 1970.
const BEGAN_MS: f64 = 1.7e12;

/// Time, `speed` times as fast.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    speed: f64,
}

impl Clock {
    /// A clock that begins now.
    pub fn new(speed: f64) -> Clock {
        Clock {
            began: Instant::now(),
            speed,
        }
    }

    /// How many of its seconds pass in one of ours.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Its milliseconds since it began: never goes back, never jumps.
    pub fn steady_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0 * self.speed
    }

    /// What a wall clock shows that was set by so many ms.
    pub fn wall_ms(&self, set_by_ms: f64) -> f64 {
        BEGAN_MS + self.steady_ms() + set_by_ms
    }

    /// How long its milliseconds take.
    pub fn real(&self, ms: f64) -> Duration {
        Duration::from_secs_f64((ms / 1000.0 / self.speed).max(0.0))
    }
}
