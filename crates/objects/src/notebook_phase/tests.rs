//! Tests the phase: one small case a rule, objects as literals of JSON with the fields that matter.

use proptest::prelude::*;

use super::image::short_image;
use super::*;

/// 2026-11-24T12:00:00Z; times in the cases are `hh:mm:ss` of that day.
const NOW: &str = "12:00:00";

fn fill(text: &str) -> String {
    // `@12:00:00` → a whole time.
    let mut out = String::new();
    for (index, piece) in text.split('@').enumerate() {
        if index == 0 {
            out.push_str(piece);
        } else {
            out.push_str(&format!("\"2026-11-24T{}Z\"{}", &piece[..8], &piece[8..]));
        }
    }
    out
}

fn read<T: crate::json::Value + Default>(text: &str) -> T {
    crate::json::from_str(&fill(text)).unwrap_or_else(|e| panic!("{e}: {}", fill(text)))
}

/// A case: the Notebook `nb` (uid `n`), its StatefulSet (uid `s`, revision `r2`), its pod (uid `p`).
struct Given {
    notebook: Notebook,
    pod: Option<Pod>,
    set: Option<StatefulSet>,
    events: Vec<Event>,
}

fn notebook(annotations: &str) -> Notebook {
    read(&format!(
        r#"{{"metadata":{{"name":"nb","uid":"n","creationTimestamp":@08:00:00,"annotations":{{{annotations}}}}},
        "spec":{{"template":{{"spec":{{"containers":[{{"name":"sidecar","image":"proxy"}},{{"name":"nb","image":"acme/llm:lates",
        "resources":{{"requests":{{"cpu":"16","memory":"64Gi"}},"limits":{{"memory":"64Gi","nvidia.com/gpu":"8"}}}}}}],
        "volumes":[{{"name":"w","persistentVolumeClaim":{{"claimName":"nb-workspace"}}}}]}}}}}}}}"#
    ))
}

fn given() -> Given {
    Given {
        notebook: notebook(""),
        pod: None,
        set: Some(read(
            r#"{"metadata":{"name":"nb","uid":"s","generation":2,"creationTimestamp":@08:00:00},"spec":{"replicas":1},
            "status":{"observedGeneration":2,"updateRevision":"r2","currentRevision":"r2"}}"#,
        )),
        events: Vec::new(),
    }
}

/// The same with a pod: what stands in its metadata, spec and status beside the usual.
fn with_pod(meta: &str, status: &str) -> Given {
    let mut out = given();
    out.pod = Some(read(&format!(
        r#"{{"metadata":{{"name":"nb-0","uid":"p","creationTimestamp":@11:50:00,"labels":{{"controller-revision-hash":"r2"}},
        "ownerReferences":[{{"kind":"StatefulSet","uid":"s","controller":true}}]{meta}}},
        "spec":{{"nodeName":"gpu-1","containers":[{{"name":"sidecar","image":"proxy"}},{{"name":"nb","image":"acme/llm:lates",
        "resources":{{"requests":{{"cpu":"16","memory":"64Gi"}},"limits":{{"memory":"64Gi","nvidia.com/gpu":"8"}}}}}}]}},
        "status":{{{status}}}}}"#
    )));
    out
}

/// A pod whose container `nb` has this state; `rest` goes on inside its status.
fn with_state(state: &str, rest: &str) -> Given {
    with_pod(
        "",
        &format!(
            r#""phase":"Running","conditions":[{{"type":"PodScheduled","status":"True","lastTransitionTime":@11:50:01}},
            {{"type":"Ready","status":"False","reason":"ContainersNotReady"}}],
            "containerStatuses":[{{"name":"sidecar","ready":true,"state":{{"running":{{}}}}}},
            {{"name":"nb","state":{state}{rest}}}]"#
        ),
    )
}

fn with_condition(reason: &str, message: &str) -> Given {
    let message = serde_json::to_string(message).unwrap();
    with_pod(
        "",
        &format!(
            r#""phase":"Pending","conditions":[{{"type":"PodScheduled","status":"False","reason":"{reason}","message":{message},
            "lastTransitionTime":@11:50:00}}]"#
        ),
    )
}

