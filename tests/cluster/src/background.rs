//! Runs what a cluster needs in this process, on a thread of its own: it goes on whichever runtime started the cluster.

use std::future::Future;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// A thread with a runtime; dropping it ends both.
pub(crate) struct Background {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs `work` until it ends; it is told by the token when to.
    pub(crate) fn start<F: Future<Output = ()>>(
        name: &str,
        work: impl FnOnce(CancellationToken) -> F + Send + 'static,
    ) -> Result<Self> {
        let stop = CancellationToken::new();
        let told = stop.clone();
        let cannot = |why| Error::of("a runtime", why);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cannot)?;
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let ended = told.clone();
                runtime.block_on(async {
                    tokio::select! {
                        () = ended.cancelled() => {}
                        () = work(told) => {}
                    }
                });
            })
            .map_err(cannot)?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
