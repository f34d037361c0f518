//! Writes what a pod's status says at a step of its script, in the kubelet's shapes and words.
//!
//! Source: kubernetes v1.36.3, pkg/kubelet/status/generate.go and pkg/kubelet/kubelet_pods.go.

use k8s_openapi::api::core::v1::{ContainerStatus, Node, Pod, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use crate::controllers::api;
use crate::controllers::kubelet::plan::{self, Plan, Step};

/// When the kubelet acknowledged the pod, if it did.
pub(super) fn start_time(pod: &Pod) -> Option<Timestamp> {
    pod.status.as_ref()?.start_time.as_ref().map(|time| time.0)
}

fn container_status(pod: &Pod) -> Option<&ContainerStatus> {
    let name = plan::container(pod);
    pod.status
        .as_ref()?
        .container_statuses
        .as_ref()?
        .iter()
        .find(|status| status.name == name)
}

/// Whether a container runs just now.
pub(super) fn is_running(pod: &Pod) -> bool {
    container_status(pod)
        .and_then(|status| status.state.as_ref())
        .is_some_and(|state| state.running.is_some())
}

/// Whether the status already says this step: written before the process restarted.
pub(super) fn shows(pod: &Pod, plan: &Plan) -> bool {
    let Some(status) = container_status(pod) else {
        return false;
    };
    let Some(state) = &status.state else {
        return false;
    };
    let waits = state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
    let restarts_are = |restarts: u32| u32::try_from(status.restart_count) == Ok(restarts);
    match &plan.step {
        Step::Creating => waits == Some("ContainerCreating"),
        // Pulling looks like creating, but has an event of its own.
        Step::Pulling => false,
        Step::PullFailed { .. } => waits == Some("ErrImagePull"),
        Step::PullBackOff { .. } => waits == Some("ImagePullBackOff"),
        Step::Running { restarts, ready, .. } => {
            state.running.is_some() && status.ready == *ready && restarts_are(*restarts)
        }
        Step::CrashBackOff { restarts, .. } => waits == Some("CrashLoopBackOff") && restarts_are(*restarts),
    }
}

/// The status of a pod on `node` at a step that began at `began`.
pub(super) fn of(pod: &Pod, node: &str, plan: &Plan, anchor: Timestamp, began: Timestamp) -> Value {
    let ready = matches!(plan.step, Step::Running { ready: true, .. });
    let has_run = plan.step.has_image();
    let containers = pod
        .spec
        .as_ref()
        .map(|spec| spec.containers.clone())
        .unwrap_or_default();
    let statuses: Vec<Value> = containers
        .iter()
        .map(|container| {
            let image = container.image.as_deref().unwrap_or_default();
            one_container(pod, &container.name, image, plan, (anchor, began))
        })
        .collect();
    let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    let unready = (!ready).then(|| {
        (
            "ContainersNotReady",
            format!("containers with unready status: [{}]", names.join(" ")),
        )
    });
    let sandboxed = plan.step != Step::Creating;
    let conditions = json!([
        condition(pod, "PodReadyToStartContainers", sandboxed, None, began),
        condition(pod, "Initialized", true, None, began),
        condition(pod, "Ready", ready, unready.clone(), began),
        condition(pod, "ContainersReady", ready, unready, began),
        condition(pod, "PodScheduled", true, None, began),
    ]);
    let (host, address) = addresses(pod, node);
    let mut status = json!({
        "observedGeneration": pod.metadata.generation,
        "phase": if has_run { "Running" } else { "Pending" },
        "conditions": conditions,
        "containerStatuses": statuses,
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "startTime": Time(anchor),
    });
    if sandboxed {
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{"ip": address}]);
    }
    status
}

/// A condition; its time moves only when its status does.
fn condition(pod: &Pod, name: &str, holds: bool, why: Option<(&str, String)>, now: Timestamp) -> Value {
    let status = if holds { "True" } else { "False" };
    let before = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref())
        .into_iter()
        .flatten()
        .find(|condition| condition.type_ == name && condition.status == status)
        .and_then(|condition| condition.last_transition_time.clone());
    let mut condition = json!({
        "type": name,
        "observedGeneration": pod.metadata.generation,
        "status": status,
        "lastProbeTime": null,
        "lastTransitionTime": before.unwrap_or(Time(now)),
    });
    if let Some((reason, message)) = why {
        condition["reason"] = json!(reason);
        condition["message"] = json!(message);
    }
    condition
}

