//! Watches one machine from outside: what it heard, what it asks for, and whether it may ask for that now.
//!
//! Its rules are kubernetes-and-gateway.md §2.1 written a second time, by what a request must not be: too early after a
//! failure, a watch from another version than the last one heard (bookmarks count), a list where a watch would do.
//! Where the rules leave the machine a choice, it allows both.

use flowdeck_watch::{Input, Request};
use serde_json::Value;

/// The first wait after a failure and the longest, in ms; without the jitter that only adds.
const FIRST_MS: f64 = 800.0;
const CAP_MS: f64 = 30_000.0;
/// How long to wait before looking again at what was forbidden or missing, in ms.
const PROBE_MS: f64 = 60_000.0;
/// How long to wait before a first 403 for rows that are shown is asked for again, in ms.
const DOUBT_MS: f64 = 2_000.0;
/// A stream that lived this long, in ms, is believed without an event; a little less, for our two clocks.
const PROVEN_MS: f64 = 450.0;
/// A stream that lived that long, in ms, makes failures before it forgotten; a little less, for our two clocks.
const HEALTHY_MS: f64 = 119_000.0;
/// A stream that lived this long, in ms, was none too short; and one that lived less than that was.
const LONG_ENOUGH_MS: f64 = 1_050.0;
const TOO_SHORT_MS: f64 = 950.0;
/// Streams that were silent for so long in all, in ms, need not be trusted; a little less, for our two clocks.
const UNHEARD_MS: f64 = 179_000.0;
/// So many useless streams in a row, and the version need not be trusted.
const FRUITLESS: u32 = 3;
/// Our clock and the machine's differ by less, in ms.
const SLACK_MS: f64 = 5.0;

/// Nothing may be asked for before a time.
#[derive(Clone, Copy, Debug)]
struct Wait {
    until_ms: f64,
    why: &'static str,
    /// Whether the server asked for it, so that nothing cuts it short.
    ordered: bool,
}

/// What is known of one machine.
#[derive(Debug, Default)]
pub struct Judge {
    wait: Option<Wait>,
    failures: u32,
    fruitless: u32,
    gone_in_a_row: u32,
    /// How long streams were open since one of them last said something.
    unheard_ms: f64,
    is_paused: bool,
    is_signed_out: bool,
    /// The version that a watch has to begin at; none where only a list will do.
    version: Option<String>,
    /// Why a list may begin.
    list_reason: Option<&'static str>,
    flight: Option<Flight>,
    refusals: Vec<(u16, bool)>,
    /// Whether the rows are a whole list, and whether a 403 has not been believed yet.
    complete: bool,
    doubted: bool,
}

#[derive(Debug)]
struct Flight {
    watch: bool,
    initial: bool,
    continued: bool,
    status: u16,
    retry_after_secs: u32,
    opened_ms: f64,
    heard_ms: f64,
    moved: bool,
    bytes: Vec<u8>,
}

impl Judge {
    /// Nothing has happened yet; a list may begin.
    pub fn new() -> Judge {
        Judge {
            list_reason: Some("it begins"),
            ..Judge::default()
        }
    }

    /// The machine is told this; only what it will not ignore.
    pub fn heard(&mut self, now_ms: f64, input: &Input<'_>) {
        match input {
            Input::Head {
                status,
                retry_after_secs,
                ..
            } => {
                if let Some(flight) = &mut self.flight {
                    flight.status = *status;
                    flight.retry_after_secs = retry_after_secs.unwrap_or_default();
                    (flight.opened_ms, flight.heard_ms) = (now_ms, now_ms);
                }
            }
            Input::Chunk { bytes, .. } => self.chunk(now_ms, bytes),
            Input::End { .. } => self.ended(now_ms, true),
            Input::Broken { .. } => self.ended(now_ms, false),
            Input::Pause => {
                self.is_paused = true;
                self.let_go(now_ms);
            }
            Input::Resume => {
                self.is_paused = false;
                self.come_back();
            }
            Input::Woke => {
                self.let_go(now_ms);
                self.come_back();
            }
            Input::Nudge => self.cut_short(),
            Input::SignedIn => {
                self.is_signed_out = false;
                if self.version.is_none() {
                    self.list_reason = Some("a session has begun");
                }
                self.come_back();
            }
            Input::SignedOut => {
                self.is_signed_out = true;
                self.let_go(now_ms);
            }
            Input::Start | Input::Stop | Input::Tick => {}
        }
    }

