//! Plays all cases against a real kube-apiserver.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use flowdeck_contract::server::{Server, Which};
use flowdeck_contract::{report, run};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn the_cases_expect_what_the_real_server_does() {
    let server = Arc::new(Server::real().await.expect("the cluster starts"));
    let start = Instant::now();
    let outcomes = run::run(Arc::clone(&server), "").await.expect("the setup passes");
    let report = report::judge(Which::Real, outcomes, start.elapsed()).expect("the known differences are readable");
    let text = report.lines.join("\n");
    writeln!(std::io::stderr(), "{text}").expect("somebody reads");
    assert!(report.good, "{text}");
    Arc::into_inner(server).expect("the cases are done").stop().await;
}
