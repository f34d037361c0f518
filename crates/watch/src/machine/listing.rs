//! Lists by pages: fetches them, takes them, and begins again when the server has lost its place.

use flowdeck_objects::read_page;

use crate::gather::Gather;
use crate::protocol::{Problem, State};
use crate::table::Table;

use super::answers::unreadable;
use super::{Core, Next, PAGE_SIZE, Stage};

/// How long a page may keep us waiting without a byte, in ms.
const SILENCE_MS: u64 = 30_000;
/// How often a list whose place the server lost is begun again by pages; then it is fetched in one piece.
const RESTARTS: u32 = 2;

/// A list on its way.
#[derive(Debug)]
pub(super) struct Listing {
    gather: Gather,
    /// Where the next page begins; empty for the first.
    token: String,
    restarts: u32,
    remaining: Option<u64>,
    pub(super) deadline: u64,
}

impl Listing {
    pub(super) fn new(gather: Gather) -> Listing {
        Listing {
            gather,
            token: String::new(),
            restarts: 0,
            remaining: None,
            deadline: 0,
        }
    }

    pub(super) fn put_off(&mut self, now: u64) {
        self.deadline = now + SILENCE_MS;
    }

    pub(super) fn state(&self) -> State {
        match self.gather.len() {
            0 => State::Loading,
            loaded => State::Partial {
                loaded,
                remaining: self.remaining,
            },
        }
    }
}

impl<R: Table + ?Sized> Core<R> {
    /// Fetches a page: with `limit` and `continue` only, because a version beside `continue` is refused (400).
    pub(super) fn fetch(&mut self, mut listing: Listing) {
        let mut query = Vec::new();
        if listing.restarts <= RESTARTS {
            query.push(("limit", PAGE_SIZE.to_string()));
        }
        if !listing.token.is_empty() {
            query.push(("continue", listing.token.clone()));
        }
        self.send(false, query);
        listing.put_off(self.now);
        self.stage = Stage::Listing(listing);
    }

    pub(super) fn list_is_late(&mut self, listing: Listing) {
        self.drop_flight();
        let words = format!("nothing came within {} seconds", SILENCE_MS / 1000);
        self.fail(Problem::Unreachable(words), Next::Page(listing));
    }

    /// Takes a page whose last byte has come.
    pub(super) fn take_page(&mut self, mut listing: Listing, body: &[u8]) {
        let page = match read_page(body, self.rows.incoming()) {
            Ok(page) => page,
            // Half a document, or a proxy's web page.
            Err(error) => {
                self.rows.incoming().clear();
                return self.fail(unreadable(body, &error.message), Next::Page(listing));
            }
        };
        self.rows.gather(&mut listing.gather);
        self.refusal = None;
        self.doubted = false;
        for warning in page.warnings {
            listing.gather.add_unreadable(&warning);
            self.warn(warning);
        }
        if !page.next.is_empty() {
            listing.token = page.next;
            listing.remaining = page.remaining;
            return self.fetch(listing);
        }
        if page.resource_version.is_empty() {
            let words = "the list does not say its version, so it cannot be kept up to date".to_owned();
            return self.fail(Problem::Unreadable(words), Next::Begin);
        }
        self.rows.finish(&listing.gather.seen);
        self.complete = true;
        self.unheard_ms = 0;
        self.version = page.resource_version;
        self.open_watch();
    }

    /// The server has forgotten where a list of several pages was.
    ///
    /// Begins again by pages, twice at most; a list that large and that busy is then fetched in one piece, as client-go's
    /// pager does (`FullListIfExpired`). Test: `t06_…`.
    pub(super) fn list_is_gone(&mut self, listing: Listing, problem: Problem) {
        if listing.token.is_empty() {
            return self.fail(problem, Next::Begin);
        }
        let restarts = listing.restarts + 1;
        let begun = Listing::new(self.new_gather());
        self.fetch(Listing { restarts, ..begun });
    }
}
