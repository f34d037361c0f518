//! Holds the believable world as tables: nodes, teams, volumes, and notebooks in every state.

use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A machine.
pub(super) struct Machine {
    pub(super) name: &'static str,
    cpu: &'static str,
    memory: &'static str,
    gpus: Option<&'static str>,
}

/// Enough for every notebook below, except for the ones that ask for too much.
pub(super) const NODES: &[Machine] = &[
    Machine {
        name: "worker-1",
        cpu: "8",
        memory: "32Gi",
        gpus: None,
    },
    Machine {
        name: "worker-2",
        cpu: "16",
        memory: "64Gi",
        gpus: None,
    },
    Machine {
        name: "gpu-1",
        cpu: "32",
        memory: "128Gi",
        gpus: Some("4"),
    },
];

/// A namespace, who owns it and what lives in it.
pub(super) struct Team {
    pub(super) name: &'static str,
    owner: &'static str,
    /// User and role: edit or view.
    pub(super) contributors: &'static [(&'static str, &'static str)],
    quota: &'static [(&'static str, &'static str)],
    pub(super) volumes: &'static [Volume],
    pub(super) notebooks: &'static [Server],
}

/// A claim.
pub(super) struct Volume {
    name: &'static str,
    suffix: &'static str,
    size: &'static str,
    class: &'static str,
    pub(super) age: Duration,
}

/// How a notebook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Running,
    /// Running, and nobody works in it.
    Idle,
    /// With this behaviour of its container.
    Acts(&'static str),
    /// Not running because of what it asks for.
    AsIs,
    Stopped,
    /// Deleted, and held by a volume that does not let go.
    Deleting,
}

/// A notebook.
pub(super) struct Server {
    pub(super) name: &'static str,
    kind: &'static str,
    image: &'static str,
    cpu: f64,
    memory_gi: f64,
    gpus: u32,
    pub(super) age: Duration,
    /// How long ago somebody worked in it.
    active: Option<Duration>,
    pub(super) state: State,
}

