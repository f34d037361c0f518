//! Says what a pod's containers do at any moment after it came to its node: a script by image and annotation.
//!
//! A function of time alone, so it goes on where it was after a restart. Texts and back-off times:
//! kubernetes v1.36.3, pkg/kubelet/images/image_manager.go, pkg/kubelet/kuberuntime, and
//! containerd 2 for the error of a missing image.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::controllers::api;

/// From being seen to the first pull: the sandbox container and its network.
const SANDBOX: Duration = Duration::from_millis(400);
/// How long a pull of a missing image takes to fail.
const FAILING_PULL: Duration = Duration::from_millis(1200);
/// How long `ErrImagePull` shows before the back-off does.
const SHOWN_ERROR: Duration = Duration::from_secs(3);
/// The first back-off; doubled each time.
const FIRST_BACKOFF: Duration = Duration::from_secs(10);
/// The longest back-off.
const LAST_BACKOFF: Duration = Duration::from_secs(300);
/// How long a slow registry takes.
const SLOW_PULL: Duration = Duration::from_secs(15 * 60);
/// Within this time of the seed a pod counts as seeded.
const FIRST_PODS: SignedDuration = SignedDuration::from_secs(60);
/// How often a failing readiness probe is said.
const PROBE: Duration = Duration::from_secs(10);

/// What the containers of a pod do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Runs,
    Crashes,
    RunsOutOfMemory,
    NeverReady,
    ImageMissing,
}

/// The course of a pod's life on its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    behaviour: Behaviour,
    /// How long the pull takes; none when the image is there.
    pull: Option<Duration>,
    /// How long a container of the failing kinds lives.
    life: Duration,
    image: String,
}

/// Where in its script a pod is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The pod is being set up; nothing is pulled yet.
    Creating,
    Pulling,
    PullFailed {
        attempt: u32,
    },
    PullBackOff {
        attempt: u32,
    },
    Running {
        restarts: u32,
        ready: bool,
        probe: u64,
    },
    /// Ended, and to be started again after this wait.
    CrashBackOff {
        restarts: u32,
        wait_s: u64,
    },
}

impl Step {
    /// Whether the node has the image by now.
    pub(super) fn has_image(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::CrashBackOff { .. })
    }
}

/// A step, since when it lasts and when the next one comes, counted from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) step: Step,
    pub(super) since: Duration,
    pub(super) next: Option<Duration>,
    /// How the container ended last time: exit code, reason, start and end.
    pub(super) last_end: Option<End>,
}

/// The end of a container's life, counted from the beginning of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) exit_code: i32,
    pub(super) reason: &'static str,
    pub(super) started: Duration,
    pub(super) finished: Duration,
}

/// When a pod's script began: now, unless its notebook was seeded with a past a moment ago.
pub(super) fn beginning(pod: &Pod, now: Timestamp, speed: f64) -> Timestamp {
    let past = || {
        let history = pod.metadata.annotations.as_ref()?.get(api::HISTORY)?;
        let (seeded, seconds) = history.split_once(' ')?;
        let seeded: Timestamp = seeded.parse().ok()?;
        let seconds: f64 = seconds.parse().ok()?;
        let created = pod.metadata.creation_timestamp.as_ref()?.0;
        // Pods that come later begin like all others.
        let first = created.duration_since(seeded) < FIRST_PODS;
        let past = SignedDuration::try_from_secs_f64(seconds / speed).ok()?;
        now.checked_sub(past).ok().filter(|_| first)
    };
    past().unwrap_or(now)
}

/// The image that decides: the first container's.
pub(super) fn image(pod: &Pod) -> &str {
    first(pod)
        .and_then(|container| container.image.as_deref())
        .unwrap_or_default()
}

/// The container that events are about.
pub(super) fn container(pod: &Pod) -> &str {
    first(pod).map_or("", |container| container.name.as_str())
}

fn first(pod: &Pod) -> Option<&k8s_openapi::api::core::v1::Container> {
    pod.spec.as_ref()?.containers.first()
}

/// Whether no registry has this image: names that say so, and the classic slip of the finger.
fn is_missing(image: &str) -> bool {
    image.contains("missing") || image.ends_with(":lates") || image.ends_with(":nope")
}

fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF
        .saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX))
        .min(LAST_BACKOFF)
}