    /// What was refused since the last call: the code, and whether inside a stream.
    pub fn take_refusals(&mut self) -> Vec<(u16, bool)> {
        std::mem::take(&mut self.refusals)
    }

    /// The clock is set forwards: it may be as if the machine had slept.
    pub fn slept(&mut self) {
        self.failures = 0;
    }

    /// The machine gives up a request by itself: it was silent for too long.
    pub fn gave_up(&mut self, now_ms: f64, slept: bool) {
        let Some(flight) = self.flight.take() else { return };
        if !flight.watch || flight.initial {
            self.list_reason = Some("the list was silent");
        }
        self.count_silence(now_ms, &flight);
        self.forget_old_failures(now_ms, &flight);
        if slept {
            self.failures = 0;
        } else {
            self.fail(now_ms, "silence");
        }
    }

    /// The machine asks for this: says what is wrong with that.
    ///
    /// # Errors
    /// The rule that is broken, in words.
    pub fn asked(&mut self, now_ms: f64, request: &Request) -> Result<(), String> {
        let wrong = self.is_wrong(now_ms, request);
        self.wait = None;
        self.flight = Some(Flight {
            watch: request.watch,
            initial: request.get("sendInitialEvents").is_some(),
            continued: request.get("continue").is_some(),
            status: 0,
            retry_after_secs: 0,
            opened_ms: now_ms,
            heard_ms: now_ms,
            moved: false,
            bytes: Vec::new(),
        });
        wrong.map_or(Ok(()), Err)
    }

    fn is_wrong(&self, now_ms: f64, request: &Request) -> Option<String> {
        if self.flight.is_some() {
            return Some("a second request while one is open".to_owned());
        }
        if self.is_signed_out {
            return Some("a request without a session".to_owned());
        }
        if self.is_paused {
            return Some("a request in a hidden tab".to_owned());
        }
        if let Some(wait) = self.wait
            && now_ms < wait.until_ms - SLACK_MS
        {
            let early = wait.until_ms - now_ms;
            return Some(format!("a request {early:.0} ms too early after {}", wait.why));
        }
        if request.watch && request.get("sendInitialEvents").is_none() {
            let from = request.get("resourceVersion");
            if from != self.version.as_deref() {
                return Some(format!(
                    "a watch from {from:?}, the last version heard is {:?}",
                    self.version
                ));
            }
        } else if request.get("continue").is_none() && self.list_reason.is_none() {
            return Some("a new list, and nothing asked for it".to_owned());
        }
        None
    }

    /// The machine lets go of the server without a failure.
    fn let_go(&mut self, now_ms: f64) {
        let Some(flight) = self.flight.take() else { return };
        if !flight.watch || flight.initial {
            self.list_reason = Some("the list was let go of");
        }
        self.count_silence(now_ms, &flight);
    }

    /// A stream is over: when they were silent for long, bookmarks too, the version may be one that has yet to come.
    fn count_silence(&mut self, now_ms: f64, flight: &Flight) {
        if flight.watch && flight.status == 200 {
            self.unheard_ms += now_ms - flight.heard_ms;
            if self.unheard_ms >= UNHEARD_MS {
                self.list_reason = Some("nothing was heard for minutes");
            }
        }
    }

    fn come_back(&mut self) {
        self.failures = 0;
        self.cut_short();
    }

    fn cut_short(&mut self) {
        self.wait = self.wait.filter(|wait| wait.ordered);
    }

