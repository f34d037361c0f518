//! What `tests/faults` has found: answers that take rows away and should not, of proxies and of real API servers.

mod model;

use flowdeck_watch::{Config, Input, State};

use model::server::{self, error_event};
use model::{Fault, World};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

/// An ingress that has no route for a moment answers 404 with a page of its own, a firewall 403, Envoy either without a
/// word: the cluster said none of it.
#[test]
fn f01_web_page_with_404_or_403_is_no_refusal_and_keeps_the_rows() {
    let page = "<html><body>default backend</body></html>";
    for (code, body) in [(403, page), (404, page), (403, ""), (404, "")] {
        let mut world = World::live(3);
        world.check = Some(Box::new(move |client| {
            let state = client.machine.state();
            assert!(!client.machine.rows().is_empty(), "the rows went blank: {state:?}");
            assert!(matches!(state, State::Live | State::Stale { .. }), "{code}: {state:?}");
        }));
        let page = move || Fault::RefuseWith {
            code,
            body: body.into(),
        };
        world.noise = Some(Box::new(move |_, _| Some(page())));
        world.end_watches(false, 0);
        world.run_for(5 * SECOND);
        let before = world.requests();
        world.run_for(60 * MINUTE);
        let requests = world.requests() - before;
        assert!(requests <= 125, "{requests} requests in an hour: as after any failure");
        world.noise = None;
        world.server.delete("pod-1");
        world.run_for(61 * SECOND);
        assert_eq!(world.machine().state(), State::Live);
        world.assert_equal(0);
    }
}

/// The same where the first list is asked for: it says what came, and goes on when the page is gone.
#[test]
fn f02_web_page_with_404_at_first_is_told_as_a_page() {
    let mut world = World::new();
    world.server.create("a");
    world.faults.push_back(Fault::RefuseWith {
        code: 404,
        body: "\n<!doctype html><title>404</title>".into(),
    });
    world.add_client(Config::default());
    world.run_for(100);
    let State::Failed(problem) = world.machine().state() else {
        panic!("{:?}", world.machine().state())
    };
    assert!(problem.words().contains("web page"), "{}", problem.words());
    world.run_for(5 * SECOND);
    assert_eq!(world.machine().state(), State::Live);
    world.assert_equal(0);
}

/// A kube-apiserver that was just started answers 403 for up to a second, until it has read its roles and bindings; the
/// answer is that of a right that is gone (seen with 1.36.3).
#[test]
fn f03_api_server_that_does_not_know_its_roles_yet_does_not_take_the_rows_away() {
    for lists in [false, true] {
        let mut world = World::live(3);
        world.check = Some(Box::new(|client| {
            let state = client.machine.state();
            assert!(!client.machine.rows().is_empty(), "the rows went blank: {state:?}");
        }));
        world.end_watches(false, 0);
        if lists {
            world.server.compact();
            world.server.others_change(5);
            world.run_for(MINUTE);
            world.say(&error_event(410, "Expired", 0));
        }
        world.noise = Some(Box::new(|_, _| Some(forbidden())));
        world.run_for(2 * SECOND);
        world.noise = None;
        world.server.delete("pod-1");
        world.run_for(10 * SECOND);
        assert_eq!(world.machine().state(), State::Live);
        world.assert_equal(0);
    }
}

/// And a right that is gone is gone: after the second answer, and at once where nothing was shown.
#[test]
fn f04_second_refusal_in_a_row_is_believed() {
    let mut world = World::live(3);
    world.end_watches(true, 0);
    world.noise = Some(Box::new(|_, _| Some(forbidden())));
    world.run_for(5 * SECOND);
    assert!(matches!(world.machine().state(), State::Denied(_)));
    assert!(world.machine().rows().is_empty(), "what may not be seen is not shown");
    let before = world.requests();
    world.run_for(60 * MINUTE);
    assert!(
        (58..=60).contains(&(world.requests() - before)),
        "and probed once a minute"
    );
    let mut world = World::new();
    world.noise = Some(Box::new(|_, _| Some(forbidden())));
    world.add_client(Config::default());
    world.run_for(100);
    assert!(matches!(world.machine().state(), State::Denied(_)));
}

/// etcd was restored from a backup: versions go back, and a watch of one that is still to come is told nothing, not even
/// bookmarks (seen with 1.36.3). What happened meanwhile must not be missed for good.
#[test]
fn f05_versions_that_go_back_do_not_leave_the_rows_behind() {
    for tab_is_hidden_now_and_then in [false, true] {
        let mut world = World::live(3);
        let backup = world.server.clone();
        world.server.create("lost");
        world.server.others_change(100_000);
        world.bookmark();
        world.run_for(SECOND);
        world.server = backup;
        world.end_watches(false, 0);
        world.run_for(5 * SECOND);
        world.server.delete("pod-1");
        world.server.create("pod-9");
        world.publish();
        for _ in 0..10 {
            world.run_for(MINUTE);
            if tab_is_hidden_now_and_then {
                world.tell(0, Input::Pause);
                world.run_for(SECOND);
                world.tell(0, Input::Resume);
            }
        }
        assert_eq!(world.machine().state(), State::Live);
        world.assert_equal(0);
    }
}

/// And a watch that is quiet, with its bookmarks, is not listed anew.
#[test]
fn f06_quiet_watch_that_has_its_bookmarks_never_lists() {
    let mut world = World::live(3);
    let before = world.requests();
    for _ in 0..60 {
        world.run_for(MINUTE);
        world.bookmark();
    }
    assert!(world.requests() - before <= 16, "{}", world.requests() - before);
    assert!(world.sent[before..].iter().all(|sent| sent.request.watch));
}

/// An object that cannot be read keeps the row that it had, also where the state is sent through the watch.
#[test]
fn f07_unreadable_object_among_initial_events_keeps_its_row() {
    let mut world = World::new();
    world.server.has_watch_list = true;
    world.server.create("a");
    world.server.create("b");
    world.add_client(Config {
        watch_list: true,
        ..Config::default()
    });
    world.run_for(2 * SECOND);
    assert_eq!(world.machine().rows().len(), 2);
    let bad = format!(
        r#"{{"metadata":{{"name":"a","namespace":"ns","uid":"{}","resourceVersion":"later"}},"spec":[]}}"#,
        world.server.uid("a")
    );
    let good = world.server.json_of("b");
    let mut events = server::frame("ADDED", &bad);
    events.extend(server::frame("ADDED", &good));
    events.extend(world.server.bookmark(true));
    world.server.others_change(5);
    world.server.compact();
    world.end_watches(false, 0);
    world.faults.push_back(Fault::ErrorEvent {
        code: 410,
        reason: "Expired",
        retry_after: 0,
    });
    world.faults.push_back(Fault::SayAndBreak(events));
    world.run_for(3 * SECOND);
    assert!(world.machine().rows().by_name("ns", "a").is_some(), "its row went");
    assert!(world.machine().rows().by_name("ns", "b").is_some());
}

fn forbidden() -> Fault {
    Fault::Refuse {
        code: 403,
        reason: "Forbidden",
        retry_after: None,
    }
}
