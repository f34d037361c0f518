//! Holds the machine to the 22 rules of kubernetes-and-gateway.md §2.3, by number.
//!
//! `broken-on-purpose.md` beside this file says which line was broken to see each of them fail.

mod model;

use std::collections::HashMap;

use flowdeck_objects::Pod;
use flowdeck_watch::resource::{PODS, Resource};
use flowdeck_watch::{Bucket, Changes, Command, Config, Input, Leases, Machine, State};

use model::server::{error_event, frame, opaque};
use model::{Fault, World};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// From now on, rows that are empty, or a state that hides them, fail the test.
fn never_blank(world: &mut World) {
    world.check = Some(Box::new(|client| {
        let state = client.machine.state();
        assert!(!client.machine.rows().is_empty(), "the rows went blank");
        assert!(
            matches!(state, State::Live | State::Stale { .. }),
            "the rows are hidden: {state:?}"
        );
    }));
}

fn lists(world: &World) -> usize {
    world.sent.iter().filter(|sent| !sent.request.watch).count()
}

#[test]
fn t01_event_between_last_page_and_watch_is_delivered() {
    let mut world = World::new();
    world.server.page_size = 2;
    for name in ["a", "b", "c"] {
        world.server.create(name);
    }
    world.add_client(Config::default());
    world.run_for(12);
    assert!(world.last().get("continue").is_some(), "the last page is under way");
    world.server.create("d");
    world.server.modify("b");
    world.server.delete("a");
    world.run_for(SECOND);
    assert!(world.last().watch);
    world.assert_equal(0);
}

#[test]
fn t02_added_for_a_known_uid_is_idempotent() {
    let mut world = World::live(3);
    let version = world.clients[0].machine.seal();
    let again = frame("ADDED", &world.server.json_of("pod-1"));
    world.say(&again);
    world.say(&again);
    world.run_for(SECOND);
    world.assert_equal(0);
    assert_eq!(
        world.clients[0].machine.seal(),
        version,
        "nothing changed, so nothing is told"
    );
}

#[test]
fn t03_recreated_object_of_the_same_name_is_another_row() {
    let mut world = World::live(2);
    let (old, seen) = (world.server.uid("pod-1"), world.clients[0].machine.seal());
    world.server.delete("pod-1");
    world.server.create("pod-1");
    world.publish();
    world.run_for(SECOND);
    let new = world.server.uid("pod-1");
    let check = |world: &World| {
        let rows = world.machine().rows();
        assert!(rows.get(&old).is_none() && rows.get(&new).is_some());
        assert_eq!(
            rows.by_name("ns", "pod-1").map(|pod| pod.metadata.uid.as_str()),
            Some(new.as_str())
        );
        world.assert_equal(0);
    };
    check(&world);
    world.clients[0].machine.seal();
    let Changes::Only(changed) = world.machine().rows().changes_since(seen) else {
        panic!("the journal reaches back")
    };
    assert_eq!(
        changed.iter().map(|uid| &**uid).collect::<Vec<_>>(),
        [new.as_str(), old.as_str()]
    );
    // A late word about the old one does not touch the new one.
    let late = world.server.json_of("pod-1").replace(&new, &old);
    world.say(&frame("DELETED", &late));
    world.run_for(SECOND);
    check(&world);
    // The same, missed while disconnected.
    let (old, new) = (new, String::new());
    assert_ne!(old, new);
    world.server.delete("pod-1");
    world.server.create("pod-1");
    world.server.compact();
    world.end_watches(false, 0);
    world.run_for(MINUTE);
    assert!(world.machine().rows().get(&old).is_none());
    world.assert_equal(0);
}

