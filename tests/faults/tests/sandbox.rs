//! A short run against the sandbox, by a fixed seed: the machine's rows are the server's after each round of faults.

use std::time::Duration;

use flowdeck_faults::run::{Options, run};
use flowdeck_faults::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_the_servers_after_each_round_of_faults() {
    let mut world = World::sandbox().await.expect("the sandbox starts");
    let options = Options {
        seed: 4,
        time: Duration::from_secs(15),
        faults: Duration::from_secs(3),
        speed: 30.0,
        rate: 100,
        restarts: false,
    };
    let outcome = run(&mut world, options).await;
    world.stop().await;
    let outcome = outcome.unwrap_or_else(|why| panic!("{why}"));
    eprintln!("{}", outcome.report);
    // Were the proxy to break nothing, all rounds would pass.
    assert!(outcome.rounds >= 2 && outcome.kinds >= 12, "{outcome:?}");
}
