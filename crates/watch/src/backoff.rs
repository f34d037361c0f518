//! Says how long to wait after the n-th failure in a row.

use crate::random::Random;

/// The first wait, in ms; client-go's and kube-rs's.
pub const FIRST_MS: u64 = 800;
/// The longest wait before jitter, in ms.
pub const CAP_MS: u64 = 30_000;
/// How long a stream must have been well, in ms, before its next failure counts as the first.
pub const HEALTHY_MS: u64 = 120_000;

/// Waits that double, with jitter.
///
/// Each is drawn from [base, 2·base): at the cap never more than one request in 30 s, and two clients that failed
/// together do not come back together. Source: client-go `reflector.go`, `wait.Backoff{Jitter: 1.0}`.
/// Tests: `t08_…`, `t17_…`.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure and returns how long to wait, in ms.
    pub fn wait_ms(&mut self, random: &mut Random) -> u64 {
        let base = (FIRST_MS << self.failures.min(10)).min(CAP_MS);
        self.failures = self.failures.saturating_add(1);
        base + random.below(base)
    }

    /// Forgets the failures.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How many failures there were in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