#[test]
fn t04_gone_in_the_stream_lists_again_without_blanking() {
    let mut world = World::live(5);
    never_blank(&mut world);
    let seen = world.clients[0].machine.seal();
    world.end_watches(true, 0);
    world.server.delete("pod-0");
    world.server.delete("pod-3");
    world.server.modify("pod-4");
    world.server.compact();
    let before = world.requests();
    world.run_for(100);
    let sent: Vec<bool> = world.sent[before..].iter().map(|sent| sent.request.watch).collect();
    assert_eq!(sent, [true, false, true], "watch, 410, list at once, watch");
    world.assert_equal(0);
    world.clients[0].machine.seal();
    let Changes::Only(changed) = world.machine().rows().changes_since(seen) else {
        panic!("the journal reaches back")
    };
    assert_eq!(changed.len(), 3, "only what differs is touched");
    assert_eq!(world.machine().state(), State::Live);
}

#[test]
fn t05_gone_as_a_status_lists_again() {
    let mut world = World::live(3);
    never_blank(&mut world);
    world.faults.push_back(Fault::Refuse {
        code: 410,
        reason: "Expired",
        retry_after: None,
    });
    world.server.delete("pod-2");
    world.server.compact();
    let before = world.requests();
    world.end_watches(true, 0);
    world.run_for(100);
    let sent: Vec<bool> = world.sent[before..].iter().map(|sent| sent.request.watch).collect();
    assert_eq!(sent, [true, false, true]);
    world.assert_equal(0);
}

#[test]
fn t06_gone_on_page_two_begins_again_twice_then_lists_whole() {
    let mut world = World::new();
    world.server.page_size = 2;
    for number in 0..5 {
        world.server.create(&format!("pod-{number}"));
    }
    for _ in 0..3 {
        // The first page passes, the second does not.
        world.faults.push_back(Fault::CutAfter(usize::MAX));
        world.faults.push_back(Fault::Refuse {
            code: 410,
            reason: "Expired",
            retry_after: None,
        });
    }
    world.add_client(Config::default());
    world.run_for(15);
    assert_eq!(
        world.machine().state(),
        State::Partial {
            loaded: 2,
            remaining: Some(3)
        },
        "the first page is painted"
    );
    world.server.delete("pod-0");
    world.run_for(SECOND);
    let pages: Vec<(bool, bool)> = world
        .sent
        .iter()
        .filter(|sent| !sent.request.watch)
        .map(|sent| {
            (
                sent.request.get("limit").is_some(),
                sent.request.get("continue").is_some(),
            )
        })
        .collect();
    let (first, second, whole) = ((true, false), (true, true), (false, false));
    assert_eq!(pages, [first, second, first, second, first, second, whole]);
    world.assert_equal(0);
}

#[test]
fn t07_stream_cut_at_any_byte_loses_and_doubles_nothing() {
    let whole = {
        let mut world = World::live(1);
        world.server.modify("pod-0");
        world.server.create("new");
        world.server.events_after(101, "").len()
    };
    for cleanly in [true, false] {
        for after_bytes in 0..=whole {
            let mut world = World::live(1);
            world.server.modify("pod-0");
            world.server.create("new");
            world.end_watches(cleanly, after_bytes);
            world.run_for(5 * SECOND);
            world.server.modify("new");
            world.publish();
            world.run_for(SECOND);
            world.assert_equal(0);
            assert_eq!(world.machine().state(), State::Live, "cut after {after_bytes}");
            assert_eq!(
                lists(&world),
                1,
                "the watch goes on, nothing is listed again; cut after {after_bytes}"
            );
            assert_eq!(
                world.requests(),
                3,
                "the rest of the old stream does not garble the new one; cut after {after_bytes}"
            );
        }
    }
}

