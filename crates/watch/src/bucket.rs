//! Shares out requests among all streams of the app, so that they do not stampede when the network comes back.

/// A token bucket: `burst` requests at once, then one each `every_ms`.
#[derive(Clone, Debug)]
pub struct Bucket {
    every_ms: u64,
    burst: u64,
    /// When the bucket would be full again, had nobody come since.
    full_at_ms: u64,
}

impl Bucket {
    /// A full bucket that refills `per_second` times a second.
    pub fn new(per_second: u32, burst: u32) -> Bucket {
        Bucket {
            every_ms: 1000 / u64::from(per_second.max(1)),
            burst: u64::from(burst.max(1)),
            full_at_ms: 0,
        }
    }

    /// Reserves a turn; returns how many ms the caller must wait for it. `now_ms` never goes back.
    pub fn reserve(&mut self, now_ms: u64) -> u64 {
        let full_at = self.full_at_ms.max(now_ms);
        self.full_at_ms = full_at + self.every_ms;
        (full_at + self.every_ms).saturating_sub(now_ms + self.burst * self.every_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_goes_at_once_and_the_rest_queues() {
        let mut bucket = Bucket::new(10, 3);
        let waits: Vec<u64> = (0..6).map(|_| bucket.reserve(1000)).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200, 300]);
    }

    #[test]
    fn pause_refills_up_to_the_burst() {
        let mut bucket = Bucket::new(10, 2);
        for _ in 0..4 {
            bucket.reserve(0);
        }
        let waits: Vec<u64> = (0..3).map(|_| bucket.reserve(60_000)).collect();
        assert_eq!(waits, [0, 0, 100]);
    }
}