fn one_container(pod: &Pod, name: &str, image: &str, plan: &Plan, (anchor, began): (Timestamp, Timestamp)) -> Value {
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    let restarts = match plan.step {
        Step::Running { restarts, .. } | Step::CrashBackOff { restarts, .. } => restarts,
        _ => 0,
    };
    let id = |restarts: u32| format!("containerd://{}", hex(&format!("{uid}/{name}/{restarts}")));
    let waiting = |reason: &str, message: Option<String>| match message {
        Some(message) => json!({"waiting": {"reason": reason, "message": message}}),
        None => json!({"waiting": {"reason": reason}}),
    };
    let state = match &plan.step {
        Step::Creating | Step::Pulling => waiting("ContainerCreating", None),
        Step::PullFailed { .. } => waiting("ErrImagePull", Some(plan::pull_error(image))),
        Step::PullBackOff { .. } => waiting(
            "ImagePullBackOff",
            Some(format!(
                "Back-off pulling image \"{image}\": ErrImagePull: {}",
                plan::pull_error(image)
            )),
        ),
        Step::Running { .. } => json!({"running": {"startedAt": Time(began)}}),
        Step::CrashBackOff { wait_s, .. } => waiting(
            "CrashLoopBackOff",
            Some(format!(
                "back-off {} restarting failed container={name} pod={}",
                plan::duration_text(std::time::Duration::from_secs(*wait_s)),
                plan::pod_text(pod)
            )),
        ),
    };
    let last_state = plan.last_end.as_ref().map_or_else(
        || json!({}),
        |end| {
            // Life and wait are counted from the step that began now.
            let back = plan.since.saturating_sub(end.finished);
            let finished = minus(began, back);
            json!({"terminated": {
                "exitCode": end.exit_code,
                "reason": end.reason,
                "startedAt": Time(minus(finished, end.finished.saturating_sub(end.started)).max(anchor)),
                "finishedAt": Time(finished),
                "containerID": id(restarts.saturating_sub(u32::from(matches!(plan.step, Step::Running { .. })))),
            }})
        },
    );
    let running = matches!(plan.step, Step::Running { .. });
    let mut status = json!({
        "name": name,
        "state": state,
        "lastState": last_state,
        "ready": matches!(plan.step, Step::Running { ready: true, .. }),
        "restartCount": restarts,
        "image": image,
        "imageID": if plan.step.has_image() { format!("{image}@sha256:{}", hex(image)) } else { String::new() },
        "started": running,
    });
    if plan.step.has_image() {
        status["containerID"] = json!(id(restarts));
    }
    status
}

fn minus(time: Timestamp, duration: std::time::Duration) -> Timestamp {
    k8s_openapi::jiff::SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| time.checked_sub(duration).ok())
        .unwrap_or(time)
}

/// 64 hexadecimal digits that stand for a text.
fn hex(text: &str) -> String {
    (0..4)
        .map(|part| format!("{:016x}", api::fnv(&format!("{part}{text}"))))
        .collect()
}

/// The node's and the pod's address, the same for a pod's whole life.
fn addresses(pod: &Pod, node: &str) -> (String, String) {
    let node = api::fnv(node) % 250 + 1;
    let pod = api::fnv(pod.metadata.uid.as_deref().unwrap_or_default());
    (format!("10.0.0.{node}"), format!("10.240.{}.{}", node, pod % 250 + 2))
}

/// Whether a node already says how it is.
pub(super) fn is_node_ready(node: &Node) -> bool {
    node.status
        .as_ref()
        .and_then(|status| status.conditions.as_ref())
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready")
}

/// The taints without the one for nodes that have not reported yet, if there is that one.
pub(super) fn without_not_ready(node: &Node) -> Option<Vec<Taint>> {
    let taints = node.spec.as_ref()?.taints.as_ref()?;
    let left: Vec<Taint> = taints
        .iter()
        .filter(|taint| taint.key != "node.kubernetes.io/not-ready")
        .cloned()
        .collect();
    (left.len() < taints.len()).then_some(left)
}

/// The status of a node without complaints.
pub(super) fn ready_node(name: &str, now: Timestamp) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": Time(now), "lastTransitionTime": Time(now),
        })
    };
    json!({
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ],
        "addresses": [
            {"type": "InternalIP", "address": format!("10.0.0.{}", api::fnv(name) % 250 + 1)},
            {"type": "Hostname", "address": name},
        ],
        "nodeInfo": {
            "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "containerd://2.1.4",
            "kernelVersion": "6.12.0", "kubeProxyVersion": "", "kubeletVersion": "v1.36.3",
            "machineID": "", "operatingSystem": "linux", "osImage": "Flowdeck sandbox", "systemUUID": "",
        },
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::controllers::kubelet::plan::Script;

    fn pod(annotations: Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "life-0", "namespace": "n", "uid": "u", "generation": 1, "annotations": annotations},
            "spec": {"containers": [{"name": "life", "image": "img"}]},
        }))
        .expect("a pod")
    }

    fn at(pod: &Pod, seconds: u64) -> Value {
        let plan = Script::of(pod, false).at(Duration::from_secs(seconds));
        let anchor = Timestamp::UNIX_EPOCH;
        let began = anchor + k8s_openapi::jiff::SignedDuration::try_from(plan.since).expect("short");
        of(pod, "node-0", &plan, anchor, began)
    }

    #[test]
    fn running_pod_is_ready_and_has_addresses() {
        let status = at(&pod(json!({})), 60);
        assert_eq!(status["phase"], "Running");
        assert_eq!(status["conditions"][2]["type"], "Ready");
        assert_eq!(status["conditions"][2]["status"], "True");
        assert!(status["podIP"].is_string());
        assert_eq!(status["containerStatuses"][0]["ready"], true);
    }

    #[test]
    fn pulling_pod_says_which_container_is_not_ready() {
        let status = at(&pod(json!({})), 1);
        assert_eq!(status["phase"], "Pending");
        assert_eq!(
            status["conditions"][2]["message"],
            "containers with unready status: [life]"
        );
        assert_eq!(
            status["containerStatuses"][0]["state"]["waiting"]["reason"],
            "ContainerCreating"
        );
    }

    #[test]
    fn out_of_memory_shows_in_the_last_state() {
        let pod = pod(json!({api::BEHAVIOUR: "oom"}));
        let status = at(&pod, 70);
        let container = &status["containerStatuses"][0];
        assert_eq!(container["lastState"]["terminated"]["exitCode"], 137);
        assert_eq!(container["lastState"]["terminated"]["reason"], "OOMKilled");
    }

    #[test]
    fn status_written_before_a_restart_is_recognised() {
        let mut pod = pod(json!({}));
        let plan = Script::of(&pod, false).at(Duration::from_secs(60));
        assert!(!shows(&pod, &plan));
        pod.status = serde_json::from_value(at(&pod, 60)).expect("a status");
        assert!(shows(&pod, &plan));
    }
}