#[test]
fn t08_empty_streams_are_asked_for_at_most_every_30_s_and_lead_to_a_list() {
    let mut world = World::live(2);
    never_blank(&mut world);
    world.end_watches(true, 0);
    world.noise = Some(Box::new(|_, request| request.watch.then_some(Fault::Close)));
    world.run_for(10 * MINUTE);
    let (watches_before, lists_before, before) = (world.sent.len() - lists(&world), lists(&world), world.requests());
    let mut waited = 0;
    while world.sent.len() - lists(&world) < watches_before + 100 {
        world.run_for(MINUTE);
        waited += MINUTE;
    }
    let sent = (world.requests() - before) as u64;
    assert!(sent <= waited / (30 * SECOND) + 1, "{sent} requests in {waited} ms");
    let listed = lists(&world) - lists_before;
    assert!(
        (30..=36).contains(&listed),
        "every third empty stream is followed by a list: {listed}"
    );
    assert!(matches!(world.machine().state(), State::Stale { .. }));
    world.noise = None;
    world.server.modify("pod-1");
    world.run_for(2 * MINUTE);
    world.assert_equal(0);
    assert_eq!(world.machine().state(), State::Live);
}

#[test]
fn t09_bookmark_moves_the_version_that_a_watch_resumes_from() {
    let mut world = World::live(2);
    let seen = world.clients[0].machine.seal();
    world.server.others_change(1_000);
    world.bookmark();
    world.run_for(SECOND);
    assert_eq!(world.clients[0].machine.seal(), seen, "a bookmark is no change");
    world.server.compact();
    world.end_watches(false, 0);
    world.run_for(5 * SECOND);
    assert_eq!(
        world.last().get("resourceVersion"),
        Some(opaque(world.server.version()).as_str())
    );
    assert_eq!(lists(&world), 1, "the old version is forgotten, the bookmark's is not");
}

#[test]
fn t10_too_many_requests_waits_as_long_as_the_server_says() {
    let wait_is_kept = |mut world: World, what: &str| {
        let (before, asked) = (world.requests(), world.now);
        world.tell(0, Input::Nudge);
        world.run_for(7 * SECOND);
        assert_eq!(world.requests(), before, "{what}: nothing cuts the wait short");
        world.run_for(2 * SECOND);
        assert!(world.requests() > before, "{what}: but then it goes on");
        assert!(world.sent[before].at_ms >= asked + 7 * SECOND);
        world.run_for(SECOND);
        world.assert_equal(0);
    };
    // On opening a watch.
    let mut world = World::live(2);
    world.faults.push_back(Fault::Refuse {
        code: 429,
        reason: "TooManyRequests",
        retry_after: Some(7),
    });
    world.end_watches(false, 0);
    world.run_for(2 * SECOND);
    assert_eq!(world.requests(), 3);
    assert!(matches!(world.machine().state(), State::Stale { .. }));
    let asked = world.last().clone();
    world.run_for(4 * SECOND);
    world.tell(0, Input::Nudge);
    world.run_for(SECOND - 500);
    assert_eq!(world.last(), &asked, "6.5 s of 7 s");
    world.run_for(3 * SECOND);
    assert_eq!(
        world.last().get("resourceVersion"),
        asked.get("resourceVersion"),
        "the same version"
    );
    world.assert_equal(0);
    // As an event in the stream.
    let mut world = World::live(2);
    world.say(&error_event(429, "TooManyRequests", 7));
    world.run_for(10);
    wait_is_kept(world, "event");
    // On a page of a list: the same page again.
    let mut world = World::new();
    world.server.page_size = 1;
    world.server.create("a");
    world.server.create("b");
    world.faults.push_back(Fault::CutAfter(usize::MAX));
    world.faults.push_back(Fault::Refuse {
        code: 429,
        reason: "TooManyRequests",
        retry_after: Some(7),
    });
    world.add_client(Config::default());
    world.run_for(25);
    assert_eq!(world.requests(), 2);
    wait_is_kept(world, "page");
}

