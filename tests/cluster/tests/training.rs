//! Jobs that people create through the gateway go through their conditions under Kubeflow's real training operator; what
//! it wrote, as they saw it, is kept as fixtures.
//!
//! `tests/fixtures/training/` is recorded by this test: `FLOWDECK_RECORD=1 cargo test -p flowdeck-cluster --test training -- --ignored`.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};

use flowdeck_cluster::{Cluster, Gateway, Options};
use futures::StreamExt;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client};
use serde_json::{Value, json};

/// Whose owner is alice, and which victor may see.
const NAMESPACE: &str = "research-vision";

/// A job, how it is made, and the phases that it must go through, in order.
struct Course {
    name: &'static str,
    kind: &'static str,
    replicas: &'static str,
    types: [&'static str; 2],
    container: &'static str,
    behaviour: &'static str,
    suspended: bool,
    phases: &'static [&'static str],
}

const COURSES: [Course; 6] = [
    Course {
        name: "pytorchjob-succeeds",
        behaviour: "complete",
        phases: &["Created", "Running", "Succeeded"],
        ..PYTORCH
    },
    Course {
        name: "pytorchjob-fails",
        behaviour: "fail",
        phases: &["Created", "Running", "Failed"],
        ..PYTORCH
    },
    Course {
        name: "pytorchjob-restarts",
        behaviour: "preempted",
        phases: &["Created", "Running", "Restarting"],
        ..PYTORCH
    },
    Course {
        name: "pytorchjob-suspended",
        behaviour: "complete",
        suspended: true,
        phases: &["Suspended", "Created", "Running", "Succeeded"],
        ..PYTORCH
    },
    Course {
        name: "tfjob-succeeds",
        behaviour: "complete",
        phases: &["Created", "Running", "Succeeded"],
        ..TENSORFLOW
    },
    Course {
        name: "tfjob-fails",
        behaviour: "fail",
        phases: &["Created", "Running", "Failed"],
        ..TENSORFLOW
    },
];

const PYTORCH: Course = Course {
    name: "",
    kind: "PyTorchJob",
    replicas: "pytorchReplicaSpecs",
    types: ["Master", "Worker"],
    container: "pytorch",
    behaviour: "run",
    suspended: false,
    phases: &[],
};

const TENSORFLOW: Course = Course {
    kind: "TFJob",
    replicas: "tfReplicaSpecs",
    types: ["Chief", "Worker"],
    container: "tensorflow",
    ..PYTORCH
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/training")
}

/// What a job's conditions say, whatever their order: only those that are true vote.
fn phase(job: &Value) -> Option<&'static str> {
    let conditions = job["status"]["conditions"].as_array()?;
    let is_true = |kind: &str| {
        conditions
            .iter()
            .any(|condition| condition["type"] == kind && condition["status"] == "True")
    };
    ["Failed", "Succeeded", "Suspended", "Restarting", "Running", "Created"]
        .into_iter()
        .find(|kind| is_true(kind))
}

impl Course {
    fn job(&self) -> DynamicObject {
        let replica = |count: u32| {
            json!({
                "replicas": count,
                "restartPolicy": if self.behaviour == "preempted" { "ExitCode" } else { "Never" },
                "template": {
                    "metadata": {"annotations": {"sandbox.flowdeck.dev/behaviour": self.behaviour}},
                    "spec": {"containers": [{
                        "name": self.container,
                        "image": "registry.example.com/train:1",
                        // The namespace's quota takes no pod that does not say it.
                        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}},
                    }]},
                },
            })
        };
        serde_json::from_value(json!({
            "apiVersion": "kubeflow.org/v1",
            "kind": self.kind,
            "metadata": {"name": self.name},
            "spec": {
                "runPolicy": {"cleanPodPolicy": "None", "suspend": self.suspended},
                self.replicas: {self.types[0]: replica(1), self.types[1]: replica(2)},
            },
        }))
        .expect("a job")
    }

    /// Jobs of its kind in alice's namespace, for somebody.
    fn jobs(&self, client: &Client) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("kubeflow.org", "v1", self.kind);
        Api::namespaced_with(client.clone(), NAMESPACE, &ApiResource::from_gvk(&kind))
    }

    /// Creates the job and follows it until it had all its phases; the first object of each.
    async fn run(&self, client: &Client) -> Vec<Value> {
        let jobs = self.jobs(client);
        let only = watcher::Config::default().fields(&format!("metadata.name={}", self.name));
        let mut changes = pin!(watcher::watcher(jobs.clone(), only));
        jobs.create(&PostParams::default(), &self.job()).await.expect("created");
        let mut seen: Vec<Value> = Vec::new();
        while let Some(change) = changes.next().await {
            let (Event::Apply(job) | Event::InitApply(job)) = change.expect("a watch") else {
                continue;
            };
            let job = serde_json::to_value(job).expect("JSON");
            let Some(now) = phase(&job) else { continue };
            if seen.last().is_some_and(|last| phase(last) == Some(now)) {
                continue;
            }
            seen.push(job);
            if now == "Suspended" {
                let resume = json!({"spec": {"runPolicy": {"suspend": false}}});
                let resume = Patch::Merge(&resume);
                jobs.patch(self.name, &PatchParams::default(), &resume)
                    .await
                    .expect("resumed");
            }
            if Some(&now) == self.phases.last() {
                break;
            }
        }
        seen
    }
}

