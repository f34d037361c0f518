//! Keeps rows equal to one list on the server: the state machine.
//!
//! Inputs go in with the wall clock's time, commands come out; see [`Machine::handle`]. Never sends, waits or draws
//! randomness of its own. The states and every rule: shared reference kubernetes-and-gateway.md §2.1, after client-go's
//! `reflector.go` and kube-rs's `watcher.rs`.

mod answers;
mod listing;
mod watching;

use std::collections::VecDeque;

use flowdeck_objects::{Object, Status, Warning};

use crate::backoff::Backoff;
use crate::elapsed::Elapsed;
use crate::frames::Frames;
use crate::gather::Gather;
use crate::protocol::{Command, Input, Problem, Request, State};
use crate::random::Random;
use crate::rows::Rows;
use crate::table::{Table, Typed};

use listing::Listing;
use watching::Watching;

/// Objects a page.
pub const PAGE_SIZE: u32 = 500;
/// How often to look whether lost access is back, or a missing kind installed, in ms.
pub const PROBE_MS: u64 = 60_000;
/// Over how many ms all streams spread their first request after a pause, so that they do not stampede.
pub const SPREAD_MS: u64 = 1_000;
/// A wait is not cut short twice within this many ms, however often the window gets the focus.
const NUDGE_EVERY_MS: u64 = 2_000;
/// Warnings kept until somebody takes them.
const WARNINGS_KEPT: usize = 100;

/// What to watch.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Label selector as the API writes it; empty for all.
    pub label_selector: String,
    /// Field selector as the API writes it; empty for all.
    pub field_selector: String,
    /// Get the first state through the watch (`sendInitialEvents`) where the server can: Kubernetes 1.34 and later.
    ///
    /// Off by default: watches are not compressed before 1.37, lists are.
    pub watch_list: bool,
    /// Seed of the jitter; another one for each stream.
    pub seed: u64,
}

/// One list and watch of a kind.
pub type Machine<T> = Core<Typed<T>>;

/// One list and watch whose kind nobody needs to know: what a browser drives, so that it is compiled once.
pub type AnyMachine = Core<dyn Table>;

/// One list and watch over some rows, which come last so that [`Machine`] can become [`AnyMachine`].
pub struct Core<R: ?Sized> {
    config: Config,
    random: Random,
    clock: Elapsed,
    now: u64,
    wall_ms: f64,
    stage: Stage,
    paused: bool,
    /// Rises with every request, so that what still arrives of an older one is known and dropped.
    epoch: u64,
    flight: Option<Flight>,
    frames: Frames,
    /// Whether the rows were once equal to a whole list.
    complete: bool,
    /// Where a watch goes on; empty when only a list can tell.
    version: String,
    backoff: Backoff,
    fruitless: u32,
    gone_in_a_row: u32,
    /// For how long streams were open, in ms, since one of them last said something.
    unheard_ms: u64,
    problem: Option<(f64, Problem)>,
    refusal: Option<Refusal>,
    /// Whether the last answer was a 403 that was not believed yet.
    doubted: bool,
    nudged_at: Option<u64>,
    warnings: VecDeque<Warning>,
    out: Vec<Command>,
    rows: R,
}

/// Where the machine stands.
#[derive(Debug)]
enum Stage {
    /// Not begun, or ended.
    Idle,
    /// A page is being fetched.
    Listing(Listing),
    /// A watch is being opened or is open.
    Watching(Watching),
    /// Nothing is in flight until a time.
    Waiting { until: u64, next: Next, ordered: Ordered },
    /// There is no session, since then by the wall clock.
    SignedOut { since_ms: f64 },
}

/// Whether the server asked for the wait: then nothing cuts it short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ordered {
    Yes,
    No,
}

/// What comes after a wait.
#[derive(Debug)]
enum Next {
    /// A new list.
    Begin,
    /// The same page of the list again.
    Page(Listing),
    /// The watch from where it was.
    Watch,
}

#[derive(Debug)]
struct Flight {
    /// Status and `Retry-After` of an answer that is no success.
    refused: Option<(u16, Option<u32>)>,
    body: Vec<u8>,
}

#[derive(Debug)]
enum Refusal {
    Denied(Status),
    Missing(Status),
}

impl<T> Machine<T> {
    /// The rows as they are now.
    pub fn rows(&self) -> &Rows<T> {
        &self.rows.rows
    }
}