#[test]
fn t11_no_session_means_no_request_until_somebody_signs_in() {
    let mut world = World::new();
    world.server.create("a");
    for _ in 0..5 {
        world.add_client(Config::default());
    }
    world.run_for(2 * SECOND);
    world.end_watches(false, 0);
    world.noise = Some(Box::new(|_, _| {
        Some(Fault::Refuse {
            code: 401,
            reason: "Unauthorized",
            retry_after: None,
        })
    }));
    for _ in 0..500 {
        world.run_for(10);
        if matches!(world.machine().state(), State::SignedOut { .. }) {
            break;
        }
    }
    assert!(matches!(world.machine().state(), State::SignedOut { .. }));
    // The driver tells the others; what they have in flight is aborted.
    for id in 1..5 {
        world.tell(id, Input::SignedOut);
    }
    let before = world.requests();
    world.tell(0, Input::Nudge);
    world.tell(0, Input::Pause);
    world.tell(0, Input::Resume);
    world.tell(0, Input::Woke);
    world.run_for(HOUR);
    assert_eq!(world.requests(), before, "zero retries");
    assert!(!world.machine().rows().is_empty(), "what is on screen stays there");
    world.noise = None;
    world.server.create("b");
    for id in 0..5 {
        world.tell(id, Input::SignedIn);
    }
    world.run_for(3 * SECOND);
    for id in 0..5 {
        world.assert_equal(id);
        assert_eq!(world.clients[id].machine.state(), State::Live);
    }
}

#[test]
fn t12_forbidden_is_probed_once_a_minute_and_never_loops() {
    let mut world = World::live(3);
    world.end_watches(true, 0);
    world.noise = Some(Box::new(|_, _| {
        Some(Fault::Refuse {
            code: 403,
            reason: "Forbidden",
            retry_after: None,
        })
    }));
    world.run_for(5 * SECOND);
    assert!(matches!(world.machine().state(), State::Denied(status) if status.message == "the server says Forbidden"));
    assert!(world.machine().rows().is_empty(), "what may not be seen is not shown");
    let before = world.requests();
    world.run_for(HOUR);
    let probes = world.requests() - before;
    assert!((58..=60).contains(&probes), "{probes} probes in an hour");
    assert!(
        world.clients[0]
            .states
            .iter()
            .filter(|state| matches!(state, State::Denied(_)))
            .count()
            == 1,
        "no flicker"
    );
    // Access is back: seen at the next focus.
    world.noise = None;
    world.tell(0, Input::Nudge);
    world.run_for(SECOND);
    assert_eq!(world.machine().state(), State::Live);
    world.assert_equal(0);
}

#[test]
fn t13_after_ten_minutes_of_sleep_the_watch_goes_on_within_two_seconds() {
    for wakes_by_event in [false, true] {
        let mut world = World::live(3);
        never_blank(&mut world);
        // Failures from before the sleep do not count against it.
        for _ in 0..6 {
            world.faults.push_back(Fault::Break);
        }
        world.end_watches(false, 0);
        world.run_for(3 * MINUTE);
        world.sleep(10 * MINUTE);
        world.server.delete("pod-1");
        let before = world.requests();
        if wakes_by_event {
            world.tell(0, Input::Woke);
        }
        world.run_for(2 * SECOND);
        assert!(world.requests() > before, "asked within 2 s");
        world.assert_equal(0);
        assert_eq!(world.machine().state(), State::Live);
    }
}

/// What `live` does with keys, leases and machines, without a browser.
struct Shared {
    leases: Leases<(Resource, String, String)>,
    machines: HashMap<(Resource, String, String), Machine<Pod>>,
    commands: Vec<Command>,
}

impl Shared {
    fn new() -> Shared {
        Shared {
            leases: Leases::new(5 * SECOND),
            machines: HashMap::new(),
            commands: Vec::new(),
        }
    }

    fn take(&mut self, selector: &str, now: u64) -> (Resource, String, String) {
        let key = (PODS, "ns".to_owned(), selector.to_owned());
        if self.leases.take(&key) {
            let mut machine = Machine::new(Config {
                label_selector: selector.to_owned(),
                ..Config::default()
            });
            self.commands.extend(machine.handle(now as f64, Input::Start));
            self.machines.insert(key.clone(), machine);
        }
        key
    }

    fn end_unheld(&mut self, now: u64) {
        for key in self.leases.ended(now) {
            if let Some(mut machine) = self.machines.remove(&key) {
                self.commands.extend(machine.handle(now as f64, Input::Stop));
                assert_eq!(machine.wake_in(), None, "a stopped machine wants nothing");
            }
        }
    }

