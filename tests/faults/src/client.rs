//! Drives one machine natively, as `src/live/stream.rs` does in the page: commands out, what comes of them in.
//!
//! Decides nothing for the machine. What is odd here (pieces cut at random, requests that go on after their abort) is
//! what browsers do, too.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flowdeck_objects::{Object, read_page};
use flowdeck_watch::resource::{PREFIX, Resource, with_query};
use flowdeck_watch::{Bucket, Command, Config, Input, Machine, Random, Request, State};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::failure::{Failure, Result};
use crate::fetch::{self, Call, Piece};
use crate::judge::Judge;
use crate::kind::Kind;
use crate::tally::{Lost, Tally};

/// How many of its last events a client remembers.
const EVENTS: usize = 60;
/// How long an aborted request sometimes goes on, so that late pieces of it come.
const LATE: Duration = Duration::from_millis(300);
/// So many ticks in a row that lead to nothing, and the machine spins.
const SPINS: u32 = 100;
/// A clock that is set forwards by more, in ms, looks like a sleep.
const SLEPT_MS: f64 = 1_000.0;

/// Whom to watch, as whom.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The client's name.
    pub name: &'static str,
    /// The kind.
    pub resource: Resource,
    /// The namespace; empty for all.
    pub namespace: &'static str,
    /// A label selector, or empty.
    pub selector: &'static str,
    /// Objects a page, in place of the machine's 500.
    pub page: u32,
    /// Whether the first state is to come through the watch.
    pub watch_list: bool,
    /// The user who asks; nobody: the administrator.
    pub user: Option<&'static str>,
    /// Whether the server always has some of them, so that no rows means that they were lost.
    pub never_empty: bool,
}

impl Wanted {
    /// The address of the whole list on the server.
    pub fn list(&self) -> String {
        let url = self.resource.collection(self.namespace);
        let url = url.strip_prefix(PREFIX).unwrap_or(&url).to_owned();
        if self.selector.is_empty() {
            return url;
        }
        with_query(url, [("labelSelector", self.selector)])
    }
}

/// What all clients of a page share.
pub struct Page {
    /// The proxy.
    pub proxy: SocketAddr,
    /// The time.
    pub clock: Clock,
    /// The counts.
    pub tally: Arc<Tally>,
    /// Requests of all streams together, as in the page.
    pub bucket: Mutex<Bucket>,
}

/// What a client is told.
pub enum Told {
    /// Something of its request.
    Piece(u64, Piece),
    /// Something that happens in the page.
    Page(PageEvent),
    /// Its clock is set by so many ms.
    Clock(f64),
    /// Somebody wants to see how it is.
    Look(oneshot::Sender<Look>),
    /// Somebody wants the rows compared with a list from the server, to the last field.
    Compare(Bytes, oneshot::Sender<std::result::Result<(), String>>),
}

/// What happens in the page, to all its streams or one.
#[derive(Clone, Copy, Debug)]
pub enum PageEvent {
    /// [`Input::Pause`]
    Pause,
    /// [`Input::Resume`]
    Resume,
    /// [`Input::Woke`]
    Woke,
    /// [`Input::Nudge`]
    Nudge,
    /// [`Input::SignedIn`]
    SignedIn,
}

/// How a client is.
#[derive(Debug)]
pub struct Look {
    /// The machine's state.
    pub state: State,
    /// uid and version of each row.
    pub rows: BTreeMap<String, String>,
    /// What it did wrong.
    pub wrong: Vec<String>,
    /// Its last events.
    pub events: Vec<String>,
}

/// A client that runs; it ends when this is dropped.
pub struct Handle {
    /// What it watches.
    pub wanted: Wanted,
    inbox: mpsc::Sender<Told>,
}

impl Handle {
    /// Tells it something.
    pub async fn tell(&self, told: Told) -> Result<()> {
        self.inbox.send(told).await.map_err(|_gone| self.gone())
    }

    fn gone(&self) -> Failure {
        Failure(format!("{}: the client is gone", self.wanted.name))
    }

    /// How it is.
    pub async fn look(&self) -> Result<Look> {
        let (answer, look) = oneshot::channel();
        self.tell(Told::Look(answer)).await?;
        look.await.map_err(|_gone| self.gone())
    }

    /// Compares its rows with a list.
    pub async fn compare(&self, list: Bytes) -> Result<std::result::Result<(), String>> {
        let (answer, verdict) = oneshot::channel();
        self.tell(Told::Compare(list, answer)).await?;
        verdict.await.map_err(|_gone| self.gone())
    }
}

/// Starts a client of objects of this type.
pub fn start<T>(wanted: Wanted, page: &Arc<Page>, seed: u64) -> Handle
where
    T: Object + PartialEq + Send,
{
    let (inbox, told) = mpsc::channel(256);
    let config = Config {
        label_selector: wanted.selector.to_owned(),
        watch_list: wanted.watch_list,
        seed,
        ..Config::default()
    };
    let client = Client::<T> {
        machine: Machine::new(config),
        judge: Judge::new(),
        wanted: wanted.clone(),
        page: Arc::clone(page),
        me: inbox.downgrade(),
        random: Random::new(!seed),
        set_by_ms: 0.0,
        jumped_ms: 0.0,
        deadline: None,
        flight: None,
        had_rows: false,
        spins: 0,
        slept_in_flight: false,
        state: String::new(),
        wrong: Vec::new(),
        events: VecDeque::new(),
    };
    tokio::spawn(client.run(told));
    Handle { wanted, inbox }
}

