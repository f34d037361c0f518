//! Lays out the graph on standard input: `time RUNS BUNDLE_ABOVE` prints, as JSON, CPU milliseconds and the drawing;
//! `once BUNDLE_ABOVE` lays out twice, the second time warm, for callgrind to count.

use flowdeck_bench_graph::{graph, options};
use flowdeck_graph::{Graph, Layout, Scratch, layout_into};
use std::io::{Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| {
        args.get(at)
            .ok_or("a number is missing")
            .map(|word| word.parse::<usize>())
    };
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let graph = graph(&text).ok_or("not a graph")?;
    match args.first().map(String::as_str) {
        Some("time") => time(&graph, number(1)??, number(2)??),
        Some("once") => {
            let (mut scratch, mut out) = (Scratch::default(), Layout::default());
            for _ in 0..2 {
                layout_into(&graph, &options(number(1)??), &mut scratch, &mut out);
            }
            Ok(())
        }
        _ => Err("time or once?".into()),
    }
}

fn time(graph: &Graph, runs: usize, bundle_above: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (mut scratch, mut out) = (Scratch::default(), Layout::default());
    let mut times = Vec::new();
    for _ in 0..=runs {
        // The scheduler counts in ticks: small layouts are repeated until they take a while.
        let (began, mut count) = (cpu_ms()?, 0.0);
        while count == 0.0 || (cpu_ms()? - began < 60.0 && count < 5_000.0) {
            layout_into(graph, &options(bundle_above), &mut scratch, &mut out);
            count += 1.0;
        }
        times.push(format!("{:.4}", (cpu_ms()? - began) / count));
    }
    let rects = out.rects().iter();
    let rects: Vec<String> = rects
        .map(|rect| format!("[{},{},{},{}]", rect.x, rect.y, rect.width, rect.height))
        .collect();
    let route = |edge: u32| {
        let points = out.route(edge).iter();
        let points: Vec<String> = points.map(|point| format!("[{},{}]", point.x, point.y)).collect();
        format!("[{}]", points.join(","))
    };
    let routes: Vec<String> = (0..graph.edges().len() as u32).map(route).collect();
    let (times, rects, routes) = (times.join(","), rects.join(","), routes.join(","));
    writeln!(
        std::io::stdout().lock(),
        "{{\"times\":[{times}],\"rects\":[{rects}],\"routes\":[{routes}]}}"
    )?;
    Ok(())
}

/// The time that this thread has been on a processor, as Linux counts it.
fn cpu_ms() -> Result<f64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<f64>()? / 1e6)
}
