//! Writes the lines of a run: a start like `JupyterLab`'s, then life at a steady pace, and last words before a crash.
//!
//! Every line is a function of its number, so that the end of a long log costs no more than its beginning.

use jiff::{SignedDuration, Timestamp};

use crate::logs::run::Run;

/// After its start a run says a line about this often.
const PACE_MILLIS: i64 = 2_500;
/// The lines of the start are this far apart.
const START_MILLIS: i64 = 140;

/// The lines of one run.
#[derive(Debug)]
pub(super) struct Lines {
    started: Timestamp,
    ended: Option<Timestamp>,
    seed: u64,
    jupyter: bool,
    start: Vec<(Level, &'static str, String)>,
    last: Vec<String>,
    user: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    Warning,
    Error,
}

impl Lines {
    /// The lines of a run.
    pub(super) fn new(run: &Run) -> Self {
        let seed = mix(run
            .pod_uid
            .bytes()
            .chain(run.container.bytes())
            .fold(run.restarts.unsigned_abs(), |hash, byte| {
                hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
            }));
        let jupyter = run.prefix.is_some()
            || ["jupyter", "notebook", "lab"]
                .iter()
                .any(|word| run.image.contains(word));
        let start = if jupyter { jupyter_start(run) } else { plain_start(run) };
        let last = run
            .ended
            .as_ref()
            .map(|(_, reason)| last_words(reason))
            .unwrap_or_default();
        Self {
            started: run.started,
            ended: run.ended.as_ref().map(|(time, _)| *time),
            seed,
            jupyter,
            start,
            last,
            user: run.namespace.clone(),
        }
    }

    /// How many lines have been said before this time.
    pub(super) fn count(&self, time: Timestamp) -> u64 {
        let until = self.ended.map_or(time, |ended| ended.min(time));
        let millis = until.duration_since(self.started).as_millis();
        let start = i128::try_from(self.start.len()).unwrap_or(0);
        let said = if millis < 0 {
            0
        } else {
            let starting = (millis / i128::from(START_MILLIS) + 1).min(start);
            let steady = (millis - start * i128::from(START_MILLIS)).max(0) / i128::from(PACE_MILLIS);
            starting + steady
        };
        let words = if self.ended.is_some_and(|ended| time >= ended) {
            self.last.len() as u64
        } else {
            0
        };
        u64::try_from(said).unwrap_or(0) + words
    }

    /// The number of the first line that was not said before this time.
    pub(super) fn first_since(&self, since: Timestamp) -> u64 {
        let mut number = self.count(since);
        while number > 0 && self.line(number - 1).0 >= since {
            number -= 1;
        }
        // A line says that it is up to a second older than the moment at which it can be read.
        let later = since.checked_add(SignedDuration::from_secs(1));
        let end = self.count(later.unwrap_or(Timestamp::MAX));
        while number < end && self.line(number).0 < since {
            number += 1;
        }
        number
    }