impl<T: Object> Machine<T> {
    /// A machine that has not begun.
    pub fn new(config: Config) -> Machine<T> {
        Core {
            random: Random::new(config.seed),
            config,
            clock: Elapsed::default(),
            now: 0,
            wall_ms: 0.0,
            stage: Stage::Idle,
            paused: false,
            epoch: 0,
            flight: None,
            frames: Frames::default(),
            rows: Typed::default(),
            complete: false,
            version: String::new(),
            backoff: Backoff::default(),
            fruitless: 0,
            gone_in_a_row: 0,
            unheard_ms: 0,
            problem: None,
            refusal: None,
            doubted: false,
            nudged_at: None,
            warnings: VecDeque::new(),
            out: Vec::new(),
        }
    }
}

impl<R: Table + ?Sized> Core<R> {
    /// Takes what happened, at `wall_ms` by a clock that may jump, and returns what to do.
    pub fn handle(&mut self, wall_ms: f64, input: Input<'_>) -> Vec<Command> {
        self.now = self.clock.at(wall_ms);
        self.wall_ms = wall_ms;
        match input {
            Input::Start => {
                if matches!(self.stage, Stage::Idle) {
                    self.begin();
                }
            }
            Input::Stop => {
                self.drop_flight();
                self.stage = Stage::Idle;
            }
            Input::Tick => self.tick(),
            Input::Head {
                epoch,
                status,
                retry_after_secs,
            } if self.is_current(epoch) => {
                self.head(status, retry_after_secs);
            }
            Input::Chunk { epoch, bytes } if self.is_current(epoch) => self.chunk(bytes),
            Input::End { epoch } if self.is_current(epoch) => self.end(),
            Input::Broken { epoch, why } if self.is_current(epoch) => self.broken(why),
            // Late pieces of a request that nobody waits for any more. Test: `t15_…`.
            Input::Head { .. } | Input::Chunk { .. } | Input::End { .. } | Input::Broken { .. } => {}
            Input::Pause => self.pause(),
            Input::Resume => self.resume(),
            Input::Woke => self.woke(),
            Input::Nudge => self.nudge(),
            Input::SignedIn => self.signed_in(),
            Input::SignedOut => self.signed_out(),
        }
        std::mem::take(&mut self.out)
    }

    /// In how many ms [`Input::Tick`] is due; `None` when only an answer or a person can move things.
    pub fn wake_in(&self) -> Option<u64> {
        if self.paused {
            return None;
        }
        let at = match &self.stage {
            Stage::Idle | Stage::SignedOut { .. } => return None,
            Stage::Listing(listing) => listing.deadline,
            Stage::Watching(watching) => watching.wakes_at(self.problem.is_some()),
            Stage::Waiting { until, .. } => *until,
        };
        Some(at.saturating_sub(self.now))
    }

    /// How the rows are doing.
    pub fn state(&self) -> State {
        match (&self.stage, &self.refusal) {
            (Stage::SignedOut { since_ms }, _) => return State::SignedOut { since_ms: *since_ms },
            (_, Some(Refusal::Denied(status))) => return State::Denied(status.clone()),
            (_, Some(Refusal::Missing(status))) => return State::Missing(status.clone()),
            _ => {}
        }
        match (&self.problem, self.complete) {
            (Some((_, problem)), false) if self.rows.holds_nothing() => State::Failed(problem.clone()),
            (Some((since_ms, problem)), _) => State::Stale {
                since_ms: *since_ms,
                problem: problem.clone(),
            },
            (None, true) => State::Live,
            (None, false) => match &self.stage {
                Stage::Listing(listing)
                | Stage::Waiting {
                    next: Next::Page(listing),
                    ..
                } => listing.state(),
                _ => State::Loading,
            },
        }
    }

    /// Whether the rows were once all that the server had, and may still be shown.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Closes the changes since the last call under a new version, once a frame; see [`Rows::seal`].
    pub fn seal(&mut self) -> u64 {
        self.rows.seal_changes()
    }