    fn count(&self, wanted: fn(&Command) -> bool) -> usize {
        self.commands.iter().filter(|command| wanted(command)).count()
    }

    fn sends(&self) -> usize {
        self.count(|command| matches!(command, Command::Send(_)))
    }

    fn aborts(&self) -> usize {
        self.count(|command| matches!(command, Command::Abort { .. }))
    }
}

#[test]
fn t14_subscribers_share_a_stream_and_the_last_one_aborts_it() {
    let mut shared = Shared::new();
    let first = shared.take("", 0);
    let second = shared.take("", 10);
    assert_eq!(shared.sends(), 1, "one stream for two");
    shared.leases.give_back(&first, 100);
    shared.end_unheld(MINUTE);
    assert_eq!(shared.aborts(), 0, "somebody still looks");
    shared.leases.give_back(&second, MINUTE);
    shared.end_unheld(MINUTE + 4_999);
    assert_eq!(shared.aborts(), 0, "going back within 5 s finds it");
    let third = shared.take("", MINUTE + 4_999);
    shared.end_unheld(2 * MINUTE);
    assert_eq!((shared.sends(), shared.aborts()), (1, 0));
    shared.leases.give_back(&third, 2 * MINUTE);
    shared.end_unheld(2 * MINUTE + 5_000);
    assert_eq!((shared.sends(), shared.aborts()), (1, 1), "the last one ends it");
}

#[test]
fn t15_late_pages_of_an_older_request_are_discarded() {
    let mut world = World::new();
    world.server.page_size = 1;
    for name in ["a", "b", "c", "d"] {
        world.server.create(name);
    }
    world.add_client(Config::default());
    world.run_for(25);
    assert_eq!(world.requests(), 3, "page 3 is under way");
    let late = world.last().epoch;
    world.tell(0, Input::Pause);
    assert_eq!(world.aborts, 1);
    world.server.delete("c");
    let before = world.machine().rows().len();
    let page = br#"{"metadata":{"resourceVersion":"v1!"},"items":[{"metadata":{"uid":"late","name":"late"}}]}"#;
    let arrive_late = |world: &mut World| {
        for input in [
            Input::Head {
                epoch: late,
                status: 200,
                retry_after_secs: None,
            },
            Input::Chunk {
                epoch: late,
                bytes: page,
            },
            Input::End { epoch: late },
            Input::Broken {
                epoch: late,
                why: "aborted",
            },
        ] {
            world.tell(0, input);
        }
    };
    arrive_late(&mut world);
    assert_eq!(world.machine().rows().len(), before, "nothing of it is taken");
    assert_eq!(world.requests(), 3, "nothing of it causes a request");
    // The same while the list is fetched anew.
    world.tell(0, Input::Resume);
    while world.requests() == 3 {
        world.run_for(1);
    }
    arrive_late(&mut world);
    assert_eq!(world.requests(), 4);
    assert!(world.machine().rows().get("late").is_none());
    world.run_for(3 * SECOND);
    world.assert_equal(0);
    // The namespace is left for good: late pieces of the watch cause nothing either.
    let late = world.last().epoch;
    world.tell(0, Input::Stop);
    let event = frame("DELETED", &world.server.json_of("a"));
    world.tell(
        0,
        Input::Chunk {
            epoch: late,
            bytes: &event,
        },
    );
    world.assert_equal(0);
}