impl Script {
    /// Chooses by image and annotation; `present` says that the node has the image.
    pub(super) fn of(pod: &Pod, present: bool) -> Self {
        let image = image(pod).to_owned();
        let wish = pod
            .metadata
            .annotations
            .as_ref()
            .and_then(|annotations| annotations.get(api::BEHAVIOUR))
            .map(String::as_str);
        let behaviour = match wish {
            _ if is_missing(&image) => Behaviour::ImageMissing,
            Some("crash") => Behaviour::Crashes,
            Some("oom") => Behaviour::RunsOutOfMemory,
            Some("never-ready") => Behaviour::NeverReady,
            _ => Behaviour::Runs,
        };
        let spread = api::fnv(pod.metadata.uid.as_deref().unwrap_or_default());
        let pull = match wish {
            Some("slow-pull") => Some(SLOW_PULL),
            _ if present && !always_pulls(pod) => None,
            // The registry answers at once for what is there.
            _ if present => Some(Duration::from_millis(300 + spread % 400)),
            _ => Some(Duration::from_millis(2000 + spread % 4000)),
        };
        Self {
            behaviour,
            pull,
            life: match behaviour {
                Behaviour::RunsOutOfMemory => Duration::from_secs(25),
                _ => Duration::from_secs(4),
            },
            image,
        }
    }

    /// What happens at `elapsed` after the beginning.
    pub(super) fn at(&self, elapsed: Duration) -> Plan {
        if elapsed < SANDBOX {
            return plan(Step::Creating, Duration::ZERO, Some(SANDBOX));
        }
        if self.behaviour == Behaviour::ImageMissing {
            return missing_at(elapsed);
        }
        let started = SANDBOX + self.pull.unwrap_or_default();
        if elapsed < started {
            return plan(Step::Pulling, SANDBOX, Some(started));
        }
        match self.behaviour {
            Behaviour::Crashes => self.failing_at(elapsed, started, (1, "Error")),
            Behaviour::RunsOutOfMemory => self.failing_at(elapsed, started, (137, "OOMKilled")),
            Behaviour::NeverReady => {
                let probe = (elapsed - started).as_secs() / PROBE.as_secs();
                let since = started + PROBE * u32::try_from(probe).unwrap_or(u32::MAX);
                let step = Step::Running {
                    restarts: 0,
                    ready: false,
                    probe,
                };
                Plan {
                    since: started,
                    ..plan(step, since, Some(since + PROBE))
                }
            }
            Behaviour::Runs | Behaviour::ImageMissing => {
                let step = Step::Running {
                    restarts: 0,
                    ready: true,
                    probe: 0,
                };
                plan(step, started, None)
            }
        }
    }

    /// Lives, ends, waits; the first restart comes at once, each later one after twice the wait.
    fn failing_at(&self, elapsed: Duration, started: Duration, (exit_code, reason): (i32, &'static str)) -> Plan {
        let mut begin = started;
        let mut last_end = None;
        let mut restarts = 0_u32;
        loop {
            let end = begin + self.life;
            if elapsed < end {
                let step = Step::Running {
                    restarts,
                    ready: true,
                    probe: 0,
                };
                return Plan {
                    last_end,
                    ..plan(step, begin, Some(end))
                };
            }
            last_end = Some(End {
                exit_code,
                reason,
                started: begin,
                finished: end,
            });
            let wait = if restarts == 0 {
                Duration::ZERO
            } else {
                backoff(restarts - 1)
            };
            if elapsed < end + wait {
                let step = Step::CrashBackOff {
                    restarts,
                    wait_s: wait.as_secs(),
                };
                return Plan {
                    last_end,
                    ..plan(step, end, Some(end + wait))
                };
            }
            begin = end + wait;
            restarts += 1;
            // From the longest wait on, every round is alike: whole rounds are skipped.
            if wait == LAST_BACKOFF {
                let round = self.life + LAST_BACKOFF;
                let rounds = u32::try_from((elapsed - begin).as_secs() / round.as_secs().max(1)).unwrap_or(0);
                let rounds = rounds.saturating_sub(1);
                begin += round * rounds;
                restarts += rounds;
                if rounds > 0 {
                    last_end = Some(End {
                        exit_code,
                        reason,
                        started: begin - round,
                        finished: begin - LAST_BACKOFF,
                    });
                }
            }
        }
    }
}

fn plan(step: Step, since: Duration, next: Option<Duration>) -> Plan {
    Plan {
        step,
        since,
        next,
        last_end: None,
    }
}

/// Tries, fails, shows the error, backs off, tries again.
fn missing_at(elapsed: Duration) -> Plan {
    let mut begin = SANDBOX;
    let mut attempt = 0_u32;
    loop {
        let failed = begin + FAILING_PULL;
        let again = failed + backoff(attempt);
        if attempt == 0 && elapsed < failed {
            return plan(Step::Pulling, begin, Some(failed));
        }
        let backed_off = failed + SHOWN_ERROR;
        if elapsed >= failed && elapsed < backed_off {
            return plan(Step::PullFailed { attempt }, failed, Some(backed_off));
        }
        // While it tries again the back-off still shows.
        if elapsed < again + FAILING_PULL {
            return plan(Step::PullBackOff { attempt }, backed_off, Some(again + FAILING_PULL));
        }
        begin = again;
        attempt += 1;
        if backoff(attempt) == LAST_BACKOFF {
            let round = FAILING_PULL + LAST_BACKOFF;
            let rounds = (elapsed - begin).as_millis() / round.as_millis();
            let rounds = u32::try_from(rounds).unwrap_or(0).saturating_sub(1);
            begin += round * rounds;
            attempt += rounds;
        }
    }
}

fn always_pulls(pod: &Pod) -> bool {
    first(pod).and_then(|container| container.image_pull_policy.as_deref()) == Some("Always")
}

/// The error of a registry that does not have the image, as containerd words it.
pub(super) fn pull_error(image: &str) -> String {
    let full = full_name(image);
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve image: {full}: not found"
    )
}