struct Client<T> {
    machine: Machine<T>,
    judge: Judge,
    wanted: Wanted,
    page: Arc<Page>,
    me: mpsc::WeakSender<Told>,
    random: Random,
    /// What its wall clock was set by, forwards and back.
    set_by_ms: f64,
    /// What it was set forwards by: that time has passed for it.
    jumped_ms: f64,
    deadline: Option<Instant>,
    flight: Option<(u64, AbortHandle)>,
    had_rows: bool,
    spins: u32,
    /// Whether its clock was set forwards since the last request.
    slept_in_flight: bool,
    state: String,
    wrong: Vec<String>,
    events: VecDeque<String>,
}

impl<T: Object + PartialEq + Send> Client<T> {
    async fn run(mut self, mut told: mpsc::Receiver<Told>) {
        self.tell(Input::Start);
        loop {
            let wake = self
                .deadline
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                told = told.recv() => match told {
                    Some(told) => self.take(told),
                    None => break,
                },
                () = tokio::time::sleep_until(wake), if self.deadline.is_some() => self.tell(Input::Tick),
            }
        }
        if let Some((_, request)) = self.flight.take() {
            request.abort();
        }
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Piece(epoch, piece) => self.piece(epoch, &piece),
            Told::Page(event) => {
                self.note(format!("{event:?}"));
                self.tell(match event {
                    PageEvent::Pause => Input::Pause,
                    PageEvent::Resume => Input::Resume,
                    PageEvent::Woke => Input::Woke,
                    PageEvent::Nudge => Input::Nudge,
                    PageEvent::SignedIn => Input::SignedIn,
                });
            }
            Told::Clock(ms) => {
                self.note(format!("the clock is set by {ms:.0} ms"));
                self.set_by_ms += ms;
                if ms > 0.0 {
                    self.jumped_ms += ms;
                    self.slept_in_flight = true;
                }
                if ms > SLEPT_MS {
                    self.judge.slept();
                }
            }
            // Nobody waits any more for an answer that cannot be sent.
            Told::Look(answer) => drop(answer.send(self.look())),
            Told::Compare(list, answer) => drop(answer.send(self.compare(&list))),
        }
    }

    /// Feeds a piece, and cuts it in two at any byte: chunks end where they like.
    fn piece(&mut self, epoch: u64, piece: &Piece) {
        match piece {
            Piece::Head(status, retry_after_secs) => {
                self.note(format!("#{epoch} {status} {retry_after_secs:?}"));
                self.tell(Input::Head {
                    epoch,
                    status: *status,
                    retry_after_secs: *retry_after_secs,
                });
            }
            Piece::Bytes(bytes) => {
                let (first, second) = bytes.split_at(self.random.below(bytes.len() as u64 + 1) as usize);
                for bytes in [first, second].into_iter().filter(|bytes| !bytes.is_empty()) {
                    self.tell(Input::Chunk { epoch, bytes });
                }
            }
            Piece::End => {
                self.note(format!("#{epoch} ends"));
                self.tell(Input::End { epoch });
            }
            Piece::Broken(why) => {
                self.note(format!("#{epoch} breaks: {why}"));
                self.tell(Input::Broken { epoch, why });
            }
            Piece::Refused => {
                self.page.tally.hit(self.wanted.name, Kind::Refused);
                self.note(format!("#{epoch} is refused"));
                self.tell(Input::Broken {
                    epoch,
                    why: "connection refused",
                });
            }
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        let is_tick = matches!(input, Input::Tick);
        let of_request = match &input {
            Input::Head { epoch, .. }
            | Input::Chunk { epoch, .. }
            | Input::End { epoch }
            | Input::Broken { epoch, .. } => Some(*epoch),
            _ => None,
        };
        let now_ms = self.page.clock.steady_ms();
        let is_late = of_request.is_some() && of_request != self.flight.as_ref().map(|(epoch, _)| *epoch);
        if !is_late {
            self.judge.heard(now_ms + self.jumped_ms, &input);
            for (code, in_stream) in self.judge.take_refusals() {
                self.page.tally.refused(code, in_stream);
            }
        }
        if matches!(input, Input::End { .. } | Input::Broken { .. }) && !is_late {
            self.flight = None;
        }
        let commands = self.machine.handle(self.page.clock.wall_ms(self.set_by_ms), input);
        self.spins = if is_tick && commands.is_empty() {
            self.spins + 1
        } else {
            0
        };
        if self.spins == SPINS {
            self.blame("it wakes again and again, and does nothing".to_owned());
        }
        for command in commands {
            match command {
                Command::Send(request) => self.send(now_ms, request),
                Command::Abort { .. } => {
                    if is_tick {
                        self.judge.gave_up(now_ms + self.jumped_ms, self.slept_in_flight);
                    }
                    self.note(if is_tick { "it gives up" } else { "it lets go" }.to_owned());
                    self.abort();
                }
            }
        }
        self.deadline = self
            .machine
            .wake_in()
            .map(|ms| Instant::now() + self.page.clock.real(ms as f64));
        self.look_at_rows();
    }

    fn send(&mut self, now_ms: f64, request: Request) {
        self.page.tally.ordered(self.wanted.name, &request);
        self.slept_in_flight = false;
        let limit = self.wanted.page.to_string();
        let timeout = |text: &str| self.server_seconds(text);
        let query: Vec<(&str, String)> = request
            .query
            .iter()
            .map(|(key, value)| match *key {
                "limit" => (*key, limit.clone()),
                "timeoutSeconds" => (*key, timeout(value)),
                key => (key, value.clone()),
            })
            .collect();
        let url = self.wanted.resource.collection(self.wanted.namespace);
        let url = url.strip_prefix(PREFIX).unwrap_or(&url).to_owned();
        let target = with_query(url, query.iter().map(|(key, value)| (*key, value.as_str())));
        self.note(format!("#{} GET {target}", request.epoch));
        if let Err(rule) = self.judge.asked(now_ms + self.jumped_ms, &request) {
            self.blame(format!("{rule} ({target})"));
        }
        let turn_ms = {
            let mut bucket = self.page.bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.reserve(now_ms as u64)
        };
        let call = Call {
            proxy: self.page.proxy,
            target,
            name: self.wanted.name,
            user: self.wanted.user,
            after: self.page.clock.real(turn_ms as f64),
        };
        let (me, epoch) = (self.me.clone(), request.epoch);
        let task = tokio::spawn(fetch::run(call, move |piece| {
            let me = me.upgrade();
            async move {
                match me {
                    Some(me) => me.send(Told::Piece(epoch, piece)).await.is_ok(),
                    None => false,
                }
            }
        }));
        self.flight = Some((epoch, task.abort_handle()));
    }

    /// The machine's seconds in ours, less one: the server has to end a watch before the machine loses patience.
    fn server_seconds(&self, text: &str) -> String {
        let seconds: f64 = text.parse().unwrap_or(1.0);
        let ours = (seconds / self.page.clock.speed()).floor() - 1.0;
        format!("{:.0}", ours.max(1.0))
    }

    fn abort(&mut self) {
        let Some((_, request)) = self.flight.take() else { return };
        if self.random.below(4) > 0 {
            return request.abort();
        }
        tokio::spawn(async move {
            tokio::time::sleep(LATE).await;
            request.abort();
        });
    }

    fn look_at_rows(&mut self) {
        let has_rows = !self.machine.rows().is_empty();
        let state = self.machine.state();
        let may_be_empty = !self.wanted.never_empty || matches!(state, State::Denied(_) | State::Missing(_));
        if self.had_rows && !has_rows && !may_be_empty {
            self.blame(format!("the rows went blank: {state:?}"));
        }
        self.had_rows = has_rows;
        if let Some(warning) = self.machine.take_warnings().first() {
            self.blame(format!("an object could not be read: {}", warning.message));
        }
        let words = format!("{state:?}");
        let short = words.split(['(', ' ', '{']).next().unwrap_or_default();
        if short != self.state {
            match state {
                State::Denied(_) => self.page.tally.lost(self.wanted.name, Lost::Denied),
                State::Missing(_) => self.page.tally.lost(self.wanted.name, Lost::Missing),
                _ => {}
            }
            self.state = short.to_owned();
            self.note(format!("is {words}"));
        }
    }

    fn look(&self) -> Look {
        let rows = self.machine.rows();
        Look {
            state: self.machine.state(),
            rows: rows
                .iter_with_uid()
                .map(|(uid, row)| (uid.to_string(), row.meta().resource_version.clone()))
                .collect(),
            wrong: self.wrong.clone(),
            events: self.events.iter().cloned().collect(),
        }
    }

    fn compare(&self, list: &[u8]) -> std::result::Result<(), String> {
        let mut objects: Vec<T> = Vec::new();
        read_page(list, &mut objects).map_err(|why| why.message)?;
        for object in &objects {
            let meta = object.meta();
            let row = self.machine.rows().by_name(&meta.namespace, &meta.name);
            if row != Some(object) {
                return Err(format!("{}/{} is another here than there", meta.namespace, meta.name));
            }
        }
        Ok(())
    }

    fn blame(&mut self, words: String) {
        self.note(format!("WRONG: {words}"));
        self.wrong.push(words);
    }

    fn note(&mut self, words: String) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        let at = (self.page.clock.steady_ms() + self.jumped_ms) / 1000.0;
        let words: String = words.chars().take(300).collect();
        self.events.push_back(format!("{at:9.3} s  {words}"));
    }
}