impl Server {
    /// The claim of the home folder.
    pub(super) fn workspace(&self) -> Volume {
        Volume {
            name: self.name,
            suffix: "-workspace",
            size: "10Gi",
            class: "standard",
            age: self.age,
        }
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const fn hours(count: u64) -> Duration {
    minutes(count * 60)
}

pub(super) const fn days(count: u64) -> Duration {
    hours(count * 24)
}

const JUPYTER: &str = "jupyter";
const CODE: &str = "group-one";
const RSTUDIO: &str = "group-two";

const ALICE: &str = "alice@example.com";
const VICTOR: &str = "victor@example.com";
const ADMIN: &str = "admin@example.com";

const fn volume(name: &'static str, size: &'static str, class: &'static str, age: Duration) -> Volume {
    Volume {
        name,
        suffix: "",
        size,
        class,
        age,
    }
}

/// Cores, GiB and GPUs.
type Size = (f64, f64, u32);

const fn server(
    name: &'static str,
    (kind, image): (&'static str, &'static str),
    (cpu, memory_gi, gpus): Size,
    (age, active): (Duration, Option<Duration>),
    state: State,
) -> Server {
    Server {
        name,
        kind,
        image,
        cpu,
        memory_gi,
        gpus,
        age,
        active,
        state,
    }
}

const SCIPY: (&str, &str) = (JUPYTER, "jupyter-scipy:v1.11");
const CUDA: (&str, &str) = (JUPYTER, "pytorch-cuda:v1.11");
const CODESERVER: (&str, &str) = (CODE, "codeserver:v1.11");

/// All namespaces.
pub(super) const TEAMS: &[Team] = &[
    Team {
        name: "research-vision",
        owner: ALICE,
        contributors: &[(VICTOR, "view")],
        quota: &[
            ("requests.cpu", "32"),
            ("requests.memory", "128Gi"),
            ("requests.nvidia.com/gpu", "4"),
        ],
        volumes: &[
            volume("datasets-shared", "500Gi", "standard", days(95)),
            volume("imagenet-mini", "60Gi", "fast", days(40)),
            volume("coco-2017", "40Gi", "standard", days(33)),
            volume("checkpoints", "200Gi", "fast", days(12)),
            volume("labels-export", "5Gi", "standard", days(20)),
            volume("wandb-cache", "20Gi", "standard", days(3)),
        ],
        notebooks: &[
            server(
                "vision-train-01",
                CUDA,
                (4.0, 16.0, 1),
                (hours(3), Some(minutes(2))),
                State::Running,
            ),
            server(
                "sweep-explorer",
                SCIPY,
                (0.5, 1.0, 0),
                (minutes(1), None),
                State::Acts("slow-pull"),
            ),
            server(
                "bert-finetune",
                (JUPYTER, "pytorch-full:v1.11"),
                (2.0, 8.0, 0),
                (days(2), Some(minutes(41))),
                State::Acts("oom"),
            ),
            server(
                "gpu-bench",
                CODESERVER,
                (16.0, 64.0, 8),
                (minutes(12), None),
                State::AsIs,
            ),
            server(
                "data-prep",
                SCIPY,
                (2.0, 8.0, 0),
                (days(5), Some(minutes(0))),
                State::Running,
            ),
            server(
                "r-analysis",
                (RSTUDIO, "rstudio:v1.11"),
                (1.0, 4.0, 0),
                (days(9), Some(hours(6))),
                State::Idle,
            ),
            server(
                "labels-review",
                SCIPY,
                (1.0, 2.0, 0),
                (days(21), Some(days(1))),
                State::Stopped,
            ),
            server(
                "demo-friday",
                SCIPY,
                (0.5, 1.0, 0),
                (days(30), Some(days(6))),
                State::Stopped,
            ),
            server(
                "llm-playground",
                (JUPYTER, "acme/llm:lates"),
                (8.0, 32.0, 1),
                (minutes(4), None),
                State::AsIs,
            ),
            server(
                "segmentation",
                CUDA,
                (4.0, 16.0, 1),
                (days(1), Some(minutes(14))),
                State::Idle,
            ),
            server(
                "tokenizer-dev",
                CODESERVER,
                (2.0, 4.0, 0),
                (hours(6), Some(minutes(3))),
                State::Running,
            ),
            server(
                "old-demo",
                (JUPYTER, "jupyter-scipy:v1.10"),
                (0.5, 1.0, 0),
                (days(90), None),
                State::Deleting,
            ),
        ],
    },
    Team {
        name: "research-nlp",
        owner: ALICE,
        contributors: &[],
        quota: &[("requests.cpu", "24"), ("requests.memory", "160Gi")],
        volumes: &[volume("corpora", "300Gi", "standard", days(70))],
        notebooks: &[
            server(
                "corpus-clean",
                SCIPY,
                (1.0, 4.0, 0),
                (days(4), Some(minutes(7))),
                State::Running,
            ),
            server("llama-eval", CUDA, (8.0, 64.0, 8), (minutes(25), None), State::AsIs),
            server(
                "prompt-lab",
                CODESERVER,
                (0.5, 2.0, 0),
                (days(11), Some(days(2))),
                State::Stopped,
            ),
        ],
    },
    Team {
        name: "team-platform",
        owner: ADMIN,
        contributors: &[],
        quota: &[],
        volumes: &[volume("shared-tools", "20Gi", "standard", days(50))],
        notebooks: &[
            server(
                "pipeline-dev",
                CODESERVER,
                (1.0, 2.0, 0),
                (days(7), Some(minutes(20))),
                State::Running,
            ),
            server(
                "nightly-checks",
                SCIPY,
                (0.5, 1.0, 0),
                (days(1), None),
                State::Acts("crash"),
            ),
            server(
                "probe-playground",
                SCIPY,
                (0.5, 1.0, 0),
                (hours(2), None),
                State::Acts("never-ready"),
            ),
        ],
    },
    Team {
        name: "victor-lab",
        owner: VICTOR,
        contributors: &[],
        quota: &[("requests.cpu", "4"), ("requests.memory", "16Gi")],
        volumes: &[],
        notebooks: &[server(
            "scratch",
            SCIPY,
            (0.5, 1.0, 0),
            (days(15), Some(days(15))),
            State::Stopped,
        )],
    },
];

/// The namespace of the load; alice's, so that she may look at it.
pub(super) const LOAD: Team = Team {
    name: "load",
    owner: ALICE,
    contributors: &[(VICTOR, "view")],
    quota: &[],
    volumes: &[],
    notebooks: &[],
};

pub(super) fn node(machine: &Machine) -> Value {
    let mut labels = json!({
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    });
    if machine.gpus.is_some() {
        labels["nvidia.com/gpu.product"] = json!("NVIDIA-A100-SXM4-40GB");
    }
    json!({"metadata": {"name": machine.name, "labels": labels}, "spec": {"providerID": format!("sandbox://{}", machine.name)}})
}

/// What a machine has; all of it is for pods.
pub(super) fn capacity(machine: &Machine) -> Value {
    let mut amounts =
        json!({"cpu": machine.cpu, "memory": machine.memory, "pods": "110", "ephemeral-storage": "200Gi"});
    if let Some(gpus) = machine.gpus {
        amounts["nvidia.com/gpu"] = json!(gpus);
    }
    json!({"capacity": amounts, "allocatable": amounts})
}

pub(super) fn profile(team: &Team) -> Value {
    let mut spec = json!({"owner": {"kind": "User", "name": team.owner}});
    if !team.quota.is_empty() {
        let hard: serde_json::Map<String, Value> = team
            .quota
            .iter()
            .map(|(resource, amount)| ((*resource).to_owned(), json!(amount)))
            .collect();
        spec["resourceQuotaSpec"] = json!({"hard": hard});
    }
    json!({"metadata": {"name": team.name}, "spec": spec})
}

pub(super) fn claim(volume: &Volume) -> Value {
    json!({
        "metadata": {"name": format!("{}{}", volume.name, volume.suffix)},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": volume.class,
            "resources": {"requests": {"storage": volume.size}},
        },
    })
}

/// A Notebook as Kubeflow's own web app writes it.
pub(super) fn notebook(server: &Server, team: &Team, now: Timestamp) -> Value {
    let name = server.name;
    let ago = |past: Duration| {
        let past = SignedDuration::try_from(past).unwrap_or_default();
        let time = now.checked_sub(past).unwrap_or(now);
        k8s_openapi::jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", time).unwrap_or_default()
    };
    let mut annotations = json!({
        "notebooks.kubeflow.org/server-type": server.kind,
        "notebooks.kubeflow.org/creator": team.owner,
    });
    if server.kind != JUPYTER {
        annotations["notebooks.kubeflow.org/http-rewrite-uri"] = json!("/");
    }
    if server.kind == RSTUDIO {
        let header = format!("{{\"X-RStudio-Root-Path\":\"/notebook/{}/{name}/\"}}", team.name);
        annotations["notebooks.kubeflow.org/http-headers-request-set"] = json!(header);
    }
    if let Some(active) = server.active {
        annotations["notebooks.kubeflow.org/last-activity"] = json!(ago(active));
        annotations["notebooks.kubeflow.org/last_activity_check_timestamp"] = json!(ago(Duration::ZERO));
    }
    let past = match server.state {
        // In the wait after the third restart.
        State::Acts("oom") => 137,
        State::Acts("slow-pull") => 38,
        _ => server.age.as_secs(),
    };
    annotations["sandbox.flowdeck.dev/history"] = json!(format!("{} {past}", ago(Duration::ZERO)));
    let mut metadata = json!({"name": name, "labels": {"app": name}});
    match server.state {
        State::Idle => annotations["sandbox.flowdeck.dev/activity"] = json!("idle"),
        State::Acts(behaviour) => {
            annotations["sandbox.flowdeck.dev/behaviour"] = json!(behaviour);
            annotations["sandbox.flowdeck.dev/activity"] = json!("idle");
        }
        State::Stopped => {
            annotations["kubeflow-resource-stopped"] = json!(ago(server.active.unwrap_or_default()));
        }
        State::Deleting => metadata["finalizers"] = json!(["sandbox.flowdeck.dev/volume-detach"]),
        State::Running | State::AsIs => {}
    }
    metadata["annotations"] = annotations;
    json!({"metadata": metadata, "spec": {"template": {"spec": pod(server)}}})
}

fn pod(server: &Server) -> Value {
    let image = if server.image.contains('/') {
        server.image.to_owned()
    } else {
        format!("ghcr.io/kubeflow/kubeflow/notebook-servers/{}", server.image)
    };
    let memory = |gi: f64| format!("{gi}Gi");
    // Kubeflow's spawner gives limits a fifth more than requests.
    let mut limits = json!({"cpu": tenths(server.cpu * 1.2), "memory": memory(tenths_of(server.memory_gi * 1.2))});
    if server.gpus > 0 {
        limits["nvidia.com/gpu"] = json!(server.gpus.to_string());
    }
    let workspace = format!("{}-workspace", server.name);
    json!({
        "serviceAccountName": "default-editor",
        "containers": [{
            "name": server.name,
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "env": [],
            "resources": {
                "requests": {"cpu": tenths(server.cpu), "memory": memory(server.memory_gi)},
                "limits": limits,
            },
            "volumeMounts": [
                {"mountPath": "/dev/shm", "name": "dshm"},
                {"mountPath": "/home/jovyan", "name": workspace},
            ],
        }],
        "volumes": [
            {"name": "dshm", "emptyDir": {"medium": "Memory"}},
            {"name": workspace, "persistentVolumeClaim": {"claimName": workspace}},
        ],
        "tolerations": [],
    })
}

fn tenths_of(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn tenths(number: f64) -> String {
    tenths_of(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vision_has_twelve_notebooks_and_eighteen_volumes() {
        let vision = &TEAMS[0];
        assert_eq!(vision.notebooks.len(), 12);
        assert_eq!(vision.notebooks.len() + vision.volumes.len(), 18);
    }

    #[test]
    fn what_runs_fits_the_quota_and_one_notebook_does_not() {
        let vision = &TEAMS[0];
        let running = |server: &&Server| !matches!(server.state, State::Stopped | State::Deleting);
        let (cpu, gpus) = vision
            .notebooks
            .iter()
            .filter(running)
            .filter(|server| server.name != "gpu-bench")
            .fold((0.0, 0), |(cpu, gpus), server| (cpu + server.cpu, gpus + server.gpus));
        assert!(cpu <= 32.0 && gpus == 3, "{cpu} {gpus}");
        assert!(cpu + 16.0 > 32.0);
    }

    #[test]
    fn notebook_is_written_as_the_spawner_does() {
        let vision = &TEAMS[0];
        let notebook = notebook(&vision.notebooks[0], vision, Timestamp::UNIX_EPOCH);
        let container = &notebook["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["resources"]["limits"]["cpu"], "4.8");
        assert_eq!(container["resources"]["limits"]["memory"], "19.2Gi");
        assert_eq!(container["resources"]["requests"]["memory"], "16Gi");
    }
}