    /// Objects that could not be read, since the last call.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        self.warnings.drain(..).collect()
    }

    /// Whether the first state may still be asked for through the watch; false once a server refused it.
    ///
    /// The driver remembers it for the other streams of the kind.
    pub fn may_watch_list(&self) -> bool {
        self.config.watch_list
    }

    fn is_current(&self, epoch: u64) -> bool {
        self.flight.is_some() && epoch == self.epoch
    }

    /// Sends a request; its clock starts now, because some proxies hold the headers back until the first event.
    fn send(&mut self, watch: bool, mut query: Vec<(&'static str, String)>) {
        if !self.config.label_selector.is_empty() {
            query.push(("labelSelector", self.config.label_selector.clone()));
        }
        if !self.config.field_selector.is_empty() {
            query.push(("fieldSelector", self.config.field_selector.clone()));
        }
        self.epoch += 1;
        self.flight = Some(Flight {
            refused: None,
            body: Vec::new(),
        });
        self.frames.clear();
        self.out.push(Command::Send(Request {
            epoch: self.epoch,
            watch,
            query,
        }));
    }

    /// Aborts what is in flight, if anything is.
    fn drop_flight(&mut self) {
        if self.flight.take().is_some() {
            self.out.push(Command::Abort { epoch: self.epoch });
        }
    }

    fn begin(&mut self) {
        if self.config.watch_list {
            self.open_watch_from_nothing();
        } else {
            let listing = Listing::new(self.new_gather());
            self.fetch(listing);
        }
    }

    /// A list to gather into; what was held back of a former one is forgotten.
    fn new_gather(&mut self) -> Gather {
        self.rows.forget();
        Gather::new(!self.complete)
    }

    fn go_on(&mut self, next: Next) {
        match next {
            Next::Page(listing) => self.fetch(listing),
            Next::Watch if !self.version.is_empty() => self.open_watch(),
            Next::Watch | Next::Begin => self.begin(),
        }
    }

    fn wait(&mut self, ms: u64, next: Next, ordered: Ordered) {
        self.stage = Stage::Waiting {
            until: self.now + ms,
            next,
            ordered,
        };
    }

    /// Something did not work: says so, backs off, then goes on with `next`.
    fn fail(&mut self, problem: Problem, next: Next) {
        self.note_problem(problem);
        let ms = self.backoff.wait_ms(&mut self.random);
        self.wait(ms, next, Ordered::No);
    }

    /// The stream works: nothing said before counts.
    fn is_well(&mut self) {
        self.problem = None;
        self.doubted = false;
    }

    fn note_problem(&mut self, problem: Problem) {
        let since_ms = self.problem.as_ref().map_or(self.wall_ms, |(since_ms, _)| *since_ms);
        self.problem = Some((since_ms, problem));
    }

    fn warn(&mut self, warning: Warning) {
        if self.warnings.len() == WARNINGS_KEPT {
            self.warnings.pop_front();
        }
        self.warnings.push_back(warning);
    }

    fn tick(&mut self) {
        if self.paused {
            return;
        }
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Waiting { until, next, .. } if until <= self.now => self.go_on(next),
            Stage::Listing(listing) if listing.deadline <= self.now => self.list_is_late(listing),
            Stage::Watching(watching) => self.look_after(watching),
            as_before => self.stage = as_before,
        }
    }

    fn chunk(&mut self, bytes: &[u8]) {
        let Some(flight) = &mut self.flight else { return };
        if flight.refused.is_some() {
            answers::keep_words(&mut flight.body, bytes);
        } else if let Stage::Listing(listing) = &mut self.stage {
            listing.put_off(self.now);
            flight.body.extend_from_slice(bytes);
        } else {
            self.watch_chunk(bytes);
        }
    }

    /// Lets go of the server and keeps the version: a watch goes on from it, a list begins again.
    fn suspend(&mut self) {
        self.drop_flight();
        let next = match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Listing(_) => Next::Begin,
            Stage::Watching(watching) => self.after(&watching),
            as_before => {
                self.stage = as_before;
                return;
            }
        };
        self.wait(0, next, Ordered::No);
    }

    fn pause(&mut self) {
        self.paused = true;
        self.suspend();
    }

    fn resume(&mut self) {
        if std::mem::replace(&mut self.paused, false) {
            self.come_back();
        }
    }

    fn woke(&mut self) {
        if !self.paused {
            self.suspend();
            self.come_back();
        }
    }

    /// New circumstances: old failures do not count, and all streams come back spread over a second.
    fn come_back(&mut self) {
        self.backoff.reset();
        let soon = self.now + self.random.below(SPREAD_MS);
        if let Stage::Waiting { until, ordered, .. } = &mut self.stage {
            *until = if *ordered == Ordered::Yes {
                soon.max(*until)
            } else {
                soon
            };
        }
    }

    fn nudge(&mut self) {
        if self.nudged_at.is_some_and(|at| self.now < at + NUDGE_EVERY_MS) {
            return;
        }
        let soon = self.now + self.random.below(SPREAD_MS / 2);
        if let Stage::Waiting {
            until,
            ordered: Ordered::No,
            ..
        } = &mut self.stage
        {
            self.nudged_at = Some(self.now);
            *until = soon.min(*until);
        }
    }

    fn signed_in(&mut self) {
        if matches!(self.stage, Stage::SignedOut { .. }) {
            self.wait(0, Next::Watch, Ordered::No);
        }
        self.come_back();
    }

    fn signed_out(&mut self) {
        if !matches!(self.stage, Stage::Idle | Stage::SignedOut { .. }) {
            self.drop_flight();
            self.stage = Stage::SignedOut { since_ms: self.wall_ms };
        }
    }
}
