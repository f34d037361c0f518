//! Turns samples into rows, prints them as one table and writes target/bench/<name>.json, as bench/lib/report.mjs does.

use std::{error::Error, path::Path};

use serde::Serialize;

const PEER: &str = "direct";

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    Less,
    More,
}

#[derive(Debug, Serialize)]
struct Row {
    work: String,
    size: String,
    engine: &'static str,
    median: f64,
    min: f64,
    max: f64,
    runs: usize,
    unit: &'static str,
    better: Better,
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Conditions {
    cpu: String,
    cores: usize,
    kernel: String,
    load_average: String,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    name: &'a str,
    conditions: Conditions,
    rows: &'a [Row],
}

/// All rows.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds what `engine` needed for `work` at `size`.
    pub fn row(
        &mut self,
        work: &str,
        size: &str,
        engine: &'static str,
        unit: &'static str,
        better: Better,
        samples: &[f64],
    ) {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().map_or(f64::NAN, round);
        self.rows.push(Row {
            work: work.to_owned(),
            size: size.to_owned(),
            engine,
            median: at(sorted.len() / 2),
            min: at(0),
            max: at(sorted.len().saturating_sub(1)),
            runs: sorted.len(),
            unit,
            better,
            ratio: None,
            peer: None,
        });
    }

    /// Fills in ratios, prints and writes.
    pub fn finish(mut self, name: &str) -> Result<(), Box<dyn Error>> {
        self.compare();
        println!("\n{name}: median of the runs, ratio = times better than {PEER}");
        print_table(&self.rows);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench");
        std::fs::create_dir_all(&folder)?;
        let file = File {
            name,
            conditions: conditions(),
            rows: &self.rows,
        };
        std::fs::write(
            folder.join(format!("{name}.json")),
            serde_json::to_string_pretty(&file)? + "\n",
        )?;
        Ok(())
    }

    fn compare(&mut self) {
        let peers: Vec<_> = self
            .rows
            .iter()
            .filter(|r| r.engine == PEER)
            .map(|r| (r.work.clone(), r.size.clone(), r.median))
            .collect();
        for row in &mut self.rows {
            let Some((_, _, theirs)) = peers
                .iter()
                .find(|(work, size, _)| *work == row.work && *size == row.size)
            else {
                continue;
            };
            let quotient = if row.better == Better::Less {
                theirs / row.median
            } else {
                row.median / theirs
            };
            row.ratio = Some(round(quotient));
            row.peer = Some(PEER);
        }
    }
}

fn print_table(rows: &[Row]) {
    let head = ["work", "size", "engine", "median", "min", "max", "unit", "ratio"].map(str::to_owned);
    let lines = rows.iter().map(|row| {
        let ratio = row.ratio.map_or(String::new(), |ratio| format!("{ratio}x"));
        let [median, min, max] = [row.median, row.min, row.max].map(|n| n.to_string());
        [
            row.work.clone(),
            row.size.clone(),
            row.engine.to_owned(),
            median,
            min,
            max,
            row.unit.to_owned(),
            ratio,
        ]
    });
    let all: Vec<_> = std::iter::once(head).chain(lines).collect();
    let width = |column: usize| all.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..8).map(width).collect();
    for line in &all {
        let cells: Vec<_> = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:<width$}"))
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

fn conditions() -> Conditions {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let cpu = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    Conditions {
        cpu: cpu.trim_start_matches([' ', '\t', ':']).to_owned(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        load_average: read("/proc/loadavg").trim().to_owned(),
    }
}

/// Four digits are as many as a measurement has.
fn round(number: f64) -> f64 {
    if number.abs() >= 100.0 {
        return (number * 10.0).round() / 10.0;
    }
    format!("{number:.3e}").parse().unwrap_or(number)
}