/// An image's name with the registry and tag that are meant when left out.
fn full_name(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let name = if first.contains('.') || first.contains(':') || first == "localhost" {
        image.to_owned()
    } else if first.is_empty() {
        format!("docker.io/library/{rest}")
    } else {
        format!("docker.io/{image}")
    };
    let last = name.rsplit('/').next().unwrap_or_default();
    if last.contains(':') || last.contains('@') {
        name
    } else {
        format!("{name}:latest")
    }
}

/// `name_namespace(uid)`, as the kubelet writes pods.
pub(super) fn pod_text(pod: &Pod) -> String {
    let meta = &pod.metadata;
    format!(
        "{}_{}({})",
        meta.name.as_deref().unwrap_or_default(),
        meta.namespace.as_deref().unwrap_or_default(),
        meta.uid.as_deref().unwrap_or_default()
    )
}

impl Plan {
    /// What the kubelet says when it comes to this step: reason, message, whether a warning.
    pub(super) fn says(&self, pod: &Pod, script: &Script) -> Vec<(&'static str, String, bool)> {
        let image = &script.image;
        let pulling = || ("Pulling", format!("Pulling image \"{image}\""), false);
        match &self.step {
            Step::Creating => Vec::new(),
            Step::Pulling => vec![pulling()],
            Step::PullFailed { attempt } => {
                let mut says = if *attempt > 0 { vec![pulling()] } else { Vec::new() };
                let why = pull_error(image);
                says.push(("Failed", format!("Failed to pull image \"{image}\": {why}"), true));
                says.push(("Failed", "Error: ErrImagePull".to_owned(), true));
                says
            }
            Step::PullBackOff { .. } => vec![
                ("BackOff", format!("Back-off pulling image \"{image}\""), false),
                ("Failed", "Error: ImagePullBackOff".to_owned(), true),
            ],
            Step::Running { probe, .. } if *probe > 0 => vec![(
                "Unhealthy",
                "Readiness probe failed: HTTP probe failed with statuscode: 503".to_owned(),
                true,
            )],
            Step::Running { restarts, .. } => {
                let pulled = match script.pull {
                    Some(took) if *restarts == 0 => {
                        let took = duration_text(took);
                        let size = 180_000_000 + api::fnv(image) % 3_000_000_000;
                        format!(
                            "Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {size} bytes."
                        )
                    }
                    _ => {
                        format!("Container image \"{image}\" already present on machine and can be accessed by the pod")
                    }
                };
                vec![
                    ("Pulled", pulled, false),
                    ("Created", "Container created".to_owned(), false),
                    ("Started", "Container started".to_owned(), false),
                ]
            }
            Step::CrashBackOff { .. } => vec![(
                "BackOff",
                format!(
                    "Back-off restarting failed container {} in pod {}",
                    container(pod),
                    pod_text(pod)
                ),
                true,
            )],
        }
    }
}