impl Given {
    fn event(mut self, kind: &str, uid: &str, reason: &str, at: &str, message: &str) -> Self {
        let message = serde_json::to_string(message).unwrap();
        let version = self.events.len() + 100;
        let name = if kind == "Pod" { "nb-0" } else { "nb" };
        self.events.push(read(&format!(
            r#"{{"metadata":{{"resourceVersion":"{version}"}},"involvedObject":{{"kind":"{kind}","name":"{name}","uid":"{uid}"}},
            "reason":"{reason}","message":{message},"lastTimestamp":@{at}}}"#
        )));
        self
    }

    fn pod_event(self, reason: &str, at: &str, message: &str) -> Self {
        self.event("Pod", "p", reason, at, message)
    }

    fn phase(&self) -> NotebookPhase {
        self.phase_at(NOW)
    }

    fn phase_at(&self, now: &str) -> NotebookPhase {
        let now = Timestamp::parse(&format!("2026-11-24T{now}Z")).unwrap();
        let events: Vec<&Event> = self.events.iter().collect();
        notebook_phase(&self.notebook, self.pod.as_ref(), self.set.as_ref(), &events, now)
    }

    #[track_caller]
    fn check(&self, phase: Phase, reason: &str) -> NotebookPhase {
        let found = self.phase();
        assert_eq!((found.phase, &*found.reason), (phase, reason));
        found
    }
}

const READY: &str = r#""phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":@11:51:00}],
    "containerStatuses":[{"name":"nb","ready":true,"state":{"running":{"startedAt":@11:50:30}}}]"#;

// Going.

#[test]
fn deletion_comes_before_stop() {
    let mut case = given();
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T09:00:00Z""#);
    case.notebook.metadata.deletion_timestamp = Timestamp::parse("2026-11-24T11:59:50Z");
    case.check(Phase::Deleting, "");
    case.notebook.metadata.finalizers = vec!["foregroundDeletion".to_owned()];
    case.check(Phase::Deleting, "removing what belongs to it");
    case.notebook
        .metadata
        .finalizers
        .push("kubernetes.io/pvc-protection".to_owned());
    assert_eq!(case.check(Phase::Deleting, "waiting for volume").advice, None);
    assert!(case.phase_at("12:01:00").advice.is_some());
    case.pod = with_pod("", READY).pod;
    case.check(Phase::Deleting, "waiting for its pod to end");
}