    fn fail(&mut self, now_ms: f64, why: &'static str) {
        let ms = (FIRST_MS * 2f64.powi(self.failures.min(10) as i32)).min(CAP_MS);
        self.failures += 1;
        self.wait = Some(Wait {
            until_ms: now_ms + ms,
            why,
            ordered: false,
        });
    }

    fn forget_old_failures(&mut self, now_ms: f64, flight: &Flight) {
        if flight.watch && flight.status == 200 && now_ms - flight.opened_ms >= PROVEN_MS {
            self.doubted = false;
        }
        if flight.watch && flight.status == 200 && now_ms - flight.opened_ms >= HEALTHY_MS {
            self.failures = 0;
        }
    }

    fn chunk(&mut self, now_ms: f64, bytes: &[u8]) {
        let Some(flight) = &mut self.flight else { return };
        flight.bytes.extend_from_slice(bytes);
        if !flight.watch || flight.status != 200 {
            return;
        }
        while let Some(flight) = &mut self.flight
            && let Some(end) = flight.bytes.iter().position(|byte| *byte == b'\n')
        {
            let frame: Vec<u8> = flight.bytes.drain(..=end).collect();
            if !frame.trim_ascii().is_empty() {
                self.frame(now_ms, &frame);
            }
        }
    }

    fn frame(&mut self, now_ms: f64, frame: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Value>(frame) else {
            return self.useless(now_ms, "garbage in the stream");
        };
        let (kind, object) = (event["type"].as_str().unwrap_or_default(), &event["object"]);
        if kind == "ERROR" {
            let Some(flight) = self.flight.take() else { return };
            let hint = object["details"]["retryAfterSeconds"].as_u64().unwrap_or_default();
            let code = object["code"].as_u64().unwrap_or_default();
            return self.refused(now_ms, &flight, code as u16, hint, true);
        }
        let Some(flight) = &mut self.flight else { return };
        flight.heard_ms = now_ms;
        self.unheard_ms = 0.0;
        let metadata = &object["metadata"];
        let is_end = metadata["annotations"]["k8s.io/initial-events-end"] == "true";
        if flight.initial && !is_end {
            return;
        }
        flight.initial = false;
        (self.complete, self.doubted) = (true, false);
        let version = metadata["resourceVersion"].as_str().unwrap_or_default();
        if !version.is_empty() && self.version.as_deref() != Some(version) {
            self.version = Some(version.to_owned());
            flight.moved = true;
            self.gone_in_a_row = 0;
        }
        self.list_reason = None;
    }

    /// A stream that was of no use.
    fn useless(&mut self, now_ms: f64, why: &'static str) {
        let Some(flight) = self.flight.take() else { return };
        self.forget_old_failures(now_ms, &flight);
        self.fruitless = self.fruitless.saturating_add(1);
        if flight.initial || self.fruitless >= FRUITLESS {
            self.list_reason = Some("streams are of no use");
        }
        self.fail(now_ms, why);
    }

    fn ended(&mut self, now_ms: f64, whole: bool) {
        let Some(flight) = self.flight.take() else { return };
        match flight.status {
            // Nothing came.
            0 => self.broke(now_ms, &flight),
            200 if flight.watch && !whole => self.broke(now_ms, &flight),
            200 if flight.watch => self.stream_ended(now_ms, flight),
            200 if !whole => self.broke(now_ms, &flight),
            200 => self.page(now_ms, &flight),
            status => {
                let body: Value = serde_json::from_slice(&flight.bytes).unwrap_or_default();
                let in_body = body["details"]["retryAfterSeconds"].as_u64().unwrap_or_default();
                let hint = match flight.retry_after_secs {
                    0 => in_body,
                    seconds => u64::from(seconds),
                };
                self.refused(now_ms, &flight, status, hint, false);
            }
        }
    }

