//! Runs Kubeflow's real training operator against the cluster, with its validating webhooks.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, PostParams};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::tools::{self, Tool};
use crate::{definitions, ports, probe};

const NAME: &str = "training-operator";
const NAMESPACE: &str = "kubeflow";
/// Its certificate rotator fills these; without them it never starts its controllers.
const SECRET: &str = "training-operator-webhook-cert";
const ROTATED: &str = "validator.training-operator.kubeflow.org";
/// Ours: the same webhooks by address, for nothing here has a service network.
const WEBHOOKS: &str = "flowdeck-training-operator";
/// The kinds that it validates, and where their replicas are.
const VALIDATED: [(&str, &str); 5] = [
    ("PyTorchJob", "pytorchReplicaSpecs"),
    ("TFJob", "tfReplicaSpecs"),
    ("XGBoostJob", "xgbReplicaSpecs"),
    ("PaddleJob", "paddleReplicaSpecs"),
    ("JAXJob", "jaxReplicaSpecs"),
];
/// Where controller-runtime looks for the server's certificate, below TMPDIR.
const SERVING: &str = "k8s-webhook-server/serving-certs";

/// Starts it; its kinds must be defined already. Returns when jobs are validated and taken up.
pub(crate) async fn start(cluster: &Cluster, client: &kube::Client) -> Result<()> {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET, "namespace": NAMESPACE}});
    let rotated = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": ROTATED},
        "webhooks": [],
    });
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let needed = [namespace, secret, rotated].map(|object| object.to_string());
    definitions::apply(client, definitions::read(&needed)?).await?;

    let temporary = cluster.folder().join("training-operator");
    write_certificate(cluster, &temporary.join(SERVING))?;
    let (probed, webhooks) = (ports::free()?, ports::free()?);
    let mut command = Command::new(Tool::TrainingOperator.program("training-operator")?);
    command
        .env("KUBECONFIG", cluster.admin_kubeconfig())
        .env("TMPDIR", temporary);
    command.env("MY_POD_NAMESPACE", NAMESPACE);
    command.args([
        "--metrics-bind-address=0".to_owned(),
        format!("--health-probe-bind-address=127.0.0.1:{probed}"),
        format!("--webhook-server-port={webhooks}"),
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=400".to_owned(),
    ]);
    cluster.processes().spawn(NAME, &mut command)?;
    let rotated = Rotated;
    let ready = format!("http://127.0.0.1:{probed}/readyz");
    let started = cluster
        .until(NAME, async || rotated.is_there() && probe::is_ok(&ready).await)
        .await;
    drop(rotated);
    started?;
    let validation = validation(cluster.ca_pem(), webhooks)?;
    definitions::apply(client, definitions::read(&[validation.to_string()])?).await?;
    for (kind, replicas) in VALIDATED {
        cluster
            .until(NAME, async || is_validated(client, kind, replicas).await)
            .await?;
    }
    Ok(())
}

/// Whether the webhook of a kind answers: it alone refuses this name. It says that it is ready before it knows all kinds.
async fn is_validated(client: &kube::Client, kind: &str, replicas: &str) -> bool {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("kubeflow.org", "v1", kind));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), NAMESPACE, &resource);
    let object = DynamicObject::new("1-begins-with-a-number", &resource).data(json!({"spec": {replicas: {}}}));
    let tried = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let answer = api.create(&tried, &object).await;
    answer.is_err_and(|why| why.to_string().contains("denied the request"))
}

fn write_certificate(cluster: &Cluster, folder: &Path) -> Result<()> {
    let cannot = |why| Error::of("the training operator's certificate", why);
    let identity = cluster.server_identity(NAME, &["127.0.0.1"])?;
    std::fs::create_dir_all(folder).map_err(cannot)?;
    std::fs::write(folder.join("tls.crt"), identity.certificate_pem).map_err(cannot)?;
    std::fs::write(folder.join("tls.key"), identity.key_pem).map_err(cannot)
}

/// The module's own webhooks, by address instead of by service.
fn validation(ca_pem: &str, port: u16) -> Result<Value> {
    let text = tools::read_text(&Tool::TrainingOperator.file("manifests/base/webhook/manifests.yaml")?)?;
    let mut object: Value = serde_saphyr::from_str(&text).map_err(|why| Error::of("the webhooks", why))?;
    object["metadata"] = json!({"name": WEBHOOKS});
    for webhook in object["webhooks"].as_array_mut().into_iter().flatten() {
        let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap_or_default();
        let url = format!("https://127.0.0.1:{port}{path}");
        webhook["clientConfig"] = json!({"url": url, "caBundle": STANDARD.encode(ca_pem)});
    }
    Ok(object)
}

/// A file in the one place where the operator's certificate rotator waits for certificates to be mounted; it looks
/// only whether there is one. Several clusters share the place, so it is made again whenever another took it away.
struct Rotated;

impl Rotated {
    const FOLDER: &str = "/tmp/k8s-webhook-server/serving-certs";

    fn is_there(&self) -> bool {
        let file = Path::new(Self::FOLDER).join("tls.crt");
        file.exists()
            || std::fs::create_dir_all(Self::FOLDER)
                .and_then(|()| std::fs::write(file, ""))
                .is_ok()
    }
}

impl Drop for Rotated {
    fn drop(&mut self) {
        // Gone already, or somebody else's: either is well.
        std::fs::remove_file(Path::new(Self::FOLDER).join("tls.crt")).ok();
        for folder in Path::new(Self::FOLDER).ancestors().take(2) {
            std::fs::remove_dir(folder).ok();
        }
    }
}
