//! Plays an API server, a network and a clock, so that hours of watching pass in milliseconds.
//!
//! Nothing here decides what a client should do; the tests look at the requests it sends and at its rows.

#![expect(dead_code, reason = "each test file uses its part of the model")]

pub(crate) mod server;

use std::collections::{BTreeMap, VecDeque};

use flowdeck_objects::Pod;
use flowdeck_watch::{Bucket, Command, Config, Input, Machine, Random, Request, State};

use server::Server;

/// One way, in ms.
pub(crate) const LATENCY_MS: u64 = 5;

/// What becomes of a request instead of what the server would say.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A status on the request itself.
    Refuse {
        code: u16,
        reason: &'static str,
        retry_after: Option<u32>,
    },
    /// A `Status` with this body.
    RefuseWith { code: u16, body: String },
    /// 200, then one `ERROR` event.
    ErrorEvent {
        code: u16,
        reason: &'static str,
        retry_after: u32,
    },
    /// 200, then these bytes, then a clean end.
    Say(Vec<u8>),
    /// 200, then these bytes, then a broken connection.
    SayAndBreak(Vec<u8>),
    /// 200 and a clean end at once.
    Close,
    /// No connection.
    Break,
    /// Nothing, ever.
    Hang,
    /// What the server says, cut after so many bytes.
    CutAfter(usize),
}

/// One client and its connection.
pub(crate) struct Client {
    pub(crate) machine: Machine<Pod>,
    /// What the wall clock shows beyond the model's time.
    pub(crate) wall_offset_ms: f64,
    wakes_at: Option<u64>,
    open: Option<u64>,
    pub(crate) states: Vec<State>,
}

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at_ms: u64,
    pub(crate) client: usize,
    pub(crate) request: Request,
}

#[derive(Debug)]
enum Delivery {
    Head(u16, Option<u32>),
    Bytes(Vec<u8>),
    End,
    Broken,
}

struct Open {
    client: usize,
    epoch: u64,
    /// Version up to which events were sent.
    sent: u64,
    selector: String,
    /// When its headers arrive; nothing arrives before them.
    ready_at: u64,
    ends_at: u64,
}

/// Everything.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) server: Server,
    pub(crate) clients: Vec<Client>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) aborts: usize,
    /// Used up one a request, first in, first out.
    pub(crate) faults: VecDeque<Fault>,
    /// Numbers of faults that a test has yet to turn into `faults`.
    pub(crate) pending_faults: Vec<u8>,
    once: VecDeque<Box<dyn FnOnce(&mut Random, &Request) -> Fault>>,
    /// Asked for each request when there is none in `faults`.
    pub(crate) noise: Option<Box<dyn FnMut(&mut Random, &Request) -> Option<Fault>>>,
    pub(crate) random: Random,
    /// Whether bytes arrive in random pieces.
    pub(crate) cut: bool,
    pub(crate) bucket: Option<Bucket>,
    /// Whether what the server sends is lost (a dead connection that nobody has noticed).
    pub(crate) dead: bool,
    queue: BTreeMap<(u64, u64), (usize, u64, Delivery)>,
    order: u64,
    watches: Vec<Open>,
    /// Called after every step of a client.
    pub(crate) check: Option<Box<dyn Fn(&Client)>>,
}

impl World {
    pub(crate) fn new() -> World {
        World {
            now: 0,
            server: Server::new(),
            clients: Vec::new(),
            sent: Vec::new(),
            aborts: 0,
            faults: VecDeque::new(),
            pending_faults: Vec::new(),
            once: VecDeque::new(),
            noise: None,
            random: Random::new(1),
            cut: false,
            bucket: None,
            dead: false,
            queue: BTreeMap::new(),
            order: 0,
            watches: Vec::new(),
            check: None,
        }
    }

