//! Gives the cluster its nodes: kwok in place of kubelets, and machines for it to play.

use std::process::Command;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::kubelet::Kubelet;
use crate::tools::Tool;
use crate::{definitions, tools};

/// What kwok is asked to serve of its own kinds.
const KINDS: &str = "Logs,Exec,ClusterExec,PortForward,ClusterPortForward,Attach,ClusterAttach";
/// kwok's own stages for nodes. Those for pods are ours: `tests/cluster/kwok/pods.yaml`.
const NODE_STAGES: [&str; 2] = [
    "node/fast/node-initialize",
    "node/heartbeat-with-lease/node-heartbeat-with-lease",
];
/// The machines of the sandbox's seed: name, processors, memory, GPUs.
const MACHINES: [(&str, &str, &str, Option<&str>); 3] = [
    ("worker-1", "8", "32Gi", None),
    ("worker-2", "16", "64Gi", None),
    ("gpu-1", "32", "128Gi", Some("4")),
];

/// Starts kwok and waits until its nodes, if it is to have any now, are ready and what it serves is known.
pub(crate) async fn start(cluster: &Cluster, client: &kube::Client, machines: bool, kubelet: &Kubelet) -> Result<()> {
    let machines = if machines { MACHINES.as_slice() } else { &[] };
    let mut manifests = definitions::folder(&Tool::Kwok.file("kustomize/crd/bases")?)?;
    manifests.push(tools::read_text(&tools::package().join("kwok/commands.yaml"))?);
    definitions::apply(client, definitions::read(&manifests)?).await?;
    cluster.processes().spawn("kwok", &mut command(cluster, kubelet)?)?;
    let nodes: Api<Node> = Api::all(client.clone());
    for machine in machines {
        create(&nodes, *machine).await.map_err(|why| Error::of("a node", why))?;
    }
    cluster
        .until("kwok", async || all_ready(&nodes, machines.len()).await)
        .await
}

fn command(cluster: &Cluster, kubelet: &Kubelet) -> Result<Command> {
    let folder = cluster.folder();
    let mut stages = tools::read_text(&tools::package().join("kwok/pods.yaml"))?;
    for stage in NODE_STAGES {
        stages.push_str("\n---\n");
        stages.push_str(&tools::read_text(
            &Tool::Kwok.file(&format!("kustomize/stage/{stage}.yaml"))?,
        )?);
    }
    let config = folder.join("kwok.yaml");
    std::fs::write(&config, stages).map_err(|why| Error::of("kwok's stages", why))?;
    let mut command = Command::new(Tool::Kwok.program("kwok")?);
    // Flags only: a KwokConfiguration document in --config would turn off every default.
    command.args([
        format!("--kubeconfig={}", cluster.admin_kubeconfig().display()),
        format!("--config={}", config.display()),
        format!("--enable-crds={KINDS}"),
        format!("--node-port={}", kubelet.port),
        format!("--server-address=127.0.0.1:{}", kubelet.kwok),
    ]);
    command.args([
        "--manage-all-nodes=true",
        "--cidr=10.240.0.0/16",
        "--node-ip=127.0.0.1",
        "--node-lease-duration-seconds=40",
    ]);
    Ok(command)
}

async fn create(
    nodes: &Api<Node>,
    (name, cpu, memory, gpus): (&str, &str, &str, Option<&str>),
) -> std::result::Result<(), kube::Error> {
    let mut labels = json!({
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    });
    let mut amounts = json!({"cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": "200Gi"});
    if let Some(gpus) = gpus {
        labels["nvidia.com/gpu.product"] = json!("NVIDIA-A100-SXM4-40GB");
        amounts["nvidia.com/gpu"] = json!(gpus);
    }
    let node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": amounts, "allocatable": amounts},
    });
    let ours = PatchParams::apply("flowdeck-cluster").force();
    nodes.patch(name, &ours, &Patch::Apply(&node)).await?;
    Ok(())
}

async fn all_ready(nodes: &Api<Node>, many: usize) -> bool {
    let Ok(list) = nodes.list(&ListParams::default()).await else {
        return false;
    };
    let ready = |node: &Node| {
        let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
        conditions.is_some_and(|conditions| {
            conditions
                .iter()
                .any(|condition| condition.type_ == "Ready" && condition.status == "True")
        })
    };
    // The controller manager takes the taint away that a new node has; before that nothing can be placed.
    let open = |node: &Node| {
        node.spec
            .as_ref()
            .is_none_or(|spec| spec.taints.as_ref().is_none_or(Vec::is_empty))
    };
    list.items.len() >= many && list.items.iter().all(|node| ready(node) && open(node))
}
