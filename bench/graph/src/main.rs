//! Lays out the graph on standard input several times and prints, as JSON, the CPU milliseconds and the routes.

use flowdeck_bench_graph::{graph, options};
use flowdeck_graph::{Layout, Scratch, layout_into};
use std::io::{Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs: usize = std::env::args().nth(1).ok_or("how many runs?")?.parse()?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let graph = graph(&text).ok_or("not a graph")?;
    let (mut scratch, mut out) = (Scratch::default(), Layout::default());
    let mut times = Vec::new();
    for _ in 0..=runs {
        // The scheduler counts in ticks: small layouts are repeated until they take a while.
        let (began, mut count) = (cpu_ms()?, 0.0);
        while count == 0.0 || (cpu_ms()? - began < 60.0 && count < 5_000.0) {
            layout_into(&graph, &options(), &mut scratch, &mut out);
            count += 1.0;
        }
        times.push(format!("{:.4}", (cpu_ms()? - began) / count));
    }
    let rects: Vec<String> = out
        .rects()
        .iter()
        .map(|rect| format!("[{},{},{},{}]", rect.x, rect.y, rect.width, rect.height))
        .collect();
    let routes: Vec<String> = (0..graph.edges().len() as u32)
        .map(|edge| {
            let points: Vec<String> = out
                .route(edge)
                .iter()
                .map(|point| format!("[{},{}]", point.x, point.y))
                .collect();
            format!("[{}]", points.join(","))
        })
        .collect();
    let mut to = std::io::stdout().lock();
    writeln!(
        to,
        "{{\"times\":[{}],\"rects\":[{}],\"routes\":[{}]}}",
        times.join(","),
        rects.join(","),
        routes.join(",")
    )?;
    Ok(())
}

/// The time that this thread has been on a processor, as Linux counts it.
fn cpu_ms() -> Result<f64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<f64>()? / 1e6)
}
