//! Names every fault, and says what requests can meet it.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $words:literal),* $(,)?) => {
        /// A fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them, in the order of the report.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];
        }

        impl fmt::Display for Kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Kind::$name => $words,)* })
            }
        }
    };
}

kinds! {
    /// Nobody listens where the proxy was.
    Refused = "connection refused",
    /// The connection is reset when the request has come.
    Reset = "reset before an answer",
    /// The server gets half a request, the client a closed connection.
    CutRequest = "cut in the request",
    /// The answer is cut in its head.
    CutHead = "cut in the head",
    /// The answer is cut after some byte of its body.
    CutBody = "cut in the body",
    /// The answer is cut inside a character.
    CutCharacter = "cut in a character",
    /// The answer is cut before the newline that ends a frame.
    CutNewline = "cut before a newline",
    /// The proxy stops sending, and goes on reading.
    HalfClosedDown = "half-closed to the client",
    /// The proxy tells the server that nothing more will come, and goes on reading.
    HalfClosedUp = "half-closed to the server",
    /// The stream is ended as if it had been whole, anywhere in a frame.
    EndedEarly = "ended politely, early",
    /// A web page comes in the middle of a stream.
    PageInStream = "web page in the stream",
    /// The request is passed on late.
    Delayed = "delayed",
    /// The answer comes a few bytes at a time.
    Trickled = "trickled",
    /// The request is read and never answered.
    StalledHead = "no answer, no end",
    /// The answer stops in the middle, and nothing ends.
    Stalled = "stalled, no end",
    /// The request is sent twice, and one of the answers is thrown away.
    Duplicated = "request sent twice",
    /// What comes back is not HTTP.
    NotHttp = "answer is not HTTP",
    /// A load balancer has no server for us.
    BadGateway = "502 web page",
    /// A load balancer has no route for us.
    NoRoute = "404 web page",
    /// A firewall does not like us.
    Firewall = "403 web page",
    /// A web page comes with a 200: a portal that wants to be clicked.
    Portal = "200 web page",
    /// The server says that it failed.
    Internal = "500",
    /// Too many requests, with `Retry-After`.
    TooMany = "429 with Retry-After",
    /// Too many requests, and no hint.
    TooManyNoHint = "429 without a hint",
    /// The session has ended.
    SignedOut = "401",
    /// The watch asks for a version that the server has forgotten: its own 410.
    OldVersion = "old version (true 410)",
    /// The page asks by a token that the server has forgotten: its own 410.
    OldToken = "old token (true 410)",
    /// Every connection is reset at once.
    AllReset = "all connections reset",
    /// The server is stopped and started.
    Restarted = "server restarted",
    /// The server's history is compacted.
    Compacted = "history compacted",
    /// The right to see the rows is taken away.
    Revoked = "rights revoked",
    /// The kind is deleted, and made again.
    KindDeleted = "kind deleted",
    /// The client's clock is set forwards.
    ClockForwards = "clock set forwards",
    /// The client's clock is set back.
    ClockBack = "clock set back",
    /// The tab is hidden for a while.
    Hidden = "tab hidden",
    /// The machine wakes.
    Woke = "computer woke",
}

/// Faults of a watch, each as likely as it is named here.
pub const OF_WATCHES: &[Kind] = &[
    Kind::Reset,
    Kind::CutRequest,
    Kind::CutHead,
    Kind::CutBody,
    Kind::CutBody,
    Kind::CutBody,
    Kind::CutCharacter,
    Kind::CutCharacter,
    Kind::CutNewline,
    Kind::CutNewline,
    Kind::HalfClosedDown,
    Kind::HalfClosedUp,
    Kind::EndedEarly,
    Kind::EndedEarly,
    Kind::PageInStream,
    Kind::Delayed,
    Kind::Trickled,
    Kind::StalledHead,
    Kind::Stalled,
    Kind::Duplicated,
    Kind::NotHttp,
    Kind::BadGateway,
    Kind::NoRoute,
    Kind::Firewall,
    Kind::Portal,
    Kind::Internal,
    Kind::TooMany,
    Kind::TooManyNoHint,
    Kind::OldVersion,
    Kind::OldVersion,
];

/// Faults of a page of a list.
pub const OF_LISTS: &[Kind] = &[
    Kind::Reset,
    Kind::CutRequest,
    Kind::CutHead,
    Kind::CutBody,
    Kind::CutCharacter,
    Kind::HalfClosedDown,
    Kind::HalfClosedUp,
    Kind::EndedEarly,
    Kind::PageInStream,
    Kind::Delayed,
    Kind::Trickled,
    Kind::Trickled,
    Kind::StalledHead,
    Kind::Stalled,
    Kind::Duplicated,
    Kind::NotHttp,
    Kind::BadGateway,
    Kind::NoRoute,
    Kind::Firewall,
    Kind::Portal,
    Kind::Internal,
    Kind::TooMany,
    Kind::TooManyNoHint,
    Kind::OldToken,
    Kind::OldToken,
    Kind::OldToken,
];

impl Kind {
    /// Whether it leaves a connection that nobody ends: only the client's own patience finds it.
    pub fn is_silent(self) -> bool {
        matches!(self, Kind::StalledHead | Kind::Stalled)
    }
}
