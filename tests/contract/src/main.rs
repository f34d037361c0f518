//! `flowdeck-contract sandbox|real [filter]`: plays the cases whose title has the filter in it, and says what differs.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use flowdeck_contract::server::Server;
use flowdeck_contract::{Failure, report, run};

/// How many of the slowest cases are named.
const SLOWEST: usize = 5;

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let which = words.next().unwrap_or_default();
    let filter = words.next().unwrap_or_default();
    match play(&which, &filter).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&why.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn play(which: &str, filter: &str) -> Result<bool, Failure> {
    let server = match which {
        "sandbox" => Server::sandbox().await?,
        "real" => Server::real().await?,
        _ => return Err("usage: flowdeck-contract sandbox|real [filter]".into()),
    };
    let (start, which, server) = (Instant::now(), server.which, Arc::new(server));
    let outcomes = run::run(Arc::clone(&server), filter).await;
    let took = start.elapsed();
    if let Some(server) = Arc::into_inner(server) {
        server.stop().await;
    }
    let outcomes = outcomes?;
    for line in report::slowest(&outcomes, SLOWEST) {
        say(&line);
    }
    let report = report::judge(which, outcomes, took)?;
    report.lines.iter().for_each(|line| say(line));
    Ok(report.good)
}

fn say(line: &str) {
    // A closed pipe is the reader's wish.
    writeln!(std::io::stdout(), "{line}").ok();
}