    /// The line with this number, and when it was said.
    pub(super) fn line(&self, number: u64) -> (Timestamp, String) {
        if let Some(ended) = self.ended {
            let usual = self.count(ended) - self.last.len() as u64;
            if let Some(words) = number
                .checked_sub(usual)
                .and_then(|at| self.last.get(usize::try_from(at).ok()?))
            {
                return (ended, words.clone());
            }
        }
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some((level, source, text)) = self.start.get(at) {
            let time = self.after(START_MILLIS * i64::try_from(number).unwrap_or(0));
            return (time, self.dress(*level, source, time, text, false));
        }
        let steady = number - self.start.len() as u64;
        let random = mix(self.seed ^ steady.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let offset = START_MILLIS * i64::try_from(self.start.len()).unwrap_or(0)
            + PACE_MILLIS * i64::try_from(steady + 1).unwrap_or(0);
        let time = self.after(offset - i64::try_from(random % 900).unwrap_or(0));
        let (level, source, text) = if self.jupyter {
            self.jupyter_line(steady, random)
        } else {
            plain_line(steady, random)
        };
        (
            time,
            self.dress(
                level,
                source,
                time,
                &text,
                random.is_multiple_of(5) || level != Level::Info,
            ),
        )
    }

    fn after(&self, millis: i64) -> Timestamp {
        self.started
            .checked_add(SignedDuration::from_millis(millis))
            .unwrap_or(self.started)
    }

    fn dress(&self, level: Level, source: &str, time: Timestamp, text: &str, coloured: bool) -> String {
        let (letter, colour) = match level {
            Level::Info => ('I', 32),
            Level::Warning => ('W', 33),
            Level::Error => ('E', 31),
        };
        let stamp = format!("{time:.3}").replace('T', " ").replace('Z', "");
        let head = if self.jupyter {
            format!("[{letter} {stamp} {source}]")
        } else {
            format!("{stamp} {letter} {source}")
        };
        if coloured {
            format!("\u{1b}[{colour}m{head}\u{1b}[m {text}")
        } else {
            format!("{head} {text}")
        }
    }

    fn jupyter_line(&self, number: u64, random: u64) -> (Level, &'static str, String) {
        let kernel = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            self.seed & 0xffff_ffff,
            (number / 40) & 0xffff,
            random >> 8 & 0xfff,
            random >> 20 & 0xfff,
            self.seed >> 16
        );
        let cell = random >> 32 & 0x3f;
        match random % 11 {
            0 => (
                Level::Info,
                "ServerApp",
                format!(
                    "Saving file at /work/{}.ipynb",
                    ["train", "explore", "features", "report"][usize::try_from(random >> 3 & 3).unwrap_or(0)]
                ),
            ),
            1 => (Level::Info, "ServerApp", format!("Kernel restarted: {kernel}")),
            2 => (
                Level::Warning,
                "ServerApp",
                "Notebook work/explore.ipynb is not trusted".to_owned(),
            ),
            3 => (Level::Info, "LabApp", "Build is up to date".to_owned()),
            4 => (
                Level::Info,
                "ServerApp",
                format!("Starting buffering for {kernel}:{:x}", random >> 40),
            ),
            5 => (
                Level::Info,
                "ServerApp",
                format!(
                    "302 GET /notebook/{}/ (@127.0.0.1) {:.2}ms",
                    self.user,
                    f64::from(u32::try_from(random >> 44 & 0xff).unwrap_or(1)) / 37.0
                ),
            ),
            6 if random.is_multiple_of(7) => (
                Level::Error,
                "ServerApp",
                format!("Uncaught exception in ZMQStream callback for kernel {kernel}"),
            ),
            6 | 7 => (
                Level::Info,
                "IPKernelApp",
                format!(
                    "epoch {} step {} loss={:.4} acc={:.4}",
                    number / 20 + 1,
                    number * 50,
                    2.5 / (1.0 + f64::from(u32::try_from(number % 10_000).unwrap_or(1)) / 30.0),
                    1.0 - 0.8 / (1.0 + f64::from(u32::try_from(number % 10_000).unwrap_or(1)) / 25.0)
                ),
            ),
            8 => (
                Level::Info,
                "IPKernelApp",
                format!(
                    "cell {cell} finished in {:.1} s",
                    f64::from(u32::try_from(random >> 50 & 0xff).unwrap_or(1)) / 10.0
                ),
            ),
            9 => (Level::Info, "ServerApp", format!("Connecting to kernel {kernel}.")),
            _ => (
                Level::Info,
                "ServerApp",
                format!("Adapting from protocol version 5.3 (kernel {kernel}) to 5.4 (client)."),
            ),
        }
    }
}

fn jupyter_start(run: &Run) -> Vec<(Level, &'static str, String)> {
    let prefix = run.prefix.clone().unwrap_or_default();
    let info = |source: &'static str, text: String| (Level::Info, source, text);
    vec![
        info(
            "ServerApp",
            "jupyter_lsp | extension was successfully linked.".to_owned(),
        ),
        info(
            "ServerApp",
            "jupyter_server_terminals | extension was successfully linked.".to_owned(),
        ),
        info(
            "ServerApp",
            "jupyterlab | extension was successfully linked.".to_owned(),
        ),
        info(
            "ServerApp",
            "notebook_shim | extension was successfully loaded.".to_owned(),
        ),
        (
            Level::Warning,
            "ServerApp",
            "All authentication is disabled.  Anyone who can connect to this server will be able to run code."
                .to_owned(),
        ),
        info(
            "LabApp",
            "JupyterLab extension loaded from /opt/conda/lib/python3.12/site-packages/jupyterlab".to_owned(),
        ),
        info(
            "LabApp",
            "JupyterLab application directory is /opt/conda/share/jupyter/lab".to_owned(),
        ),
        info(
            "ServerApp",
            "Serving notebooks from local directory: /home/jovyan".to_owned(),
        ),
        info("ServerApp", "Jupyter Server 2.17.0 is running at:".to_owned()),
        info("ServerApp", format!("http://{}:8888{prefix}/lab", run.pod_name)),
        info("ServerApp", format!("    http://127.0.0.1:8888{prefix}/lab")),
        info(
            "ServerApp",
            "Use Control-C to stop this server and shut down all kernels (twice to skip confirmation).".to_owned(),
        ),
    ]
}

fn plain_start(run: &Run) -> Vec<(Level, &'static str, String)> {
    vec![
        (
            Level::Info,
            "main",
            format!("starting {} in {}/{}", run.container, run.namespace, run.pod_name),
        ),
        (Level::Info, "main", format!("image {}", run.image)),
        (Level::Info, "main", "configuration read".to_owned()),
        (Level::Info, "http", "listening on 0.0.0.0:8080".to_owned()),
    ]
}

fn plain_line(number: u64, random: u64) -> (Level, &'static str, String) {
    match random % 6 {
        0 => (
            Level::Warning,
            "queue",
            format!("{} items wait longer than 1 s", random >> 8 & 0x3f),
        ),
        1 => (
            Level::Info,
            "worker",
            format!("batch {number} done in {} ms", random >> 12 & 0x3ff),
        ),
        _ => (
            Level::Info,
            "http",
            format!("GET /healthz 200 {} us", random >> 16 & 0xfff),
        ),
    }
}

fn last_words(reason: &str) -> Vec<String> {
    let lines: &[&str] = match reason {
        "OOMKilled" => &[
            "\u{1b}[31mTraceback (most recent call last):\u{1b}[m",
            "  File \"/home/jovyan/work/train.py\", line 118, in <module>",
            "    batch = torch.empty(size, dtype=torch.float32)",
            "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000, 1000)",
            "Killed",
        ],
        "Completed" => &["done"],
        _ => &[
            "\u{1b}[31mTraceback (most recent call last):\u{1b}[m",
            "  File \"/opt/conda/bin/jupyter-lab\", line 8, in <module>",
            "    sys.exit(main())",
            "  File \"/opt/conda/lib/python3.12/site-packages/traitlets/config/application.py\", line 1075, in launch_instance",
            "    app.initialize(argv)",
            "PermissionError: [Errno 13] Permission denied: '/home/jovyan/.local/share/jupyter/runtime/jupyter_cookie_secret'",
        ],
    };
    lines.iter().map(|&line| line.to_owned()).collect()
}

/// Spreads the bits of a number (splitmix64's last step).
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ended: Option<(i64, &str)>) -> Run {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap_or(Timestamp::UNIX_EPOCH);
        Run {
            pod_uid: "u".to_owned(),
            pod_name: "nb-0".to_owned(),
            namespace: "a".to_owned(),
            container: "nb".to_owned(),
            image: "jupyter".to_owned(),
            prefix: Some("/notebook/a/nb".to_owned()),
            restarts: 0,
            started: at(0),
            ended: ended.map(|(second, reason)| (at(second), reason.to_owned())),
        }
    }

    #[test]
    fn lines_are_in_order_and_repeatable() {
        let lines = Lines::new(&run(None));
        let end = lines.started + SignedDuration::from_secs(3600);
        let count = lines.count(end);
        assert!((1300..1500).contains(&count), "{count}");
        let all: Vec<_> = (0..count).map(|number| lines.line(number)).collect();
        assert!(all.is_sorted_by(|a, b| a.0 <= b.0));
        assert!(all.iter().all(|(time, _)| *time <= end));
        assert_eq!(all[700], Lines::new(&run(None)).line(700));
        assert!(all.iter().any(|(_, text)| text.contains("\u{1b}[33m")));
    }

    #[test]
    fn lines_since_a_time_are_those_not_said_before() {
        for lines in [Lines::new(&run(None)), Lines::new(&run(Some((60, "Error"))))] {
            let all = lines.count(lines.started + SignedDuration::from_secs(61));
            for number in 0..all {
                let time = lines.line(number).0;
                let first = lines.first_since(time);
                assert_eq!(lines.line(first).0, time, "{number}");
                assert!(first == 0 || lines.line(first - 1).0 < time, "{number}");
                let after = lines.first_since(time + SignedDuration::from_nanos(1));
                assert!(after > number, "{number}");
                assert!(lines.line(after - 1).0 <= time, "{number}");
            }
            assert_eq!(lines.first_since(Timestamp::MIN), 0);
        }
    }

    #[test]
    fn out_of_memory_has_last_words() {
        let lines = Lines::new(&run(Some((60, "OOMKilled"))));
        let count = lines.count(Timestamp::MAX);
        assert_eq!(lines.line(count - 1).1, "Killed");
        assert!(lines.line(count - 6).1.contains('['));
        assert_eq!(lines.count(lines.started - SignedDuration::from_secs(1)), 0);
    }
}