#[test]
fn t16_servers_that_are_not_equally_far_are_survived() {
    let mut world = World::live(3);
    never_blank(&mut world);
    // Three servers restart one after the other; two have not seen the newest version.
    world.server.modify("pod-0");
    world.publish();
    world.run_for(SECOND);
    let newest = world.server.version();
    world.server.replicas = vec![newest - 2, newest, newest - 1];
    let before = world.requests();
    for _ in 0..6 {
        world.end_watches(false, 0);
        world.run_for(10 * SECOND);
    }
    world.server.replicas = vec![newest; 3];
    world.run_for(2 * MINUTE);
    assert_eq!(world.machine().state(), State::Live);
    world.assert_equal(0);
    let sent = &world.sent[before..];
    assert!(sent.len() < 40, "bounded: {}", sent.len());
    for pair in sent.windows(2) {
        if pair[1].request.watch {
            continue;
        }
        assert_eq!(
            pair[1].request.get("resourceVersion").unwrap_or_default(),
            "",
            "a list asks for the newest"
        );
    }
    assert!(
        sent.iter().any(|sent| !sent.request.watch),
        "a version from the future is not insisted on"
    );
}

#[test]
fn t17_twenty_watches_come_back_spread_out() {
    let mut world = World::new();
    world.server.create("a");
    world.bucket = Some(Bucket::new(10, 10));
    for seed in 0..20 {
        world.add_client(Config {
            seed,
            ..Config::default()
        });
    }
    world.run_for(10 * SECOND);
    let spread = |world: &World, before: usize, what: &str| {
        let mut times: Vec<u64> = world.sent[before..]
            .iter()
            .filter(|sent| sent.request.watch)
            .map(|s| s.at_ms)
            .collect();
        times.sort_unstable();
        assert!(times.len() >= 20, "{what}: all come back");
        let busiest = times
            .iter()
            .map(|from| times.iter().filter(|at| (*from..from + 100).contains(at)).count())
            .max();
        assert!(busiest <= Some(8), "{what}: {busiest:?} requests within 100 ms");
        let first_second = times.iter().filter(|at| **at < times[0] + SECOND).count();
        assert!(first_second <= 20, "{what}: {first_second} requests in a second");
    };
    // The network breaks for all of them at once.
    let before = world.requests();
    world.end_watches(false, 0);
    world.run_for(10 * SECOND);
    spread(&world, before, "broken");
    // The tab is seen again.
    for id in 0..20 {
        world.tell(id, Input::Pause);
    }
    world.run_for(MINUTE);
    let before = world.requests();
    for id in 0..20 {
        world.tell(id, Input::Resume);
    }
    world.run_for(10 * SECOND);
    spread(&world, before, "resumed");
}

#[test]
fn t18_watch_list_that_is_unsupported_falls_back_once_and_is_remembered() {
    let config = Config {
        watch_list: true,
        ..Config::default()
    };
    let asks = |world: &World| {
        world
            .sent
            .iter()
            .filter(|sent| sent.request.get("sendInitialEvents").is_some())
            .count()
    };
    // Supported: one request, no list.
    let mut world = World::new();
    world.server.has_watch_list = true;
    world.server.create("a");
    world.server.create("b");
    world.add_client(config.clone());
    world.run_for(SECOND);
    world.server.modify("a");
    world.publish();
    world.run_for(SECOND);
    world.assert_equal(0);
    assert_eq!((world.requests(), world.machine().state()), (1, State::Live));
    // Not supported, in each of the ways that servers have.
    let refusals = [
        Fault::Refuse {
            code: 422,
            reason: "Invalid",
            retry_after: None,
        },
        Fault::Refuse {
            code: 400,
            reason: "BadRequest",
            retry_after: None,
        },
        Fault::ErrorEvent {
            code: 500,
            reason: "InternalError",
            retry_after: 0,
        },
        Fault::Close,
    ];
    for refusal in refusals {
        let mut world = World::new();
        world.server.create("a");
        let what = format!("{refusal:?}");
        world.faults.push_back(refusal);
        world.add_client(config.clone());
        world.run_for(SECOND);
        world.assert_equal(0);
        assert!(!world.machine().may_watch_list(), "{what}: remembered");
        world.server.compact();
        world.server.create("b");
        world.end_watches(false, 0);
        world.faults.push_back(Fault::ErrorEvent {
            code: 410,
            reason: "Expired",
            retry_after: 0,
        });
        world.run_for(MINUTE);
        world.assert_equal(0);
        assert_eq!(asks(&world), 1, "{what}: asked once");
        assert_eq!(lists(&world), 2, "{what}: lists instead");
    }
}

