//! What `tests/faults` has found: answers that take rows away and should not, of proxies and of real API servers.

mod model;

use flowdeck_watch::State;

use model::server::error_event;
use model::{Fault, World};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

/// An ingress that has no route for a moment answers 404 with a page of its own, a firewall 403: the cluster said neither.
#[test]
fn f01_web_page_with_404_or_403_is_no_refusal_and_keeps_the_rows() {
    for code in [403, 404] {
        let mut world = World::live(3);
        world.check = Some(Box::new(move |client| {
            let state = client.machine.state();
            assert!(!client.machine.rows().is_empty(), "the rows went blank: {state:?}");
            assert!(matches!(state, State::Live | State::Stale { .. }), "{code}: {state:?}");
        }));
        let page = move || Fault::RefuseWith {
            code,
            body: "<html><body>default backend</body></html>".into(),
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
    world.add_client(flowdeck_watch::Config::default());
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
    world.add_client(flowdeck_watch::Config::default());
    world.run_for(100);
    assert!(matches!(world.machine().state(), State::Denied(_)));
}

fn forbidden() -> Fault {
    Fault::Refuse {
        code: 403,
        reason: "Forbidden",
        retry_after: None,
    }
}
