//! Decides what an answer means that is no success: a status on opening, or an error inside a stream.

use flowdeck_objects::Status;

use crate::protocol::Problem;
use crate::table::Table;

use super::{Core, Next, Ordered, PROBE_MS, Refusal, SPREAD_MS, Stage};

/// The longest wait that a server may order, in ms.
const ORDER_LIMIT_MS: u64 = 600_000;
/// How long after a first 403 it is asked again, in ms.
const DOUBT_MS: u64 = 2_000;
/// So much of a refusal's body is kept, in bytes.
const WORDS_BYTES: usize = 64 << 10;

impl<R: Table + ?Sized> Core<R> {
    pub(super) fn head(&mut self, status: u16, retry_after_secs: Option<u32>) {
        if status == 200 {
            self.watch_is_open();
        } else if let Some(flight) = &mut self.flight {
            flight.refused = Some((status, retry_after_secs));
        }
    }

    pub(super) fn end(&mut self) {
        let Some(flight) = self.flight.take() else { return };
        if let Some((code, retry_after_secs)) = flight.refused {
            return self.answered(code, retry_after_secs, &flight.body);
        }
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Listing(listing) => self.take_page(listing, &flight.body),
            Stage::Watching(watching) => self.watch_ended(&watching),
            as_before => self.stage = as_before,
        }
    }

    pub(super) fn broken(&mut self, why: &str) {
        let Some(flight) = self.flight.take() else { return };
        if let Some((code, retry_after_secs)) = flight.refused {
            return self.answered(code, retry_after_secs, &flight.body);
        }
        let problem = Problem::Unreachable(why.to_owned());
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Listing(listing) => self.fail(problem, Next::Page(listing)),
            Stage::Watching(watching) => self.watch_broke(&watching, problem),
            as_before => self.stage = as_before,
        }
    }

    /// The answer is no success. A proxy's own page, or its silence, says nothing about the cluster: an ingress that has
    /// no route for a moment answers 404, a firewall 403, and the rows are as true as before. Tests: `f01_…`, `f02_…`.
    fn answered(&mut self, code: u16, retry_after_secs: Option<u32>, body: &[u8]) {
        if matches!(code, 403 | 404) && (is_web_page(body) || body.trim_ascii().is_empty()) {
            let next = self.take_next();
            return self.fail(
                unreadable(body, &format!("an empty answer came, with status {code}")),
                next,
            );
        }
        self.refused(status_of(code, retry_after_secs, body), false);
    }

    /// The server does not do what was asked. `in_stream`: it said so as an `ERROR` event inside a 200 stream.
    ///
    /// The same refusals come both ways: behind authorization the watch cache can only speak through the stream
    /// (apiserver `cacher.go`), aggregated servers and gateways answer with a status.
    pub(super) fn refused(&mut self, status: Status, in_stream: bool) {
        match status.code {
            401 => {
                self.stage = Stage::SignedOut { since_ms: self.wall_ms };
                return;
            }
            403 if self.complete && !self.doubted => return self.doubt(status),
            403 => return self.lose(Refusal::Denied(status)),
            404 => return self.lose(Refusal::Missing(status)),
            429 => return self.slow_down(status),
            _ => {}
        }
        let is_initial = matches!(&self.stage, Stage::Watching(watching) if watching.is_initial());
        if is_initial && (in_stream || matches!(status.code, 400 | 405 | 422)) {
            return self.watch_list_is_unsupported();
        }
        if status.is_gone() {
            return self.gone(status);
        }
        if is_too_large_version(&status) {
            // Another server, behind the one we asked. A list without a version is as new as any.
            self.version.clear();
            return self.fail(Problem::Answer(status), Next::Begin);
        }
        let next = match self.take_next() {
            Next::Watch if in_stream && status.code != 500 => Next::Begin,
            Next::Watch if !in_stream && status.code < 500 => Next::Begin,
            next => next,
        };
        self.fail(Problem::Answer(status), next);
    }

    /// What to try again for the request that was refused.
    fn take_next(&mut self) -> Next {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Listing(listing) => Next::Page(listing),
            Stage::Watching(watching) if !watching.is_initial() => Next::Watch,
            _ => Next::Begin,
        }
    }

    /// The server has forgotten our version: list again, keep the rows meanwhile.
    ///
    /// Three shapes: HTTP 410 on opening the watch, an `ERROR` event with code 410 inside the stream, and HTTP 410 on a
    /// later page of a list. The first time at once, then with backoff.
    /// Source: Kubernetes API concepts, "410 Gone". Tests: `t04_…`, `t05_…`, `t06_…`.
    fn gone(&mut self, status: Status) {
        let problem = Problem::Answer(status);
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Listing(listing) => self.list_is_gone(listing, problem),
            _ => {
                self.version.clear();
                self.gone_in_a_row += 1;
                if self.gone_in_a_row == 1 {
                    self.begin()
                } else {
                    self.fail(problem, Next::Begin)
                }
            }
        }
    }

    /// Too many requests: waits as long as the server says, or as after a failure if it says nothing.
    fn slow_down(&mut self, status: Status) {
        let ordered_ms = u64::from(status.details.retry_after_seconds) * 1000;
        let next = self.take_next();
        if ordered_ms == 0 {
            return self.fail(Problem::Answer(status), next);
        }
        self.note_problem(Problem::Answer(status));
        let ms = ordered_ms.min(ORDER_LIMIT_MS) + self.random.below(SPREAD_MS);
        self.wait(ms, next, Ordered::Yes);
    }

    /// A first 403 for rows that are shown: asks once more before it takes them away.
    ///
    /// A kube-apiserver that was just started has not read its roles yet, and says 403 for up to a second. Test: `f03_…`.
    fn doubt(&mut self, status: Status) {
        self.doubted = true;
        self.note_problem(Problem::Answer(status));
        let ms = DOUBT_MS + self.random.below(SPREAD_MS);
        let next = self.take_next();
        self.wait(ms, next, Ordered::No);
    }

    /// The rows may not be seen, or their kind is gone: they go too. Looks again now and then, never in a loop.
    fn lose(&mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
        self.rows.clear_all();
        self.complete = false;
        self.version.clear();
        self.problem = None;
        let ms = PROBE_MS + self.random.below(SPREAD_MS);
        self.wait(ms, Next::Begin, Ordered::No);
    }
}

/// Keeps the beginning of a refusal's body.
pub(super) fn keep_words(body: &mut Vec<u8>, bytes: &[u8]) {
    let room = WORDS_BYTES.saturating_sub(body.len());
    body.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// What came instead of what was asked for, in words.
pub(super) fn unreadable(body: &[u8], words: &str) -> Problem {
    if is_web_page(body) {
        return Problem::Unreadable("a web page came instead of data".to_owned());
    }
    Problem::Unreadable(words.to_owned())
}

fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// Whether this server has not yet seen the version that we asked for.
///
/// It is a 504 with a cause of its own; servers behind one address that are not equally far send it.
/// Source: apimachinery `pkg/api/errors`, `NewTooLargeResourceVersionError`. Test: `t16_…`.
fn is_too_large_version(status: &Status) -> bool {
    status
        .details
        .causes
        .iter()
        .any(|cause| cause.reason == "ResourceVersionTooLarge")
}

fn status_of(code: u16, retry_after_secs: Option<u32>, body: &[u8]) -> Status {
    let mut status = Status::parse(body).unwrap_or_default();
    status.code = code;
    if let Some(seconds) = retry_after_secs {
        status.details.retry_after_seconds = seconds;
    }
    status
}
