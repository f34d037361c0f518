//! Defines what goes into the machine and what comes out of it.

use flowdeck_objects::Status;

/// Something that happened, told to the machine with the time at which it did.
#[derive(Debug)]
pub enum Input<'a> {
    /// Begin.
    Start,
    /// End: nothing is wanted any more.
    Stop,
    /// The time asked for by `wake_in` has passed. Harmless too early.
    Tick,
    /// The answer's status and headers have arrived.
    Head {
        /// Which request.
        epoch: u64,
        /// HTTP status.
        status: u16,
        /// Seconds, from the header `Retry-After`.
        retry_after_secs: Option<u32>,
    },
    /// A piece of the answer's body, cut anywhere.
    Chunk {
        /// Which request.
        epoch: u64,
        /// The piece.
        bytes: &'a [u8],
    },
    /// The answer's body ended as it should.
    End {
        /// Which request.
        epoch: u64,
    },
    /// The request failed, or its answer broke off.
    Broken {
        /// Which request.
        epoch: u64,
        /// Why, in the browser's words.
        why: &'a str,
    },
    /// Nobody looks (hidden tab), or there is no network: let go of the server.
    Pause,
    /// Somebody looks again, or the network is back.
    Resume,
    /// The machine slept: what was open is dead, whatever it looks like.
    Woke,
    /// Somebody came back to the window or asked to try again: do not wait out what can be tried now.
    Nudge,
    /// There is a session again.
    SignedIn,
    /// Another stream, or another tab, learned that there is no session any more.
    SignedOut,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a GET.
    Send(Request),
    /// Abort that request; what still arrives of it is ignored anyway.
    Abort {
        /// Which request.
        epoch: u64,
    },
}

/// A GET of the collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Names the request in the inputs about it.
    pub epoch: u64,
    /// Whether it is a watch: then it may last minutes.
    pub watch: bool,
    /// The query, as the API names it.
    pub query: Vec<(&'static str, String)>,
}

impl Request {
    /// The value of a key of the query.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The cluster, or the gateway, said so.
    Answer(Status),
    /// There was no answer, or it broke off.
    Unreachable(String),
    /// The answer is not what the API speaks.
    Unreadable(String),
}

impl Problem {
    /// In words, the cluster's if it said any.
    pub fn words(&self) -> String {
        match self {
            Problem::Answer(status) if status.message.is_empty() => format!("the server answers {}", status.code),
            Problem::Answer(status) => status.message.clone(),
            Problem::Unreachable(words) | Problem::Unreadable(words) => words.clone(),
        }
    }
}

/// How the rows are doing.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Nothing has come yet.
    Loading,
    /// The first list is coming page by page; the rows so far may be shown.
    Partial {
        /// Objects so far.
        loaded: usize,
        /// Objects still to come, when the server says.
        remaining: Option<u64>,
    },
    /// The rows are what the server has.
    Live,
    /// The rows are what the server had.
    Stale {
        /// Since when, by the wall clock, in ms.
        since_ms: f64,
        /// Why.
        problem: Problem,
    },
    /// Nothing was ever there, and it is being tried again.
    Failed(Problem),
    /// No right to see these (403); there are no rows now.
    Denied(Status),
    /// No such kind here (404); there are no rows now.
    Missing(Status),
    /// No session (401): nothing is tried until told; the rows stay.
    SignedOut {
        /// Since when, by the wall clock, in ms.
        since_ms: f64,
    },
}