    fn broke(&mut self, now_ms: f64, flight: &Flight) {
        self.forget_old_failures(now_ms, flight);
        self.count_silence(now_ms, flight);
        if !flight.watch || flight.initial {
            self.list_reason = Some("the list broke");
        }
        self.fail(now_ms, "a connection that broke");
    }

    fn stream_ended(&mut self, now_ms: f64, flight: Flight) {
        self.forget_old_failures(now_ms, &flight);
        self.count_silence(now_ms, &flight);
        let lived_ms = now_ms - flight.opened_ms;
        if flight.initial {
            self.list_reason = Some("the first state did not come through the watch");
        } else if flight.moved || lived_ms >= LONG_ENOUGH_MS {
            self.fruitless = 0;
            self.gone_in_a_row = 0;
        } else if lived_ms < TOO_SHORT_MS {
            self.flight = Some(flight);
            self.useless(now_ms, "a stream that ended as it began");
        } else {
            self.fruitless += 1;
            if self.fruitless >= FRUITLESS {
                self.list_reason = Some("streams are of no use");
            }
        }
    }

    fn page(&mut self, now_ms: f64, flight: &Flight) {
        let Ok(page) = serde_json::from_slice::<Value>(&flight.bytes) else {
            self.list_reason = Some("the list was garbage");
            return self.fail(now_ms, "a page that is garbage");
        };
        let metadata = &page["metadata"];
        self.doubted = false;
        if metadata["continue"].as_str().unwrap_or_default().is_empty() {
            self.version = metadata["resourceVersion"].as_str().map(str::to_owned);
            self.list_reason = None;
            self.complete = true;
            self.unheard_ms = 0.0;
        }
    }