fn write(course: &Course, seen: &[Value]) {
    let folder = fixtures().join(course.name);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (job, number) in seen.iter().zip(1..) {
        let name = format!("{number}-{}.json", phase(job).expect("a phase").to_lowercase());
        let text = serde_json::to_string_pretty(job).expect("JSON");
        std::fs::write(folder.join(name), text + "\n").expect("written");
    }
}

/// The program or folder that a variable names, or the one that `make build` leaves in the checkout.
fn built(variable: &str, otherwise: &str) -> PathBuf {
    let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(otherwise);
    std::env::var_os(variable).map_or_else(here, PathBuf::from)
}

/// The status of a refusal, and its words.
fn refusal(answer: Result<DynamicObject, kube::Error>) -> (u16, String) {
    match answer {
        Err(kube::Error::Api(status)) => (status.code, status.message),
        other => panic!("not refused by the API: {other:?}"),
    }
}

/// Waits for the owner's binding, which the profile controller makes last.
async fn until_allowed(jobs: &Api<DynamicObject>) {
    let began = Instant::now();
    while let Err(why) = jobs.list(&ListParams::default()).await {
        assert!(began.elapsed() < Duration::from_secs(60), "{why}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` and `make build` make"]
async fn jobs_go_through_their_conditions() {
    let options = Options {
        kubeflow: true,
        seed: true,
        training_operator: true,
        ..Options::default()
    };
    let cluster = Cluster::start(options).await.expect("a cluster");
    let program = built("FLOWDECK_GATEWAY", "target/release/flowdeck-gateway");
    let gateway = cluster
        .start_gateway(&program, &built("FLOWDECK_DIST", "dist"))
        .await
        .expect("a gateway");
    let alice = gateway.sign_in("alice@example.com").await.expect("alice");
    until_allowed(&PYTORCH.jobs(&alice)).await;
    for course in &COURSES {
        let run = tokio::time::timeout(Duration::from_secs(90), course.run(&alice)).await;
        let seen = run.unwrap_or_else(|_| panic!("{} is not done in 90 s", course.name));
        let phases: Vec<&str> = seen.iter().filter_map(phase).collect();
        assert_eq!(phases, course.phases, "{}", course.name);
        if std::env::var_os("FLOWDECK_RECORD").is_some() {
            write(course, &seen);
        }
    }
    // The real webhook speaks where a job makes no sense.
    let mut wrong = COURSES[0].job();
    wrong.metadata.name = Some("wrong".to_owned());
    let specs = &mut wrong.data["spec"]["pytorchReplicaSpecs"];
    specs["Boss"] = specs["Master"].take();
    specs.as_object_mut().expect("an object").remove("Master");
    let created = PYTORCH.jobs(&alice).create(&PostParams::default(), &wrong).await;
    let (_, why) = refusal(created);
    assert!(why.contains("spec.pytorchReplicaSpecs[Boss]"), "{why}");
    nobody_else_creates(&gateway, &alice).await;
}

/// Victor may look into alice's namespace, and the gateway's own right to be anybody gives him nothing more.
async fn nobody_else_creates(gateway: &Gateway, alice: &Client) {
    let victor = gateway.sign_in("victor@example.com").await.expect("victor");
    for course in [&PYTORCH, &TENSORFLOW] {
        let listed = course.jobs(&victor).list(&ListParams::default()).await;
        assert!(!listed.expect("victor's list").items.is_empty(), "{}", course.kind);
        let mut job = course.job();
        job.metadata.name = Some("of-victor".to_owned());
        let (code, why) = refusal(course.jobs(&victor).create(&PostParams::default(), &job).await);
        assert_eq!(code, 403, "{why}");
        let who = "User \"victor@example.com\" cannot create resource";
        assert!(why.contains(who), "{why}");
        let there = course.jobs(alice).get_opt("of-victor").await.expect("an answer");
        assert!(there.is_none(), "{}", course.kind);
    }
}

/// The numbers that begin the fixtures' names give their order.
fn recorded(course: &Course) -> Vec<Value> {
    let folder = fixtures().join(course.name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("recorded")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| serde_json::from_str(&std::fs::read_to_string(file).expect("text")).expect("JSON"))
        .collect()
}

#[test]
fn fixtures_hold_the_documented_conditions_in_order() {
    for course in &COURSES {
        let seen = recorded(course);
        let phases: Vec<&str> = seen.iter().filter_map(phase).collect();
        assert_eq!(phases, course.phases, "{}", course.name);
        for job in &seen {
            assert_eq!(job["kind"], course.kind);
            assert_eq!(job["metadata"]["namespace"], NAMESPACE);
            let conditions = job["status"]["conditions"].as_array().expect("conditions");
            for condition in conditions {
                for field in [
                    "type",
                    "status",
                    "reason",
                    "message",
                    "lastTransitionTime",
                    "lastUpdateTime",
                ] {
                    assert!(condition[field].is_string(), "{}: {field}", course.name);
                }
            }
        }
        let last = &seen[seen.len() - 1]["status"];
        let is_over = matches!(phases.last(), Some(&"Succeeded" | &"Failed"));
        assert_eq!(last["completionTime"].is_string(), is_over, "{}", course.name);
    }
}

#[test]
fn last_condition_is_not_always_the_phase() {
    // What the printer column of the definition shows is the last condition's type, true or not.
    let misled = COURSES.iter().flat_map(recorded).filter(|job| {
        let conditions = job["status"]["conditions"].as_array().expect("conditions");
        let last = &conditions[conditions.len() - 1];
        last["type"] != phase(job).expect("a phase")
    });
    assert!(misled.count() > 0);
}