#[test]
fn t19_burst_of_ten_thousand_loses_nothing() {
    for cut in [false, true] {
        let mut world = World::live(1);
        world.cut = cut;
        for number in 0..10_000 {
            world.server.create(&format!("burst-{number}"));
        }
        world.publish();
        world.run_for(SECOND);
        world.assert_equal(0);
        assert_eq!(world.machine().rows().len(), 10_001);
        assert_eq!(world.requests(), 2, "no list again");
        assert_eq!(world.clients[0].machine.seal(), 1, "one version for the whole burst");
    }
}

#[test]
fn t20_another_selector_is_another_stream() {
    let mut shared = Shared::new();
    let all = shared.take("", 0);
    let web = shared.take("app=web", 0);
    assert_ne!(all, web);
    assert_eq!(shared.sends(), 2);
    shared.leases.give_back(&all, 0);
    shared.end_unheld(MINUTE);
    assert_eq!(
        (shared.machines.len(), shared.aborts()),
        (1, 1),
        "only the one that nobody wants ends"
    );
    // Every request of a stream carries its selector, and its rows are those that it selects.
    let mut world = World::new();
    world.server.page_size = 1;
    for name in ["a", "b"] {
        world.server.create_labelled(name, "web");
        world.server.create_labelled(&format!("{name}-db"), "db");
    }
    world.add_client(Config {
        label_selector: "app=web".into(),
        ..Config::default()
    });
    world.run_for(SECOND);
    world.server.create_labelled("c", "web");
    world.server.create_labelled("c-db", "db");
    world.publish();
    world.end_watches(false, usize::MAX);
    world.run_for(5 * SECOND);
    assert_eq!(world.requests(), 4, "two pages, two watches");
    assert!(
        world
            .sent
            .iter()
            .all(|sent| sent.request.get("labelSelector") == Some("app=web"))
    );
    let mut names: Vec<&str> = world
        .machine()
        .rows()
        .iter()
        .map(|pod| pod.metadata.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn t21_kind_deleted_while_watched_is_missing_until_it_is_back() {
    for in_stream in [true, false] {
        let mut world = World::live(2);
        let not_found = || Fault::Refuse {
            code: 404,
            reason: "NotFound",
            retry_after: None,
        };
        world.noise = Some(Box::new(move |_, _| Some(not_found())));
        if in_stream {
            world.say(&error_event(404, "NotFound", 0));
        } else {
            world.end_watches(true, 0);
        }
        world.run_for(SECOND);
        assert!(matches!(world.machine().state(), State::Missing(_)));
        assert!(world.machine().rows().is_empty());
        let before = world.requests();
        world.run_for(HOUR);
        let probes = world.requests() - before;
        assert!((50..=60).contains(&probes), "{probes} probes in an hour");
        world.noise = None;
        world.run_for(2 * MINUTE);
        assert_eq!(world.machine().state(), State::Live);
        world.assert_equal(0);
    }
}

#[test]
fn t22_clock_that_jumps_back_delays_nothing() {
    // Between two failures.
    let mut world = World::live(2);
    world.faults.push_back(Fault::Break);
    world.end_watches(false, 0);
    world.run_for(100);
    world.clients[0].wall_offset_ms -= HOUR as f64;
    world.server.delete("pod-0");
    world.run_for(10 * SECOND);
    world.assert_equal(0);
    // While a dead connection is waited for.
    let mut world = World::live(2);
    world.dead = true;
    world.run_for(MINUTE);
    world.clients[0].wall_offset_ms -= HOUR as f64;
    world.tell(0, Input::Tick);
    world.server.delete("pod-0");
    world.run_for(3 * MINUTE);
    let before = world.requests();
    world.run_for(2 * MINUTE);
    assert!(world.requests() > before, "the silence is noticed in time");
    world.dead = false;
    world.run_for(6 * MINUTE);
    world.assert_equal(0);
}
