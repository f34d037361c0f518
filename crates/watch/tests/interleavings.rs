//! Lets anything happen to a client, then leaves it in peace, and wants its rows to be the server's.

mod model;

use flowdeck_watch::{Config, Input, Random, Request, State};
use proptest::prelude::*;

use model::server::frame;
use model::{Fault, World};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Modify(u8),
    Delete(u8),
    Recreate(u8),
    /// Other kinds' versions pass, then a bookmark tells.
    Bookmark(u16),
    /// Open watches hear what has happened.
    Publish,
    /// Open watches end, after so many bytes of what they had to hear.
    Cut {
        cleanly: bool,
        after_bytes: u16,
    },
    /// What was said is said again.
    Repeat(u8),
    Compact,
    /// The server restarts: connections break, history and places in lists are forgotten.
    Restart,
    Pause,
    Resume,
    Nudge,
    Woke,
    Sleep(u16),
    /// Half a frame, with or without its newline, on every open watch.
    HalfFrame {
        bytes: u8,
        ended: bool,
    },
    SignOut,
    SignIn,
    Fault(u8),
    Wait(u16),
    ClockBack(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u8>().prop_map(Step::Create),
        4 => any::<u8>().prop_map(Step::Modify),
        3 => any::<u8>().prop_map(Step::Delete),
        2 => any::<u8>().prop_map(Step::Recreate),
        1 => any::<u16>().prop_map(Step::Bookmark),
        6 => Just(Step::Publish),
        3 => (any::<bool>(), 0_u16..700).prop_map(|(cleanly, after_bytes)| Step::Cut { cleanly, after_bytes }),
        1 => any::<u8>().prop_map(Step::Repeat),
        1 => Just(Step::Compact),
        1 => Just(Step::Restart),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::Nudge),
        1 => Just(Step::Woke),
        1 => any::<u16>().prop_map(Step::Sleep),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(bytes, ended)| Step::HalfFrame { bytes, ended }),
        1 => Just(Step::SignOut),
        2 => Just(Step::SignIn),
        6 => any::<u8>().prop_map(Step::Fault),
        6 => (0_u16..2_000).prop_map(Step::Wait),
        1 => any::<u16>().prop_map(Step::ClockBack),
    ]
}

/// The fault of that number, fit for the request.
fn fault(number: u8, random: &mut Random, request: &Request) -> Fault {
    let refuse = |code, reason, retry_after| Fault::Refuse {
        code,
        reason,
        retry_after,
    };
    let event = |code, reason, retry_after| Fault::ErrorEvent {
        code,
        reason,
        retry_after,
    };
    let some = random.below(3_000) as usize;
    match number % 16 {
        0 => refuse(410, "Expired", None),
        1 => refuse(429, "TooManyRequests", Some(2)),
        2 => refuse(429, "TooManyRequests", None),
        3 => refuse(500, "InternalError", None),
        4 => refuse(503, "ServiceUnavailable", Some(1)),
        5 => refuse(403, "Forbidden", None),
        6 => refuse(404, "NotFound", None),
        7 => Fault::Break,
        8 => Fault::Hang,
        9 => Fault::Say(b"<html><body>Bad gateway</body></html>\n".to_vec()),
        10 if request.watch => Fault::Close,
        11 if request.watch => event(410, "Expired", 0),
        12 if request.watch => event(429, "TooManyRequests", 1),
        13 if request.watch => event(500, "InternalError", 0),
        14 if request.watch => event(504, "Timeout", 0),
        _ => Fault::CutAfter(some),
    }
}

fn happen(world: &mut World, step: Step, again: &mut Vec<u8>) {
    let name = |number: u8| format!("pod-{}", number % 9);
    match step {
        Step::Create(number) if world.server.names().contains(&name(number)) => world.server.modify(&name(number)),
        Step::Create(number) => world.server.create(&name(number)),
        Step::Modify(number) => world.server.modify(&name(number)),
        Step::Delete(number) => world.server.delete(&name(number)),
        Step::Recreate(number) => {
            world.server.delete(&name(number));
            world.server.create(&name(number));
        }
        Step::Bookmark(versions) => {
            world.publish();
            world.server.others_change(versions.into());
            world.bookmark();
        }
        Step::Publish => world.publish(),
        Step::Cut { cleanly, after_bytes } => world.end_watches(cleanly, after_bytes.into()),
        Step::Repeat(number) => {
            world.publish();
            if world.server.names().contains(&name(number)) {
                *again = frame("ADDED", &world.server.json_of(&name(number)));
                world.say(again);
            }
        }
        Step::Compact => {
            // Open watches have heard of everything before it is forgotten.
            world.publish();
            world.server.compact();
        }
        Step::Restart => {
            world.end_watches(false, 0);
            world.server.compact();
        }
        Step::Pause => world.tell(0, Input::Pause),
        Step::Resume => world.tell(0, Input::Resume),
        Step::Nudge => world.tell(0, Input::Nudge),
        Step::Woke => world.tell(0, Input::Woke),
        Step::Sleep(seconds) => world.sleep(u64::from(seconds) * 100),
        Step::HalfFrame { bytes, ended } => {
            world.publish();
            let mut half = frame("MODIFIED", r#"{"metadata":{"uid":"日本","name":"half"}}"#);
            // At most up to its last brace: the whole frame would be a change that the server never made.
            half.truncate(usize::from(bytes) % (half.len() - 1));
            half.extend(ended.then_some(b'\n'));
            world.say(&half);
            world.end_watches(false, 0);
        }
        Step::SignOut => world.tell(0, Input::SignedOut),
        Step::SignIn => world.tell(0, Input::SignedIn),
        Step::Fault(number) => world.pending_faults.push(number),
        Step::Wait(ms) => world.run_for(ms.into()),
        Step::ClockBack(seconds) => world.clients[0].wall_offset_ms -= f64::from(seconds) * 1_000.0,
    }
}

fn cases() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 400;
    }
    config
}

proptest! {
    // Some 4 s; `PROPTEST_CASES=20000 cargo test --release` for a long look.
    #![proptest_config(cases())]

    #[test]
    fn whatever_happens_rows_are_the_servers_after_a_quiet_period(
        steps in prop::collection::vec(step(), 1..80),
        page_size in 1_usize..6,
        watch_list in any::<bool>(),
        has_watch_list in any::<bool>(),
        cut in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut world = World::new();
        world.random = Random::new(seed);
        world.cut = cut;
        world.server.page_size = page_size;
        world.server.has_watch_list = has_watch_list;
        for number in 0..5 {
            world.server.create(&format!("pod-{number}"));
        }
        world.add_client(Config { watch_list, seed, ..Config::default() });
        let mut again = Vec::new();
        for step in steps {
            happen(&mut world, step, &mut again);
            if let Some(number) = world.pending_faults.pop() {
                world.noise_once(move |random, request| fault(number, random, request));
            }
        }
        // Peace.
        world.clear_noise();
        world.publish();
        world.tell(0, Input::Resume);
        world.tell(0, Input::SignedIn);
        world.run_for(10 * 60 * 1_000);
        world.publish();
        let quiet_from = world.requests();
        world.run_for(10 * 60 * 1_000);
        world.assert_equal(0);
        prop_assert_eq!(world.machine().state(), State::Live);
        let sent = world.requests() - quiet_from;
        prop_assert!(sent <= 6, "a quiet client renews its watch every four minutes or so: {}", sent);
    }
}
