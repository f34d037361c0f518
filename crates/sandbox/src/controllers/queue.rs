//! Holds the keys that want to be looked at: each once, with delays, and later and later after failures.
//!
//! The rules of client-go's work queue, which the recorded counts of `FailedCreate` events show:
//! 5 ms after the first failure, doubled each time up to 1000 s.
//! Source: k8s.io/client-go v0.36.3, util/workqueue/default_rate_limiters.go.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The wait after the first failure.
const FIRST_RETRY: Duration = Duration::from_millis(5);
/// The longest wait after a failure.
const LAST_RETRY: Duration = Duration::from_secs(1000);

#[derive(Debug)]
struct State<T> {
    ready: VecDeque<T>,
    waiting: HashSet<T>,
    busy: HashSet<T>,
    later: BinaryHeap<Reverse<(Instant, T)>>,
    failures: HashMap<T, u32>,
}

/// A work queue of keys.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Notify,
}

/// What a look at a key came to.
pub(crate) type Outcome = Result<Option<Duration>, kube::Error>;

impl<T: Clone + Eq + Hash + Ord + Send + 'static> Queue<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                ready: VecDeque::new(),
                waiting: HashSet::new(),
                busy: HashSet::new(),
                later: BinaryHeap::new(),
                failures: HashMap::new(),
            }),
            wake: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wants `key` looked at now; once, however often it is asked for.
    pub(crate) fn add(&self, key: T) {
        let mut state = self.state();
        if state.waiting.insert(key.clone()) && !state.busy.contains(&key) {
            state.ready.push_back(key);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Wants `key` looked at in a while.
    pub(crate) fn add_after(&self, key: T, delay: Duration) {
        if delay.is_zero() {
            self.add(key);
            return;
        }
        self.state().later.push(Reverse((Instant::now() + delay, key)));
        self.wake.notify_one();
    }

    /// Wants `key` looked at again after a failure.
    pub(crate) fn retry(&self, key: T) {
        let delay = {
            let mut state = self.state();
            let failures = state.failures.entry(key.clone()).or_insert(0);
            let delay = FIRST_RETRY
                .saturating_mul(1_u32.checked_shl(*failures).unwrap_or(u32::MAX))
                .min(LAST_RETRY);
            *failures = (*failures + 1).min(30);
            delay
        };
        self.add_after(key, delay);
    }

    fn forget(&self, key: &T) {
        self.state().failures.remove(key);
    }

    /// The next key; `done` must follow.
    async fn next(&self) -> T {
        loop {
            let until = {
                let mut state = self.state();
                let now = Instant::now();
                while state.later.peek().is_some_and(|Reverse((due, _))| *due <= now) {
                    if let Some(Reverse((_, key))) = state.later.pop()
                        && state.waiting.insert(key.clone())
                        && !state.busy.contains(&key)
                    {
                        state.ready.push_back(key);
                    }
                }
                if let Some(key) = state.ready.pop_front() {
                    state.waiting.remove(&key);
                    state.busy.insert(key.clone());
                    if !state.ready.is_empty() {
                        self.wake.notify_one();
                    }
                    return key;
                }
                state.later.peek().map(|Reverse((due, _))| *due)
            };
            match until {
                Some(due) => tokio::select! {
                    () = tokio::time::sleep_until(due) => {}
                    () = self.wake.notified() => {}
                },
                None => self.wake.notified().await,
            }
        }
    }

    fn done(&self, key: &T) {
        let mut state = self.state();
        state.busy.remove(key);
        if state.waiting.contains(key) {
            state.ready.push_back(key.clone());
            drop(state);
            self.wake.notify_one();
        }
    }
}

/// Works a queue off with `workers` tasks until `stop`: a failed key comes back later and later, a key that
/// answers with a time comes back then.
pub(crate) async fn work<T, F, Fut>(queue: Arc<Queue<T>>, workers: usize, stop: CancellationToken, look: F)
where
    T: Clone + Eq + Hash + Ord + std::fmt::Debug + Send + Sync + 'static,
    F: Fn(T) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send,
{
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers {
        let (queue, stop, look) = (Arc::clone(&queue), stop.clone(), look.clone());
        tasks.spawn(async move {
            loop {
                let key = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    key = queue.next() => key,
                };
                match look(key.clone()).await {
                    Ok(again) => {
                        queue.forget(&key);
                        if let Some(delay) = again {
                            queue.add_after(key.clone(), delay);
                        }
                    }
                    Err(error) => {
                        tracing::debug!(?key, %error, "trying again");
                        queue.retry(key.clone());
                    }
                }
                queue.done(&key);
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn key_asked_twice_comes_once() {
        let queue = Queue::new();
        queue.add(1);
        queue.add(1);
        queue.add(2);
        assert_eq!(queue.next().await, 1);
        assert_eq!(queue.next().await, 2);
        assert!(queue.state().ready.is_empty());
    }

    #[tokio::test]
    async fn key_asked_while_busy_comes_again_after_done() {
        let queue = Queue::new();
        queue.add(1);
        assert_eq!(queue.next().await, 1);
        queue.add(1);
        assert!(queue.state().ready.is_empty());
        queue.done(&1);
        assert_eq!(queue.next().await, 1);
    }

    #[tokio::test]
    async fn failures_double_the_wait() {
        let queue = Queue::new();
        let start = Instant::now();
        for expected in [5, 15, 35, 75] {
            queue.retry(1);
            assert_eq!(queue.next().await, 1);
            queue.done(&1);
            let passed = (Instant::now() - start).as_millis();
            assert!(passed >= expected, "{passed} < {expected}");
        }
    }
}