/// A duration as Go writes it, in whole milliseconds: `412ms`, `3.2s`, `15m0s`.
pub(super) fn duration_text(duration: Duration) -> String {
    let milli = duration.as_millis();
    if milli < 1000 {
        return format!("{milli}ms");
    }
    let (minutes, seconds) = (milli / 60_000, milli % 60_000);
    let mut text = format!("{}.{:03}", seconds / 1000, seconds % 1000);
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    if minutes > 0 {
        format!("{minutes}m{text}s")
    } else {
        format!("{text}s")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn script(image: &str, behaviour: Option<&str>) -> Script {
        let annotations = behaviour.map(|behaviour| json!({api::BEHAVIOUR: behaviour}));
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "p-0", "namespace": "n", "uid": "u", "annotations": annotations},
            "spec": {"containers": [{"name": "p", "image": image}]},
        }))
        .expect("a pod");
        Script::of(&pod, false)
    }

    fn steps(script: &Script, until: Duration) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = Duration::ZERO;
        while at < until {
            let plan = script.at(at);
            steps.push(plan.step);
            match plan.next {
                Some(next) => {
                    assert!(next > at, "time stands still at {at:?}");
                    at = next;
                }
                None => break,
            }
        }
        steps
    }

    #[test]
    fn plain_image_is_pulled_and_runs() {
        assert_eq!(
            steps(&script("img", None), Duration::from_secs(99)),
            [
                Step::Creating,
                Step::Pulling,
                Step::Running {
                    restarts: 0,
                    ready: true,
                    probe: 0
                }
            ]
        );
    }

    #[test]
    fn missing_image_alternates_error_and_backoff() {
        let steps = steps(&script("acme/llm:lates", None), Duration::from_secs(60));
        assert_eq!(steps[1], Step::Pulling);
        assert_eq!(steps[2], Step::PullFailed { attempt: 0 });
        assert_eq!(steps[3], Step::PullBackOff { attempt: 0 });
        assert_eq!(steps[4], Step::PullFailed { attempt: 1 });
    }

    #[test]
    fn crash_restarts_at_once_and_then_waits_longer() {
        let steps = steps(&script("img", Some("crash")), Duration::from_secs(60));
        let waits: Vec<u64> = steps
            .iter()
            .filter_map(|step| match step {
                Step::CrashBackOff { wait_s, .. } => Some(*wait_s),
                _ => None,
            })
            .collect();
        assert_eq!(waits, [10, 20, 40]);
    }

    #[test]
    fn long_crash_loops_are_found_without_walking_them() {
        let plan = script("img", Some("oom")).at(Duration::from_secs(400 * 86_400));
        let (Step::Running { restarts, .. } | Step::CrashBackOff { restarts, .. }) = plan.step else {
            panic!("neither running nor waiting")
        };
        assert!(restarts > 100_000, "{restarts}");
        assert_eq!(plan.last_end.map(|end| end.exit_code), Some(137));
        let missing = script("a:nope", None).at(Duration::from_secs(400 * 86_400));
        assert!(matches!(
            missing.step,
            Step::PullBackOff { .. } | Step::PullFailed { .. }
        ));
    }

    #[test]
    fn steady_rounds_agree_with_walked_ones() {
        let script = script("img", Some("crash"));
        let mut at = Duration::ZERO;
        let mut last = 0;
        while at < Duration::from_secs(6 * 3600) {
            let plan = script.at(at);
            if let Step::Running { restarts, .. } = plan.step {
                assert!(restarts == last || restarts == last + 1, "{last} then {restarts}");
                last = restarts;
            }
            at = plan.next.expect("it never rests");
        }
        assert!(last > 60);
    }

    #[test]
    fn only_a_pod_of_the_seed_has_a_past() {
        let now: Timestamp = "2026-11-24T12:00:30Z".parse().expect("a time");
        let born = |created: &str| {
            let pod: Pod = serde_json::from_value(json!({"metadata": {
                "creationTimestamp": created, "annotations": {api::HISTORY: "2026-11-24T12:00:00Z 3600"},
            }}))
            .expect("a pod");
            beginning(&pod, now, 1.0)
        };
        assert_eq!(born("2026-11-24T12:00:20Z"), now - SignedDuration::from_hours(1));
        assert_eq!(born("2026-11-24T12:05:00Z"), now);
    }

    #[test]
    fn durations_are_written_as_go_does() {
        for (milli, text) in [
            (412, "412ms"),
            (3200, "3.2s"),
            (2000, "2s"),
            (900_000, "15m0s"),
            (61_050, "1m1.05s"),
        ] {
            assert_eq!(duration_text(Duration::from_millis(milli)), text);
        }
    }

    #[test]
    fn short_names_get_registry_and_tag() {
        for (short, full) in [
            ("img", "docker.io/library/img:latest"),
            ("acme/llm:lates", "docker.io/acme/llm:lates"),
            ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ] {
            assert_eq!(full_name(short), full);
        }
    }
}
