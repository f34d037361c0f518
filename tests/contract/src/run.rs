//! Plays all cases against one server: the setup first, then most of them side by side, then those that want to be alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;
use tokio::time::timeout;

use crate::Failure;
use crate::case::{self, Case, Need};
use crate::script::{Wrong, clean, play};
use crate::server::Server;

/// How many cases are played at once.
const AT_ONCE: usize = 12;
/// No case may take longer.
const CASE_LIMIT: Duration = Duration::from_secs(120);

/// What became of one case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The case's title.
    pub title: String,
    /// All that was wrong.
    pub wrong: Vec<Wrong>,
    /// How long it took.
    pub took: Duration,
}

/// Plays the cases whose title contains `filter`.
///
/// # Errors
/// When the cases cannot be read, or the setup fails.
pub async fn run(server: Arc<Server>, filter: &str) -> Result<Vec<Outcome>, Failure> {
    for case in case::setup()? {
        let outcome = one(Arc::clone(&server), case).await;
        if let Some(wrong) = outcome.wrong.first() {
            return Err(format!("{}, step {}: {}: {}", outcome.title, wrong.step, wrong.at, wrong.why).into());
        }
    }
    let mut cases = case::all()?;
    cases.retain(|case| case.title().contains(filter));
    let (alone, together): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| case.needs(Need::Alone));
    let mut outcomes: Vec<Outcome> = stream::iter(together)
        .map(|case| one(Arc::clone(&server), case))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for case in alone {
        outcomes.push(one(Arc::clone(&server), case).await);
    }
    clean(&server).await?;
    outcomes.sort_by(|a, b| a.title.cmp(&b.title));
    Ok(outcomes)
}

async fn one(server: Arc<Server>, case: Case) -> Outcome {
    let start = Instant::now();
    let wrong = timeout(CASE_LIMIT, play(&server, &case)).await.unwrap_or_else(|_| {
        vec![Wrong {
            step: 0,
            at: "broken".to_owned(),
            why: format!("not done after {} s", CASE_LIMIT.as_secs()),
        }]
    });
    Outcome {
        title: case.title(),
        wrong,
        took: start.elapsed(),
    }
}
