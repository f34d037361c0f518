//! Keeps 1,000 restless watches and 2,000 requests a second going for five minutes: is memory flat, is any answer wrong?
//!
//! Requests are sent when they are due, and timed from then: one that waits for a late one before it counts its waiting.

use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};

use tokio::time::{sleep, sleep_until};

use crate::{
    LIST, OBJECT, WATCHES,
    client::{Client, Target},
    gateway::Gateway,
    micros, quantile,
    report::{Better, Report},
};

const RATE: u32 = 2000;
const CONNECTIONS: u32 = 50;
const TIME: Duration = Duration::from_secs(300);
/// Pools and caches fill until here; memory is compared from here on.
const WARM: Duration = Duration::from_secs(30);
const SAMPLE: Duration = Duration::from_secs(10);

/// Runs it; `FLOWDECK_SOAK_SECONDS` makes it shorter or longer.
///
/// # Errors
/// Any answer that is not a 200, any stream that ends or leaves out an event.
pub async fn run(report: &mut Report, gateway: &Gateway, target: &Target) -> Result<(), Box<dyn Error>> {
    let asked = std::env::var("FLOWDECK_SOAK_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let time = asked.map_or(TIME, Duration::from_secs).max(WARM + SAMPLE);
    let mut clients = Vec::with_capacity(WATCHES);
    for _ in 0..WATCHES {
        clients.push(Client::open(target).await?);
    }
    let (began, end) = (Instant::now(), Instant::now() + time);
    let watches: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move { client.follow(&format!("{LIST}?watch=true&restless=1"), end).await })
        })
        .collect();
    let mut loads = Vec::new();
    for at in 0..CONNECTIONS {
        loads.push(tokio::spawn(paced(Client::open(target).await?, at, began, end)));
    }

    let (mut memory, busy) = (Vec::new(), gateway.cpu_ms()?);
    while Instant::now() + SAMPLE < end {
        sleep(SAMPLE).await;
        let used = gateway.memory_kib()? / 1024.0;
        println!("{:>4} s: {used:.1} MiB", began.elapsed().as_secs());
        if began.elapsed() > WARM {
            memory.push(used);
        }
    }
    let mut times = Vec::new();
    for task in loads {
        times.extend(task.await??);
    }
    let mut events = 0;
    for task in watches {
        events += task.await??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let size = format!("{WATCHES} watches, {RATE}/s, {} s", time.as_secs());
    let mut row = |work: &str, unit, samples: &[f64]| report.row(work, &size, "gateway", unit, Better::Less, samples);
    row("requests", "", &[times.len() as f64]);
    row("events, none left out", "", &[events as f64]);
    row(
        "get, from when it was due, p50",
        "µs",
        &[micros(quantile(&mut times, 0.5))],
    );
    row(
        "get, from when it was due, p99",
        "µs",
        &[micros(quantile(&mut times, 0.99))],
    );
    row("memory after 30 s", "MiB", &memory);
    let third = memory.len().div_ceil(3);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    row(
        "memory, last third less first",
        "MiB",
        &[mean(&memory[memory.len() - third..]) - mean(&memory[..third])],
    );
    row("of one core", "%", &[(gateway.cpu_ms()? - busy) / seconds / 10.0]);
    Ok(())
}

/// Asks at its share of the rate.
async fn paced(mut client: Client, at: u32, began: Instant, end: Instant) -> io::Result<Vec<Duration>> {
    let step = Duration::from_secs(1) * CONNECTIONS / RATE;
    let mut due = began + step * at / CONNECTIONS;
    let mut times = Vec::new();
    while due < end {
        sleep_until(due.into()).await;
        client.get(OBJECT).await?;
        times.push(due.elapsed());
        due += step;
    }
    Ok(times)
}
