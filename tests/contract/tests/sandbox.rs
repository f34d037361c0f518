//! Plays all cases against a sandbox in this process.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use flowdeck_contract::server::{Server, Which};
use flowdeck_contract::{report, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_answers_as_the_real_server_does() {
    let server = Arc::new(Server::sandbox().await.expect("the sandbox starts"));
    let start = Instant::now();
    let outcomes = run::run(Arc::clone(&server), "").await.expect("the setup passes");
    let report = report::judge(Which::Sandbox, outcomes, start.elapsed()).expect("the known differences are readable");
    let text = report.lines.join("\n");
    // Past the test harness, which shows nothing of tests that pass: the count is to be seen.
    writeln!(std::io::stderr(), "{text}").expect("somebody reads");
    assert!(report.good, "{text}");
    Arc::into_inner(server).expect("the cases are done").stop().await;
}