    /// A world with that many pods and one client that is live.
    pub(crate) fn live(pods: usize) -> World {
        let mut world = World::new();
        for number in 0..pods {
            world.server.create(&format!("pod-{number}"));
        }
        world.add_client(Config::default());
        world.run_for(2_000);
        assert_eq!(world.clients[0].machine.state(), State::Live);
        world
    }

    pub(crate) fn add_client(&mut self, config: Config) -> usize {
        let id = self.clients.len();
        self.clients.push(Client {
            machine: Machine::new(config),
            wall_offset_ms: 1.7e12,
            wakes_at: None,
            open: None,
            states: Vec::new(),
        });
        self.tell(id, Input::Start);
        id
    }

    pub(crate) fn machine(&self) -> &Machine<Pod> {
        &self.clients[0].machine
    }

    /// Requests sent so far by all clients.
    pub(crate) fn requests(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn last(&self) -> &Request {
        &self.sent.last().expect("a request was sent").request
    }

    pub(crate) fn tell(&mut self, id: usize, input: Input<'_>) {
        let client = &mut self.clients[id];
        let commands = client.machine.handle(self.now as f64 + client.wall_offset_ms, input);
        client.wakes_at = client.machine.wake_in().map(|ms| self.now + ms);
        let state = client.machine.state();
        if client.states.last() != Some(&state) {
            client.states.push(state);
        }
        if let Some(check) = &self.check {
            check(&self.clients[id]);
        }
        for command in commands {
            match command {
                Command::Send(request) => self.send(id, request),
                Command::Abort { epoch } => {
                    self.aborts += 1;
                    self.disconnect(id, epoch);
                }
            }
        }
    }

    fn send(&mut self, id: usize, request: Request) {
        let turn = self.bucket.as_mut().map_or(0, |bucket| bucket.reserve(self.now));
        let at_ms = self.now + turn;
        self.sent.push(Sent {
            at_ms,
            client: id,
            request: request.clone(),
        });
        let epoch = request.epoch;
        self.clients[id].open = Some(epoch);
        let fault = match (self.faults.pop_front(), self.once.pop_front(), &mut self.noise) {
            (Some(fault), ..) => Some(fault),
            (None, Some(once), _) => Some(once(&mut self.random, &request)),
            (None, None, Some(noise)) => noise(&mut self.random, &request),
            (None, None, None) => None,
        };
        let at = at_ms + 2 * LATENCY_MS;
        let Some(fault) = fault else {
            return self.answer(id, &request, at, usize::MAX);
        };
        match fault {
            Fault::Refuse {
                code,
                reason,
                retry_after,
            } => {
                let body = server::status(code, reason, 0);
                self.deliver_all(at, id, epoch, code, retry_after, &body, Delivery::End);
            }
            Fault::RefuseWith { code, body } => {
                self.deliver_all(at, id, epoch, code, None, body.as_bytes(), Delivery::End);
            }
            Fault::ErrorEvent {
                code,
                reason,
                retry_after,
            } => {
                let body = server::error_event(code, reason, retry_after);
                self.deliver_all(at, id, epoch, 200, None, &body, Delivery::End);
            }
            Fault::Say(body) => self.deliver_all(at, id, epoch, 200, None, &body, Delivery::End),
            Fault::SayAndBreak(body) => self.deliver_all(at, id, epoch, 200, None, &body, Delivery::Broken),
            Fault::Close => self.deliver_all(at, id, epoch, 200, None, b"", Delivery::End),
            Fault::Break => self.deliver(at, id, epoch, Delivery::Broken),
            Fault::Hang => {}
            Fault::CutAfter(bytes) => self.answer(id, &request, at, bytes),
        }
    }

    /// What the server says; a body cut short ends in a broken connection.
    fn answer(&mut self, id: usize, request: &Request, at: u64, limit: usize) {
        let epoch = request.epoch;
        let (code, mut body) = self.server.answer(request);
        let is_watch = request.watch && code == 200;
        let is_cut = body.len() > limit;
        body.truncate(limit);
        let end = match (is_cut, is_watch) {
            (true, _) => Some(Delivery::Broken),
            (false, true) => None,
            (false, false) => Some(Delivery::End),
        };
        self.deliver(at, id, epoch, Delivery::Head(code, None));
        self.deliver_bytes(at, id, epoch, &body);
        match end {
            Some(end) => self.deliver(at, id, epoch, end),
            None => {
                let seconds: u64 = request
                    .get("timeoutSeconds")
                    .and_then(|text| text.parse().ok())
                    .expect("a timeout");
                let selector = request.get("labelSelector").unwrap_or_default().to_owned();
                let sent = self.server.version().max(Server::version_in(request));
                self.watches.push(Open {
                    client: id,
                    epoch,
                    sent,
                    selector,
                    ready_at: at,
                    ends_at: at + seconds * 1000,
                });
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what a delivery consists of, in the one place that makes them"
    )]
    fn deliver_all(
        &mut self,
        at: u64,
        id: usize,
        epoch: u64,
        code: u16,
        retry: Option<u32>,
        body: &[u8],
        end: Delivery,
    ) {
        self.deliver(at, id, epoch, Delivery::Head(code, retry));
        self.deliver_bytes(at, id, epoch, body);
        self.deliver(at, id, epoch, end);
    }

    fn deliver_bytes(&mut self, at: u64, id: usize, epoch: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let most = bytes.len() as u64;
            let take = if self.cut {
                1 + self.random.below(most.min(200))
            } else {
                most
            };
            let (piece, rest) = bytes.split_at(take as usize);
            self.deliver(at, id, epoch, Delivery::Bytes(piece.to_vec()));
            bytes = rest;
        }
    }

    fn deliver(&mut self, at: u64, id: usize, epoch: u64, what: Delivery) {
        self.order += 1;
        self.queue.insert((at, self.order), (id, epoch, what));
    }

    fn disconnect(&mut self, id: usize, epoch: u64) {
        self.watches.retain(|open| open.client != id || open.epoch != epoch);
        if self.clients[id].open == Some(epoch) {
            self.clients[id].open = None;
        }
    }

    /// Sends what has happened on the server to the watches that are open.
    pub(crate) fn publish(&mut self) {
        for index in 0..self.watches.len() {
            let open = &mut self.watches[index];
            let bytes = self.server.events_after(open.sent, &open.selector);
            open.sent = open.sent.max(self.server.version());
            let (id, epoch, at) = (open.client, open.epoch, open.ready_at.max(self.now + LATENCY_MS));
            self.deliver_bytes(at, id, epoch, &bytes);
        }
    }

    /// Sends raw bytes to every open watch.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        for index in 0..self.watches.len() {
            let open = &self.watches[index];
            let (id, epoch, at) = (open.client, open.epoch, open.ready_at.max(self.now + LATENCY_MS));
            self.deliver_bytes(at, id, epoch, bytes);
        }
    }

    /// Sends a bookmark with the newest version to every open watch.
    pub(crate) fn bookmark(&mut self) {
        let bytes = self.server.bookmark(false);
        self.say(&bytes);
    }

    /// Ends every open watch, cleanly or not, after so many bytes of what is still to be said.
    pub(crate) fn end_watches(&mut self, cleanly: bool, after_bytes: usize) {
        for open in std::mem::take(&mut self.watches) {
            let mut bytes = self.server.events_after(open.sent, &open.selector);
            bytes.truncate(after_bytes);
            let at = open.ready_at.max(self.now + LATENCY_MS);
            self.deliver_bytes(at, open.client, open.epoch, &bytes);
            let end = if cleanly { Delivery::End } else { Delivery::Broken };
            self.deliver(at, open.client, open.epoch, end);
        }
    }

    /// Does something else to one of the next requests.
    pub(crate) fn noise_once(&mut self, fault: impl FnOnce(&mut Random, &Request) -> Fault + 'static) {
        self.once.push_back(Box::new(fault));
    }

    /// From now on the server and the network do what they should.
    pub(crate) fn clear_noise(&mut self) {
        self.faults.clear();
        self.once.clear();
        self.noise = None;
        self.dead = false;
    }

    pub(crate) fn watches(&self) -> usize {
        self.watches.len()
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, ms: u64) {
        let end = self.now + ms;
        let mut wakes_without_time = 0;
        loop {
            let delivery = self.queue.keys().next().map(|(at, _)| *at);
            let wake = self.clients.iter().filter_map(|client| client.wakes_at).min();
            let close = self.watches.iter().map(|open| open.ends_at).min();
            let Some(next) = [delivery, wake, close]
                .into_iter()
                .flatten()
                .min()
                .filter(|at| *at <= end)
            else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            if delivery == Some(next) {
                self.deliver_next();
            } else if wake == Some(next) {
                let id = self
                    .clients
                    .iter()
                    .position(|client| client.wakes_at == Some(next))
                    .expect("it wakes");
                self.clients[id].wakes_at = None;
                wakes_without_time = if self.clients[id].machine.wake_in() == Some(0) {
                    wakes_without_time + 1
                } else {
                    0
                };
                assert!(
                    wakes_without_time < 1_000,
                    "client {id} wakes again and again and does nothing"
                );
                self.tell(id, Input::Tick);
            } else {
                self.close_at(next);
            }
        }
    }

    fn deliver_next(&mut self) {
        let Some((_, (id, epoch, what))) = self.queue.pop_first() else {
            return;
        };
        if self.dead {
            self.disconnect(id, epoch);
            return;
        }
        if matches!(what, Delivery::End | Delivery::Broken) {
            self.disconnect(id, epoch);
        }
        match what {
            Delivery::Head(status, retry_after_secs) => self.tell(
                id,
                Input::Head {
                    epoch,
                    status,
                    retry_after_secs,
                },
            ),
            Delivery::Bytes(bytes) => self.tell(id, Input::Chunk { epoch, bytes: &bytes }),
            Delivery::End => self.tell(id, Input::End { epoch }),
            Delivery::Broken => self.tell(
                id,
                Input::Broken {
                    epoch,
                    why: "connection reset",
                },
            ),
        }
    }

    /// The server's own end of a watch: a bookmark, then a clean end.
    fn close_at(&mut self, at: u64) {
        let Some(index) = self.watches.iter().position(|open| open.ends_at == at) else {
            return;
        };
        let open = self.watches.swap_remove(index);
        // Of a version that the watch has passed already there is none.
        if self.server.version() >= open.sent {
            let bookmark = self.server.bookmark(false);
            self.deliver_bytes(self.now, open.client, open.epoch, &bookmark);
        }
        self.deliver(self.now, open.client, open.epoch, Delivery::End);
    }

    /// The machine sleeps: time passes, nothing happens, connections die.
    pub(crate) fn sleep(&mut self, ms: u64) {
        self.now += ms;
        self.queue.clear();
        self.watches.clear();
    }

    /// Panics unless the client's rows are the server's objects.
    #[track_caller]
    pub(crate) fn assert_equal(&self, id: usize) {
        let rows: BTreeMap<String, Pod> = self.clients[id]
            .machine
            .rows()
            .iter_with_uid()
            .map(|(uid, pod)| (uid.to_string(), pod.clone()))
            .collect();
        let pods = self.server.pods();
        let short = |pods: &BTreeMap<String, Pod>| -> Vec<String> {
            pods.iter()
                .map(|(uid, pod)| format!("{uid} {}", pod.metadata.resource_version))
                .collect()
        };
        assert_eq!(short(&rows), short(&pods), "rows of client {id} at {} ms", self.now);
        assert!(rows == pods, "same versions, other contents");
    }
}
