//! Counts what happens and prints it in Prometheus' text format.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const BUCKETS_S: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

#[derive(Default)]
struct Histogram {
    counts: [u64; BUCKETS_S.len() + 1],
    sum_s: f64,
}

#[derive(Default)]
struct Counters {
    requests: BTreeMap<(&'static str, u16), u64>,
    rejections: BTreeMap<&'static str, u64>,
    sign_ins: BTreeMap<(&'static str, &'static str), u64>,
    seconds: BTreeMap<&'static str, Histogram>,
    bytes: u64,
}

/// All counters of one gateway.
#[derive(Default)]
pub struct Metrics {
    counters: Mutex<Counters>,
}

impl Metrics {
    /// Counts a finished answer. Streams are left out of the durations: theirs say nothing.
    pub fn answered(
        &self,
        route: &'static str,
        status: u16,
        rejection: Option<&'static str>,
        bytes: u64,
        took: Option<Duration>,
    ) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.requests.entry((route, status)).or_default() += 1;
        counters.bytes += bytes;
        if let Some(slug) = rejection {
            *counters.rejections.entry(slug).or_default() += 1;
        }
        if let Some(took) = took {
            let seconds = took.as_secs_f64();
            let histogram = counters.seconds.entry(route).or_default();
            let bucket = BUCKETS_S
                .iter()
                .position(|&limit| seconds <= limit)
                .unwrap_or(BUCKETS_S.len());
            histogram.counts[bucket] += 1;
            histogram.sum_s += seconds;
        }
    }

    /// Counts an attempt to sign in.
    pub fn sign_in(&self, way: &'static str, worked: bool) {
        let result = if worked { "ok" } else { "refused" };
        *self
            .counters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .sign_ins
            .entry((way, result))
            .or_default() += 1;
    }

    /// The page that Prometheus reads; gauges are passed in as they are now.
    pub fn page(&self, sessions: usize, streams: usize) -> String {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = String::new();
        head(&mut page, "flowdeck_sessions", "gauge", "Sessions that are open.");
        line(&mut page, format_args!("flowdeck_sessions {sessions}"));
        head(
            &mut page,
            "flowdeck_streams",
            "gauge",
            "Watches, followed logs and WebSockets that are open.",
        );
        line(&mut page, format_args!("flowdeck_streams {streams}"));
        head(
            &mut page,
            "flowdeck_response_bytes_total",
            "counter",
            "Bytes of response bodies.",
        );
        line(
            &mut page,
            format_args!("flowdeck_response_bytes_total {}", counters.bytes),
        );
        head(
            &mut page,
            "flowdeck_requests_total",
            "counter",
            "Answers by part of the gateway and status.",
        );
        for ((route, status), count) in &counters.requests {
            line(
                &mut page,
                format_args!("flowdeck_requests_total{{route=\"{route}\",code=\"{status}\"}} {count}"),
            );
        }
        head(
            &mut page,
            "flowdeck_rejections_total",
            "counter",
            "The gateway's own refusals.",
        );
        for (slug, count) in &counters.rejections {
            line(
                &mut page,
                format_args!("flowdeck_rejections_total{{why=\"{slug}\"}} {count}"),
            );
        }
        head(&mut page, "flowdeck_sign_ins_total", "counter", "Attempts to sign in.");
        for ((way, result), count) in &counters.sign_ins {
            line(
                &mut page,
                format_args!("flowdeck_sign_ins_total{{way=\"{way}\",result=\"{result}\"}} {count}"),
            );
        }
        head(
            &mut page,
            "flowdeck_request_seconds",
            "histogram",
            "Time until the last byte, streams left out.",
        );
        for (route, histogram) in &counters.seconds {
            let mut below = 0;
            for (at, count) in histogram.counts.iter().enumerate() {
                below += count;
                let limit = BUCKETS_S.get(at).map_or("+Inf".to_owned(), f64::to_string);
                line(
                    &mut page,
                    format_args!("flowdeck_request_seconds_bucket{{route=\"{route}\",le=\"{limit}\"}} {below}"),
                );
            }
            line(
                &mut page,
                format_args!("flowdeck_request_seconds_sum{{route=\"{route}\"}} {}", histogram.sum_s),
            );
            line(
                &mut page,
                format_args!("flowdeck_request_seconds_count{{route=\"{route}\"}} {below}"),
            );
        }
        page
    }
}

fn head(page: &mut String, name: &str, kind: &str, help: &str) {
    line(page, format_args!("# HELP {name} {help}"));
    line(page, format_args!("# TYPE {name} {kind}"));
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    page.write_fmt(text).unwrap_or_default();
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_printed_with_cumulative_buckets() {
        let metrics = Metrics::default();
        metrics.answered("k8s", 200, None, 10, Some(Duration::from_millis(2)));
        metrics.answered("k8s", 403, Some("origin"), 5, Some(Duration::from_secs(9)));
        metrics.sign_in("link", true);
        let page = metrics.page(3, 2);
        for expect in [
            "flowdeck_sessions 3\n",
            "flowdeck_streams 2\n",
            "flowdeck_response_bytes_total 15\n",
            "flowdeck_requests_total{route=\"k8s\",code=\"200\"} 1\n",
            "flowdeck_rejections_total{why=\"origin\"} 1\n",
            "flowdeck_sign_ins_total{way=\"link\",result=\"ok\"} 1\n",
            "le=\"0.0025\"} 1\n",
            "le=\"+Inf\"} 2\n",
            "flowdeck_request_seconds_count{route=\"k8s\"} 2\n",
        ] {
            assert!(page.contains(expect), "{expect} in {page}");
        }
    }
}