    fn refused(&mut self, now_ms: f64, flight: &Flight, status: u16, hint: u64, in_stream: bool) {
        self.refusals.push((status, in_stream));
        if !flight.watch || flight.initial {
            self.list_reason = Some("the list was refused");
        }
        // A proxy's page, or nothing at all, says nothing about the cluster.
        let body = flight.bytes.trim_ascii_start();
        let is_page = matches!(status, 403 | 404) && (body.is_empty() || body.starts_with(b"<"));
        match status {
            _ if is_page => self.fail(now_ms, "a proxy's page"),
            401 => self.is_signed_out = true,
            403 if self.complete && !self.doubted => {
                self.doubted = true;
                // By the machine's clock it may have been the second.
                self.list_reason = Some("a right may be lost");
                self.wait = Some(Wait {
                    until_ms: now_ms + DOUBT_MS,
                    why: "a first 403",
                    ordered: false,
                });
            }
            403 | 404 => {
                self.version = None;
                self.complete = false;
                self.list_reason = Some("what was forbidden or missing may be back");
                self.wait = Some(Wait {
                    until_ms: now_ms + PROBE_MS,
                    why: "a refusal",
                    ordered: false,
                });
            }
            429 if hint > 0 => {
                self.wait = Some(Wait {
                    until_ms: now_ms + 1000.0 * hint as f64,
                    why: "Retry-After",
                    ordered: true,
                });
            }
            400 | 405 | 422 if flight.initial => {}
            _ if flight.initial && in_stream => {}
            410 if flight.watch => {
                self.version = None;
                self.list_reason = Some("the version is forgotten");
                self.gone_in_a_row += 1;
                if self.gone_in_a_row > 1 {
                    self.fail(now_ms, "a second 410");
                }
            }
            410 if flight.continued => {}
            _ => {
                if status != 429 && (status < 500 || (in_stream && status != 500)) {
                    self.list_reason = Some("the watch was refused");
                }
                self.fail(now_ms, "a refusal");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = br#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"8"}}}"#;

    fn request(watch: bool, query: &[(&'static str, &str)]) -> Request {
        let query = query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Request { epoch: 1, watch, query }
    }

    fn head(status: u16, retry_after_secs: Option<u32>) -> Input<'static> {
        Input::Head {
            epoch: 1,
            status,
            retry_after_secs,
        }
    }

    /// A judge whose machine has listed up to version 7 and watches since 1 s.
    fn watching() -> Judge {
        let mut judge = Judge::new();
        judge.asked(0.0, &request(false, &[("limit", "500")])).unwrap();
        judge.heard(10.0, &head(200, None));
        let list = br#"{"metadata":{"resourceVersion":"7"},"items":[]}"#;
        judge.heard(10.0, &Input::Chunk { epoch: 1, bytes: list });
        judge.heard(10.0, &Input::End { epoch: 1 });
        judge
            .asked(1000.0, &request(true, &[("resourceVersion", "7")]))
            .unwrap();
        judge.heard(1000.0, &head(200, None));
        judge
    }

    fn asks(judge: &mut Judge, now_ms: f64, version: &str) -> Result<(), String> {
        judge.asked(now_ms, &request(true, &[("resourceVersion", version)]))
    }

    #[test]
    fn watch_resumes_from_the_last_whole_frame() {
        for (newline, version, other) in [(true, "8", "7"), (false, "7", "8")] {
            for (asked, right) in [(version, true), (other, false)] {
                let mut judge = watching();
                judge.heard(2500.0, &Input::Chunk { epoch: 1, bytes: BYTES });
                if newline {
                    judge.heard(2500.0, &Input::Chunk { epoch: 1, bytes: b"\n" });
                }
                judge.heard(2500.0, &Input::End { epoch: 1 });
                assert_eq!(asks(&mut judge, 2500.0, asked).is_ok(), right, "{newline} {asked}");
            }
        }
    }

    #[test]
    fn broken_stream_is_not_asked_for_at_once_nor_listed_anew() {
        let broken = Input::Broken { epoch: 1, why: "" };
        let mut judge = watching();
        judge.heard(2500.0, &broken);
        assert!(asks(&mut judge, 3200.0, "7").is_err(), "700 ms are too few");
        let mut judge = watching();
        judge.heard(2500.0, &broken);
        assert!(asks(&mut judge, 3300.0, "7").is_ok());
        judge.heard(3300.0, &broken);
        assert!(
            asks(&mut judge, 4800.0, "7").is_err(),
            "the second wait is twice as long"
        );
        let mut judge = watching();
        judge.heard(2500.0, &broken);
        assert!(judge.asked(9000.0, &request(false, &[("limit", "500")])).is_err());
    }

    #[test]
    fn only_a_list_follows_410_and_nothing_follows_401() {
        let mut judge = watching();
        judge.heard(
            1500.0,
            &Input::Chunk {
                epoch: 1,
                bytes: b"{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n",
            },
        );
        assert!(asks(&mut judge, 1500.0, "7").is_err());
        for signs_in in [false, true] {
            let mut judge = watching();
            judge.heard(1500.0, &Input::Broken { epoch: 1, why: "" });
            asks(&mut judge, 9000.0, "7").unwrap();
            judge.heard(9000.0, &head(401, None));
            judge.heard(9000.0, &Input::End { epoch: 1 });
            if signs_in {
                judge.heard(900_000.0, &Input::SignedIn);
            }
            assert_eq!(asks(&mut judge, 900_000.0, "7").is_ok(), signs_in);
        }
    }

    #[test]
    fn ordered_wait_is_not_cut_short_and_others_are() {
        for (status, retry_after_secs, right) in [(429, Some(5), false), (503, None, true)] {
            let mut judge = watching();
            judge.heard(1500.0, &Input::Broken { epoch: 1, why: "" });
            asks(&mut judge, 9000.0, "7").unwrap();
            judge.heard(9000.0, &head(status, retry_after_secs));
            judge.heard(9000.0, &Input::End { epoch: 1 });
            judge.heard(9001.0, &Input::Nudge);
            assert_eq!(asks(&mut judge, 9001.0, "7").is_ok(), right, "{status}");
        }
    }
}