#[test]
fn stopped_notebook_says_since_when_and_how_long_it_was_idle() {
    let mut case = given();
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T09:00:00Z""#);
    case.check(Phase::Stopped, "3 h ago");
    case.notebook = notebook(
        r#""kubeflow-resource-stopped":"2026-11-24T09:00:00Z","notebooks.kubeflow.org/last-activity":"2026-11-23T09:00:00Z""#,
    );
    case.check(Phase::Stopped, "3 h ago after 1 d idle");
    case.notebook = notebook(r#""kubeflow-resource-stopped":"true""#);
    case.check(Phase::Stopped, "");
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T13:00:00Z""#);
    case.check(Phase::Stopped, "just now");
}

#[test]
fn stopped_notebook_with_a_pod_is_stopping_even_if_the_pod_is_ready() {
    let mut case = with_pod("", READY);
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T11:59:58Z""#);
    assert!(!case.check(Phase::Stopping, "waiting for its pod to end").can_connect);
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T11:55:00Z""#);
    case.check(Phase::Stopping, "not acted on for 5 min");
}

#[test]
fn pod_that_does_not_end_is_said_to_hang() {
    let mut case = with_pod(
        r#","deletionTimestamp":@11:50:00,"deletionGracePeriodSeconds":30"#,
        READY,
    );
    case.check(Phase::Waiting, "its pod does not end on gpu-1");
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T11:49:30Z""#);
    assert!(
        case.check(Phase::Stopping, "its pod does not end on gpu-1")
            .advice
            .is_some()
    );
}

#[test]
fn pod_of_an_earlier_notebook_is_not_this_ones() {
    let mut case = with_pod(
        r#","deletionTimestamp":@12:00:20,"deletionGracePeriodSeconds":30"#,
        READY,
    );
    case.set.as_mut().unwrap().metadata.uid = "other".to_owned();
    let found = case.check(Phase::Starting, "waiting for the earlier pod to end");
    assert_eq!(found.since, Timestamp::parse("2026-11-24T11:59:50Z"));
    case.notebook = notebook(r#""kubeflow-resource-stopped":"2026-11-24T11:59:58Z""#);
    case.check(Phase::Stopped, "just now");
}

// Without a pod.

#[test]
fn missing_pod_is_a_matter_of_a_moment_first() {
    let mut case = given();
    case.check(Phase::Starting, "creating pod");
    case.set.as_mut().unwrap().metadata.generation = 1;
    case.set.as_mut().unwrap().metadata.creation_timestamp = Timestamp::parse("2026-11-24T11:59:30Z");
    case.check(Phase::Starting, "creating pod");
    case.set.as_mut().unwrap().metadata.creation_timestamp = Timestamp::parse("2026-11-24T11:55:00Z");
    case.check(Phase::Waiting, "no pod after 5 min");
    case.set = None;
    assert!(
        case.check(Phase::Waiting, "no pod after 4 h")
            .advice
            .unwrap()
            .contains("notebook controller")
    );
}

#[test]
fn quota_names_what_is_short() {
    let quota = |what: &str| {
        given().event(
            "StatefulSet",
            "s",
            "FailedCreate",
            "11:59:00",
            &format!(r#"Create Pod nb-0 in StatefulSet nb failed error: pods "nb-0" is forbidden: {what}"#),
        )
    };
    quota("exceeded quota: q, requested: pods=1,requests.cpu=16,requests.nvidia.com/gpu=8, used: pods=3,requests.cpu=30,requests.nvidia.com/gpu=1, limited: pods=10,requests.cpu=32,requests.nvidia.com/gpu=4")
        .check(Phase::Waiting, "over quota: needs 8 GPUs, 3 left");
    quota("exceeded quota: q, requested: limits.memory=64Gi, used: limits.memory=100Gi, limited: limits.memory=128Gi")
        .check(Phase::Waiting, "over quota: needs 64 Gi, 28 Gi left");
    quota("exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=4")
        .check(Phase::Waiting, "over quota: needs 1 pod, 0 left");
    quota("exceeded quota: q, and nothing that we can read").check(Phase::Waiting, "over quota");
    quota("failed quota: q: must specify limits.cpu for: nb; limits.memory for: nb")
        .check(Phase::Failed, "the quota asks for limits.cpu, limits.memory");
    quota("failed quota: q: must specify limits.cpu,limits.memory")
        .check(Phase::Failed, "the quota asks for limits.cpu, limits.memory");
}

#[test]
fn refused_pod_says_by_whom() {
    let refused = |what: &str| {
        given().event(
            "StatefulSet",
            "s",
            "FailedCreate",
            "11:59:00",
            &format!("Create Pod nb-0 in StatefulSet nb failed error: {what}"),
        )
    };
    refused(r#"pods "nb-0" is forbidden: error looking up service account ns/default-editor: serviceaccount "default-editor" not found"#)
        .check(Phase::Failed, "service account default-editor is missing");
    refused(r#"admission webhook "policy.example.com" denied the request: no"#)
        .check(Phase::Failed, "refused by policy.example.com");
    refused(
        r#"Internal error occurred: failed calling webhook "x": failed to call webhook: context deadline exceeded"#,
    )
    .check(Phase::Waiting, "an admission webhook does not answer");
    refused(r#"pods "nb-0" is forbidden: violates PodSecurity "restricted:latest": x"#)
        .check(Phase::Failed, "not allowed by the namespace's pod security");
    refused(r#"pods "nb-0" is forbidden: maximum memory usage per Container is 8Gi, but limit is 64Gi"#)
        .check(Phase::Failed, "outside the namespace's limits for one pod");
    let found = refused("something new").check(Phase::Failed, "the pod was refused");
    assert!(found.message.unwrap().contains("something new"));
}

#[test]
fn newer_success_ends_an_old_failure() {
    let failed = "pods \"nb-0\" is forbidden: exceeded quota: q";
    let case = given().event("StatefulSet", "s", "FailedCreate", "11:00:00", failed);
    case.event("StatefulSet", "s", "SuccessfulCreate", "11:30:00", "ok")
        .check(Phase::Starting, "creating pod");
    let case = given().event("StatefulSet", "s", "SuccessfulCreate", "11:30:00", "ok");
    case.event("StatefulSet", "s", "FailedCreate", "11:30:00", failed)
        .check(Phase::Waiting, "over quota");
}

#[test]
fn events_of_earlier_objects_are_left_out() {
    let failed = "exceeded quota: q";
    given()
        .event("StatefulSet", "earlier", "FailedCreate", "11:59:00", failed)
        .check(Phase::Starting, "creating pod");
    let copy = "Reissued from statefulset/nb: exceeded quota: q";
    given()
        .event("Notebook", "earlier", "FailedCreate", "11:59:00", copy)
        .check(Phase::Starting, "creating pod");
    given()
        .event("Notebook", "n", "FailedCreate", "07:59:00", copy)
        .check(Phase::Starting, "creating pod");
    given()
        .event("Notebook", "n", "FailedCreate", "11:59:00", copy)
        .check(Phase::Waiting, "over quota");
    let pulling = with_state(r#"{"waiting":{"reason":"ContainerCreating"}}"#, "");
    pulling
        .event("Pod", "earlier", "Pulling", "11:59:22", "x")
        .check(Phase::Starting, "creating container on gpu-1");
}

// Scheduling.

#[test]
fn unschedulable_pod_says_what_no_node_has() {
    for (message, reason) in [
        (
            "0/3 nodes are available: 1 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
            "no node has 16 CPUs free",
        ),
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 3 No preemption victims found.",
            "no node has 8 GPUs free",
        ),
        (
            "0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu, 3 Insufficient nvidia.com/gpu.",
            "no node has 8 GPUs and 64 Gi free",
        ),
        (
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {dedicated: gpu}.",
            "no node has 16 CPUs free",
        ),
        (
            "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}.",
            "the nodes with room are reserved (taint)",
        ),
        (
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
            "no node matches its node selection",
        ),
        (
            "0/1 nodes are available: 1 node(s) were unschedulable.",
            "all nodes are closed for new pods",
        ),
        (
            "0/1 nodes are available: 1 Too many pods.",
            "all nodes hold as many pods as they may",
        ),
        (
            "0/1 nodes are available: 1 node(s) had volume node affinity conflict.",
            "its volume is bound to another node or zone",
        ),
        (
            r#"0/3 nodes are available: persistentvolumeclaim "data" not found."#,
            "volume data does not exist",
        ),
        (
            r#"0/3 nodes are available: persistentvolumeclaim "data" is being deleted."#,
            "volume data is being deleted",
        ),
        (
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            "waiting for volume nb-workspace",
        ),
        ("no nodes available to schedule pods", "the cluster has no node"),
        ("something new", "no node takes it"),
    ] {
        let found = with_condition("Unschedulable", message).check(Phase::Waiting, reason);
        assert_eq!(found.message.as_deref(), Some(message));
        assert_eq!(found.since, Timestamp::parse("2026-11-24T11:50:00Z"));
    }
    with_condition("SchedulingGated", "waiting").check(Phase::Waiting, "held back by a scheduling gate");
}

#[test]
fn growing_cluster_is_said_to_grow() {
    let case = with_condition("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.");
    let case = case.pod_event(
        "TriggeredScaleUp",
        "11:52:00",
        "pod triggered scale-up: [{group 1->2 (max: 3)}]",
    );
    case.check(Phase::Waiting, "a node is being added");
    case.pod_event("NotTriggerScaleUp", "11:53:00", "max node group size reached")
        .check(Phase::Waiting, "no node has 16 CPUs free");
}

#[test]
fn new_pod_looks_for_a_node() {
    let mut case = with_pod("", r#""phase":"Pending""#);
    case.check(Phase::Starting, "creating container on gpu-1");
    case.pod.as_mut().unwrap().spec.node_name.clear();
    case.check(Phase::Starting, "looking for a node");
}

// Starting.

#[test]
fn creating_and_initializing_are_starting_not_a_warning() {
    for reason in ["ContainerCreating", "PodInitializing", ""] {
        let state = format!(r#"{{"waiting":{{"reason":"{reason}"}}}}"#);
        with_state(&state, "").check(Phase::Starting, "creating container on gpu-1");
    }
}

#[test]
fn pulling_image_says_how_long() {
    let creating = || with_state(r#"{"waiting":{"reason":"ContainerCreating"}}"#, "");
    let found = creating()
        .pod_event("Pulling", "11:59:22", "Pulling image \"x\"")
        .check(Phase::Starting, "pulling image, 38 s");
    assert!(found.ticks);
    creating()
        .pod_event("Pulling", "12:00:00", "x")
        .check(Phase::Starting, "pulling image");
    let pulled = creating()
        .pod_event("Pulling", "11:59:22", "x")
        .pod_event("Pulled", "11:59:22", "x");
    pulled.check(Phase::Starting, "starting container");
    let copy = creating().event(
        "Notebook",
        "n",
        "Pulling",
        "11:59:22",
        "Reissued from pod/nb-0: Pulling image \"x\"",
    );
    copy.check(Phase::Starting, "pulling image, 38 s");
}

#[test]
fn volume_trouble_is_told_after_some_patience() {
    let creating = || with_state(r#"{"waiting":{"reason":"ContainerCreating"}}"#, "");
    let failed = r#"MountVolume.SetUp failed for volume "w" : rpc error"#;
    let case = creating().pod_event("FailedMount", "11:50:20", failed);
    assert_eq!(case.phase_at("11:50:30").reason, "attaching volumes");
    case.check(Phase::Waiting, "its volume can't be mounted");
    creating()
        .pod_event(
            "FailedAttachVolume",
            "11:59:00",
            r#"Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) other-0"#,
        )
        .check(Phase::Waiting, "its volume is in use on another node");
    creating()
        .pod_event(
            "FailedMount",
            "11:59:00",
            r#"MountVolume.SetUp failed for volume "s" : secret "token" not found"#,
        )
        .check(Phase::Failed, "secret token is missing");
    creating()
        .pod_event("FailedCreatePodSandBox", "11:59:00", "x")
        .check(Phase::Waiting, "the node can't set up its network");
}

#[test]
fn init_container_is_named() {
    let with_init = |state: &str| {
        let mut case = with_state(r#"{"waiting":{"reason":"PodInitializing"}}"#, "");
        let status = &mut case.pod.as_mut().unwrap().status;
        status.init_container_statuses = read(&format!(
            r#"[{{"name":"istio-init","image":"proxy","restartCount":2,"state":{state}}}]"#
        ));
        case
    };
    with_init(r#"{"running":{}}"#).check(Phase::Starting, "preparing, istio-init");
    with_init(r#"{"terminated":{"exitCode":0}}"#).check(Phase::Starting, "creating container on gpu-1");
    with_init(r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#)
        .check(Phase::Failed, "preparation istio-init keeps failing, 2 restarts");
    with_init(r#"{"waiting":{"reason":"ErrImagePull","message":"not found"}}"#)
        .check(Phase::ImageMissing, "proxy not found");
}

#[test]
fn running_container_that_is_not_ready_is_starting_then_failed() {
    let case = with_state(r#"{"running":{"startedAt":@11:59:48}}"#, "");
    case.check(Phase::Starting, "server is starting, 12 s");
    let found =
        with_state(r#"{"running":{"startedAt":@11:45:00}}"#, "").check(Phase::Failed, "does not answer for 15 min");
    assert!(!found.can_connect);
}

#[test]
fn sidecar_that_is_not_ready_is_named() {
    let with_sidecar = |state: &str| {
        with_pod(
            "",
            &format!(
                r#""phase":"Running","conditions":[{{"type":"Ready","status":"False","reason":"ContainersNotReady"}}],
                "containerStatuses":[{{"name":"istio-proxy","ready":false,"state":{state}}},{{"name":"nb","ready":true,"state":{{"running":{{}}}}}}]"#
            ),
        )
    };
    with_sidecar(r#"{"running":{}}"#).check(Phase::Starting, "waiting for sidecar istio-proxy");
    with_sidecar(r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#)
        .check(Phase::Failed, "sidecar istio-proxy keeps crashing");
    with_sidecar(r#"{"waiting":{"reason":"ImagePullBackOff"}}"#)
        .check(Phase::ImageMissing, "image of sidecar istio-proxy can't be pulled");
}

// Running.

#[test]
fn ready_pod_is_running_whatever_ready_replicas_say() {
    let found = with_pod("", READY).check(Phase::Running, "");
    assert!(found.can_connect);
    assert_eq!(found.since, Timestamp::parse("2026-11-24T11:51:00Z"));
    assert_eq!((found.advice, found.message, found.ticks), (None, None, false));
}

#[test]
fn condition_counts_by_its_status_not_its_place() {
    let status = r#""phase":"Running","conditions":[{"type":"Ready","status":"True"},{"type":"ContainersReady","status":"True"},
        {"type":"DisruptionTarget","status":"False","reason":"X"}]"#;
    with_pod("", status).check(Phase::Running, "");
}

#[test]
fn idle_notebook_says_so_but_not_for_the_time_before_its_start() {
    let mut case = with_pod("", &READY.replace("11:51:00", "08:10:00"));
    case.notebook = notebook(r#""notebooks.kubeflow.org/last-activity":"2026-11-24T09:30:00Z""#);
    case.check(Phase::Running, "idle 2 h");
    case.notebook = notebook(r#""notebooks.kubeflow.org/last-activity":"2026-11-24T11:30:00Z""#);
    case.check(Phase::Running, "");
    let mut case = with_pod("", READY);
    case.notebook = notebook(r#""notebooks.kubeflow.org/last-activity":"2026-11-23T09:30:00Z""#);
    case.check(Phase::Running, "");
}

#[test]
fn recent_restart_is_worth_a_word() {
    let status = READY.replace(
        r#""ready":true"#,
        r#""ready":true,"restartCount":1,"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":@11:58:00}}"#,
    );
    let found = with_pod("", &status).check(Phase::Running, "restarted 2 min ago, out of memory");
    assert!(found.can_connect && found.advice.unwrap().contains("64 Gi"));
    assert_eq!(found.restarts, 1);
    with_pod("", &status.replace("11:58:00", "11:00:00")).check(Phase::Running, "");
}

#[test]
fn pod_of_an_older_revision_is_said_to_be_just_that() {
    let older = |mut case: Given| {
        case.set.as_mut().unwrap().status.update_revision = "r3".to_owned();
        case
    };
    assert!(
        older(with_pod("", READY))
            .check(Phase::Running, "older settings, restarts soon")
            .outdated
    );
    let image = with_state(r#"{"waiting":{"reason":"ImagePullBackOff","message":"not found"}}"#, "");
    let found = older(image).check(Phase::ImageMissing, "acme/llm:lates not found, older settings");
    assert!(found.advice.unwrap().contains("stop the notebook and start it again"));
    let going = with_pod(
        r#","deletionTimestamp":@12:00:20,"deletionGracePeriodSeconds":30"#,
        READY,
    );
    older(going).check(Phase::Starting, "restarting with new settings");
    with_pod(r#","deletionTimestamp":@12:00:20"#, READY).check(Phase::Starting, "its pod is being replaced");
}

#[test]
fn unobserved_stateful_set_says_nothing_about_revisions() {
    let mut case = with_pod("", READY);
    let set = case.set.as_mut().unwrap();
    set.metadata.generation = 3;
    set.status.update_revision = "r3".to_owned();
    assert!(!case.check(Phase::Running, "").outdated);
}

// Failing.

#[test]
fn out_of_memory_says_how_often() {
    let rest =
        r#","restartCount":3,"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":@11:58:00}}"#;
    let found = with_state(r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#, rest)
        .check(Phase::Failed, "out of memory, 3 restarts");
    assert!(found.advice.unwrap().contains("limit of 64 Gi"));
    assert_eq!(
        (found.restarts, found.since),
        (3, Timestamp::parse("2026-11-24T11:58:00Z"))
    );
    let ended = r#"{"terminated":{"exitCode":137,"reason":"OOMKilled"}}"#;
    with_state(ended, "").check(Phase::Failed, "out of memory");
    with_state(ended, r#","restartCount":1"#).check(Phase::Failed, "out of memory, 1 restart");
}

#[test]
fn crash_says_its_exit_code() {
    let crash = |code: i32, reason: &str, count: i32| {
        let rest = format!(
            r#","restartCount":{count},"lastState":{{"terminated":{{"exitCode":{code},"reason":"{reason}"}}}}"#
        );
        with_state(r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#, &rest)
    };
    crash(1, "Error", 5).check(Phase::Failed, "keeps crashing, 5 restarts, exit code 1");
    crash(1, "Error", 1).check(Phase::Failed, "crashed, 1 restart, exit code 1");
    crash(0, "Completed", 4).check(Phase::Failed, "the server ended by itself, 4 restarts");
    crash(137, "Error", 2).check(Phase::Failed, "killed from outside, 2 restarts");
    crash(127, "Error", 2).check(Phase::Failed, "its command can't be run, 2 restarts, exit code 127");
    crash(128, "StartError", 2).check(Phase::Failed, "its command can't be run, 2 restarts, exit code 128");
}

#[test]
fn settings_that_cannot_be_applied_name_what_is_missing() {
    let waits = |reason: &str, message: &str| {
        with_state(
            &format!(
                r#"{{"waiting":{{"reason":"{reason}","message":{}}}}}"#,
                serde_json::to_string(message).unwrap()
            ),
            "",
        )
    };
    waits("CreateContainerConfigError", r#"secret "aws" not found"#).check(Phase::Failed, "secret aws is missing");
    waits("CreateContainerConfigError", r#"configmap "cfg" not found"#)
        .check(Phase::Failed, "config map cfg is missing");
    waits("CreateContainerConfigError", "couldn't find key token in Secret ns/aws")
        .check(Phase::Failed, "key token is missing");
    waits("CreateContainerConfigError", "x").check(Phase::Failed, "its settings can't be applied");
    waits("RunContainerError", "x").check(Phase::Failed, "its container can't start");
}

#[test]
fn pod_that_is_over_says_why() {
    let over = |reason: &str, message: &str| {
        with_pod(
            "",
            &format!(r#""phase":"Failed","reason":"{reason}","message":"{message}""#),
        )
    };
    over(
        "Evicted",
        "The node was low on resource: memory. Threshold quantity: 100Mi",
    )
    .check(Phase::Failed, "evicted, its node was low on memory");
    over("Evicted", "x").check(Phase::Failed, "evicted from its node");
    over("NodeShutdown", "x").check(Phase::Failed, "its node was shut down");
    over("OutOfcpu", "x").check(Phase::Failed, "its pod failed: OutOfcpu");
    over("", "").check(Phase::Failed, "its pod failed");
}

#[test]
fn silent_node_is_named() {
    let status = r#""phase":"Running","conditions":[{"type":"Ready","status":"False"},{"type":"ContainersReady","status":"True"}],
        "containerStatuses":[{"name":"nb","ready":true,"state":{"running":{}}}]"#;
    with_pod("", status).check(Phase::Waiting, "gpu-1 does not answer");
    with_pod("", r#""phase":"Unknown""#).check(Phase::Waiting, "gpu-1 does not answer");
}

// Images.

#[test]
fn image_trouble_says_its_cause() {
    let waits = |reason: &str, message: &str| {
        with_state(
            &format!(
                r#"{{"waiting":{{"reason":"{reason}","message":{}}}}}"#,
                serde_json::to_string(message).unwrap()
            ),
            "",
        )
    };
    for (message, phase, reason) in [
        (
            r#"Back-off pulling image "acme/llm:lates": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image: not found"#,
            Phase::ImageMissing,
            "acme/llm:lates not found",
        ),
        (
            "manifest unknown: manifest tagged by \"lates\" is not found",
            Phase::ImageMissing,
            "acme/llm:lates not found",
        ),
        (
            "pull access denied, repository does not exist or may require authorization",
            Phase::ImageMissing,
            "no access to acme/llm:lates",
        ),
        ("401 Unauthorized", Phase::ImageMissing, "no access to acme/llm:lates"),
        (
            "dial tcp: lookup ghcr.invalid: no such host",
            Phase::Waiting,
            "the registry does not answer",
        ),
        (
            "net/http: TLS handshake timeout",
            Phase::Waiting,
            "the registry does not answer",
        ),
        (
            "toomanyrequests: You have reached your pull rate limit",
            Phase::Waiting,
            "the registry limits pulls",
        ),
        (
            "write /var/lib: no space left on device",
            Phase::Failed,
            "no room for the image on the node",
        ),
        ("", Phase::ImageMissing, "can't pull acme/llm:lates"),
    ] {
        waits("ErrImagePull", message).check(phase, reason);
        waits("ImagePullBackOff", message).check(phase, reason);
    }
    waits("InvalidImageName", "x").check(Phase::ImageMissing, "acme/llm:lates is no valid image name");
    waits("ErrImageNeverPull", "x").check(Phase::ImageMissing, "acme/llm:lates is not on the node");
}

#[test]
fn back_off_without_a_cause_takes_it_from_the_event() {
    let message = r#"{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"acme/llm:lates\""}}"#;
    let case = with_state(message, "").pod_event(
        "Failed",
        "11:58:00",
        r#"Failed to pull image "acme/llm:lates": code = NotFound"#,
    );
    let case = case.pod_event("Failed", "11:58:00", "Error: ErrImagePull");
    case.check(Phase::ImageMissing, "acme/llm:lates not found");
}

#[test]
fn image_is_shown_without_its_registry() {
    assert_eq!(short_image("acme/llm:lates"), "acme/llm:lates");
    assert_eq!(short_image("ghcr.io/kubeflow/jupyter:v1.11"), "kubeflow/jupyter:v1.11");
    assert_eq!(short_image("localhost:5000/a"), "a");
    assert_eq!(short_image("img"), "img");
    assert_eq!(
        short_image("a/b@sha256:0123456789abcdef0123456789abcdef"),
        "a/b@0123456789ab"
    );
    assert_eq!(short_image("a/b@sha256:é23456789abcdef"), "a/b@sha256:é23456789abcdef");
    assert_eq!(short_image(""), "");
}

// Without rights on pods.

#[test]
fn mirrored_status_speaks_where_pods_cannot_be_seen() {
    let check = |status: &str, annotations: &str, phase: Phase, reason: &str| {
        let mut case = given();
        case.notebook = notebook(annotations);
        case.notebook.status = read(status);
        let now = Timestamp::parse("2026-11-24T12:00:00Z").unwrap();
        let found = notebook_phase_without_pods(&case.notebook, case.set.as_ref(), &[], now);
        assert_eq!((found.phase, &*found.reason), (phase, reason));
    };
    let stopped = r#""kubeflow-resource-stopped":"2026-11-24T11:59:55Z""#;
    let running =
        r#"{"conditions":[{"type":"Ready","status":"True"}],"containerState":{"running":{}},"readyReplicas":0}"#;
    check(running, "", Phase::Running, "");
    check(running, stopped, Phase::Stopping, "waiting for its pod to end");
    check(
        r#"{"conditions":[],"containerState":{}}"#,
        stopped,
        Phase::Stopped,
        "just now",
    );
    check("{}", "", Phase::Starting, "creating pod");
    check(
        r#"{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"3 Insufficient cpu."}]}"#,
        "",
        Phase::Waiting,
        "no node has 16 CPUs free",
    );
    check(
        r#"{"containerState":{"waiting":{"reason":"CrashLoopBackOff"}}}"#,
        "",
        Phase::Failed,
        "keeps crashing",
    );
    check(
        r#"{"containerState":{"waiting":{"reason":"PodInitializing"}}}"#,
        "",
        Phase::Starting,
        "creating container",
    );
}

proptest! {
    /// Messages are the cluster's: whatever they say, we say something short and don't panic.
    #[test]
    fn any_message_gives_a_short_reason(
        message in "(exceeded quota: |failed quota: |, requested: |, used: |, limited: |Insufficient |cpu|=|,|secret \"|\" not found|é|must specify | for: |couldn't find key |low on resource: |sha256:|\\PC){0,12}",
        reason in prop::sample::select(vec!["ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError", "Unschedulable", ""]),
    ) {
        let quoted = serde_json::to_string(&message).unwrap().replace('@', "");
        let state = format!(r#"{{"waiting":{{"reason":"{reason}","message":{quoted}}}}}"#);
        let cases = [
            with_state(&state, ""),
            with_condition("Unschedulable", &message.replace('@', "")),
            with_pod("", &format!(r#""phase":"Failed","reason":"Evicted","message":{quoted}"#)),
            given().event("StatefulSet", "s", "FailedCreate", "11:59:00", &message.replace('@', "")),
        ];
        for case in cases {
            let found = case.phase();
            prop_assert!(!found.reason.is_empty());
            prop_assert!(!found.can_connect);
        }
    }
}
