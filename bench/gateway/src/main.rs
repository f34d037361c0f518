//! Measures what the gateway adds to the cluster's own answers, and what 1,000 idle watches cost it.
//!
//! A stand-in for the cluster answers from memory; the same client asks it directly and through the
//! release binary of the gateway, in turns. Client, stand-in and gateway share the machine's cores, so
//! the throughput ratio is a lower bound of what a gateway with cores of its own would reach.

mod client;
mod gateway;
mod report;
mod soak;
mod upstream;

use std::{error::Error, time::Duration};

use client::{Client, Target, load};
use gateway::Gateway;
use report::{Better, Report};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;
const ONE_BY_ONE: usize = 1500;
pub(crate) const WATCHES: usize = 1000;
const IDLE: Duration = Duration::from_secs(10);
pub(crate) const OBJECT: &str = "/api/v1/namespaces/a/pods/small";
pub(crate) const LIST: &str = "/api/v1/namespaces/a/pods";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let upstream = upstream::start().await?;
    let gateway = Gateway::start(upstream).await?;
    let direct = Target {
        address: upstream,
        prefix: "",
        cookie: String::new(),
    };
    let through = gateway.target().await?;
    let mut report = Report::default();
    if std::env::args().nth(1).as_deref() == Some("soak") {
        soak::run(&mut report, &gateway, &through).await?;
        gateway.stop().await?;
        return report.finish("gateway-soak");
    }

    for (path, size) in [(OBJECT, "2 KiB object"), (LIST, "1 MiB list")] {
        throughput(&mut report, &gateway, [&direct, &through], path, size).await?;
    }
    latency(&mut report, [&direct, &through]).await?;
    idle_watches(&mut report, &gateway, &through).await?;
    gateway.stop().await?;
    report.finish("gateway")
}

/// Requests a second over 16 connections, in turns.
async fn throughput(
    report: &mut Report,
    gateway: &Gateway,
    targets: [&Target; 2],
    path: &str,
    size: &str,
) -> Result<(), Box<dyn Error>> {
    let mut rates = [Vec::new(), Vec::new()];
    let mut tails = [Vec::new(), Vec::new()];
    let mut costs = Vec::new();
    for round in 0..=ROUNDS {
        for at in turn(round) {
            let busy = gateway.cpu_ms()?;
            let mut times = load(targets[at], path, CONNECTIONS, ROUND).await?;
            let busy_us = (gateway.cpu_ms()? - busy) * 1000.0;
            if round > 0 && at == 1 {
                costs.push(busy_us / times.len() as f64);
            }
            // The first round warms pools and caches.
            if round > 0 {
                rates[at].push(times.len() as f64 / ROUND.as_secs_f64());
                tails[at].push(micros(quantile(&mut times, 0.99)));
            }
        }
    }
    for (at, engine) in ["direct", "gateway"].into_iter().enumerate() {
        report.row(
            "get, 16 connections",
            size,
            engine,
            "requests/s",
            Better::More,
            &rates[at],
        );
        report.row("get, 16 connections, p99", size, engine, "µs", Better::Less, &tails[at]);
    }
    // The number that other work on the machine disturbs least.
    report.row(
        "get, 16 connections, processor time each",
        size,
        "gateway",
        "µs",
        Better::Less,
        &costs,
    );
    Ok(())
}

/// Time of one request when nothing else is going on.
async fn latency(report: &mut Report, targets: [&Target; 2]) -> Result<(), Box<dyn Error>> {
    let mut clients = [Client::open(targets[0]).await?, Client::open(targets[1]).await?];
    let mut medians = [Vec::new(), Vec::new()];
    let mut tails = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for at in turn(round) {
            let mut times = Vec::with_capacity(ONE_BY_ONE);
            for _ in 0..ONE_BY_ONE {
                times.push(clients[at].get(OBJECT).await?);
            }
            if round > 0 {
                medians[at].push(micros(quantile(&mut times, 0.5)));
                tails[at].push(micros(quantile(&mut times, 0.99)));
            }
        }
    }
    for (work, samples) in [
        ("get, one at a time, p50", &medians),
        ("get, one at a time, p99", &tails),
    ] {
        report.row(work, "2 KiB object", "direct", "µs", Better::Less, &samples[0]);
        report.row(work, "2 KiB object", "gateway", "µs", Better::Less, &samples[1]);
        let added: Vec<f64> = samples[1]
            .iter()
            .zip(&samples[0])
            .map(|(with, without)| with - without)
            .collect();
        report.row(
            &format!("{work}, added"),
            "2 KiB object",
            "gateway",
            "µs",
            Better::Less,
            &added,
        );
    }
    Ok(())
}

/// Memory and processor time of the gateway while 1,000 watches say nothing.
async fn idle_watches(report: &mut Report, gateway: &Gateway, target: &Target) -> Result<(), Box<dyn Error>> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = gateway.memory_kib()?;
    let mut open = Vec::with_capacity(WATCHES);
    for _ in 0..WATCHES {
        let mut client = Client::open(target).await?;
        client.watch(&format!("{LIST}?watch=true")).await?;
        open.push(client);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = gateway.memory_kib()?;
    let mut shares = Vec::new();
    for _ in 0..3 {
        let busy = gateway.cpu_ms()?;
        tokio::time::sleep(IDLE).await;
        shares.push((gateway.cpu_ms()? - busy) / IDLE.as_millis() as f64 * 100.0);
    }
    report.row(
        "idle watches, memory in all",
        "1,000",
        "gateway",
        "MiB",
        Better::Less,
        &[after / 1024.0],
    );
    let each = (after - before) / WATCHES as f64;
    report.row(
        "idle watches, memory each",
        "1,000",
        "gateway",
        "KiB",
        Better::Less,
        &[each],
    );
    report.row(
        "idle watches, of one core",
        "1,000",
        "gateway",
        "%",
        Better::Less,
        &shares,
    );
    drop(open);
    Ok(())
}

/// Who goes first changes every round.
fn turn(round: usize) -> [usize; 2] {
    if round.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn quantile(times: &mut [Duration], q: f64) -> Duration {
    times.sort_unstable();
    let at = (times.len().saturating_sub(1)) as f64 * q;
    times.get(at.round() as usize).copied().unwrap_or_default()
}
