//! Writes the objects that a form asks for, as JSON.
//!
//! As Kubeflow's backend does (dashboard-and-notebooks.md §2.4), without its defects: a cleared limit stays cleared,
//! the pod's volume has a fixed name (a claim's may hold dots or be too long for one), and nothing chosen is dropped.

use super::{
    amount::with_unit,
    draft::server_word,
    model::{Form, Workspace},
};
use crate::config::Spawner;
use flowdeck_objects::{ServerType, Timestamp, json::quote};

/// Name of the home volume inside the pod.
const VOLUME: &str = "workspace";

/// What is sent, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Name and JSON of the volume claim, if one is made.
    pub claim: Option<(String, String)>,
    /// JSON of the Notebook.
    pub notebook: String,
}

impl Manifest {
    /// The objects for a form without problems.
    pub fn new(form: &Form, spawner: &Spawner, namespace: &str, user: &str) -> Self {
        let claim = form.new_claim_name(spawner).map(|name| {
            let json = claim(form, spawner, namespace, &name);
            (name, json)
        });
        let notebook = notebook(
            form,
            spawner,
            namespace,
            user,
            claim.as_ref().map(|(name, _)| name.as_str()),
        );
        Self { claim, notebook }
    }
}

/// The merge patch that stops a notebook at a time.
pub fn merge_patch_stop(now: Timestamp) -> String {
    [
        r#"{"metadata":{"annotations":{"kubeflow-resource-stopped":"#,
        &quoted(&now.to_rfc3339()),
        "}}}",
    ]
    .concat()
}

/// The merge patch that starts a notebook.
pub fn merge_patch_start() -> String {
    r#"{"metadata":{"annotations":{"kubeflow-resource-stopped":null}}}"#.to_owned()
}

fn claim(form: &Form, spawner: &Spawner, namespace: &str, name: &str) -> String {
    let preset = spawner
        .workspace_volume
        .value
        .as_ref()
        .map(|volume| &volume.new_pvc.spec);
    let modes = preset
        .map(|spec| spec.access_modes.clone())
        .filter(|modes| !modes.is_empty());
    let modes = modes.unwrap_or_else(|| vec!["ReadWriteOnce".to_owned()]);
    let modes: Vec<String> = modes.iter().map(|mode| quoted(mode)).collect();
    let class = match form.volume_class.trim() {
        "" => String::new(),
        class => [r#","storageClassName":"#, &quoted(class)].concat(),
    };
    [
        r#"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"#,
        &quoted(name),
        r#","namespace":"#,
        &quoted(namespace),
        r#"},"spec":{"accessModes":["#,
        &modes.join(","),
        r#"],"resources":{"requests":{"storage":"#,
        &quoted(&with_unit(&form.volume_size, "Gi")),
        "}}",
        &class,
        "}}",
    ]
    .concat()
}

fn notebook(form: &Form, spawner: &Spawner, namespace: &str, user: &str, new_claim: Option<&str>) -> String {
    let name = form.name.trim();
    let account = if spawner.service_account.is_empty() {
        "default-editor"
    } else {
        &spawner.service_account
    };
    let (volumes, mounts) = volumes(form, new_claim);
    [
        r#"{"apiVersion":"kubeflow.org/v1","kind":"Notebook","metadata":{"name":"#,
        &quoted(name),
        r#","namespace":"#,
        &quoted(namespace),
        r#","labels":{"app":"#,
        &quoted(name),
        r#"},"annotations":"#,
        &object(annotations(form, namespace, user)),
        r#"},"spec":{"template":{"spec":{"serviceAccountName":"#,
        &quoted(account),
        r#","containers":[{"name":"#,
        &quoted(name),
        r#","image":"#,
        &quoted(form.image.trim()),
        r#","imagePullPolicy":"#,
        &quoted(&form.pull_policy),
        r#","resources":"#,
        &resources(form, spawner),
        r#","volumeMounts":["#,
        &mounts.join(","),
        r#"]}],"volumes":["#,
        &volumes.join(","),
        "]}}}}",
    ]
    .concat()
}

fn annotations(form: &Form, namespace: &str, user: &str) -> Vec<(String, String)> {
    let key = |name: &str| ["notebooks.kubeflow.org/", name].concat();
    let mut out = vec![
        (key("server-type"), server_word(form.server).to_owned()),
        (key("creator"), user.to_owned()),
    ];
    if matches!(form.server, ServerType::VsCode | ServerType::RStudio) {
        out.push((key("http-rewrite-uri"), "/".to_owned()));
    }
    if form.server == ServerType::RStudio {
        let path = ["/notebook/", namespace, "/", form.name.trim(), "/"].concat();
        out.push((
            key("http-headers-request-set"),
            object(vec![("X-RStudio-Root-Path".to_owned(), path)]),
        ));
    }
    out
}

fn resources(form: &Form, spawner: &Spawner) -> String {
    let pair = |key: &str, value: String| (key.to_owned(), value);
    let requests = vec![
        pair("cpu", form.cpu.trim().to_owned()),
        pair("memory", with_unit(&form.memory, "Gi")),
    ];
    let (cpu, memory) = form.limits(spawner);
    let gpus = form
        .gpus()
        .filter(|count| *count > 0)
        .map(|count| pair(&form.gpu_vendor, count.to_string()));
    let limits: Vec<_> = cpu
        .map(|v| pair("cpu", v))
        .into_iter()
        .chain(memory.map(|v| pair("memory", v)))
        .chain(gpus)
        .collect();
    let limits = if limits.is_empty() {
        String::new()
    } else {
        [r#","limits":"#, &object(limits)].concat()
    };
    [r#"{"requests":"#, &object(requests), &limits, "}"].concat()
}

fn volumes(form: &Form, new_claim: Option<&str>) -> (Vec<String>, Vec<String>) {
    let (mut volumes, mut mounts) = (Vec::new(), Vec::new());
    if form.shared_memory {
        volumes.push(r#"{"name":"dshm","emptyDir":{"medium":"Memory"}}"#.to_owned());
        mounts.push(r#"{"name":"dshm","mountPath":"/dev/shm"}"#.to_owned());
    }
    let claim = new_claim.or_else(|| (form.workspace == Workspace::Existing).then_some(form.volume_existing.trim()));
    if let Some(claim) = claim {
        volumes.push(
            [
                r#"{"name":"#,
                &quoted(VOLUME),
                r#","persistentVolumeClaim":{"claimName":"#,
                &quoted(claim),
                "}}",
            ]
            .concat(),
        );
        mounts.push(
            [
                r#"{"name":"#,
                &quoted(VOLUME),
                r#","mountPath":"#,
                &quoted(form.mount.trim()),
                "}",
            ]
            .concat(),
        );
    }
    (volumes, mounts)
}

fn object(pairs: Vec<(String, String)>) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| [&quoted(key), ":", &quoted(value)].concat())
        .collect();
    ["{", &pairs.join(","), "}"].concat()
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use serde_json::json;

    fn spawner() -> Spawner {
        Config::read(include_str!("../../../../public/config.json"))
            .unwrap()
            .spawner_form_defaults
    }

    fn read(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap()
    }

    fn form() -> Form {
        Form {
            name: "my-nb".to_owned(),
            ..Form::new(&spawner())
        }
    }

    #[test]
    fn plain_form_gives_kubeflows_objects() {
        let manifest = Manifest::new(&form(), &spawner(), "kubeflow-user", "user@example.com");
        let (name, claim) = manifest.claim.unwrap();
        assert_eq!(name, "my-nb-workspace");
        assert_eq!(
            read(&claim),
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": "my-nb-workspace", "namespace": "kubeflow-user"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}})
        );
        assert_eq!(
            read(&manifest.notebook),
            json!({"apiVersion": "kubeflow.org/v1", "kind": "Notebook",
                "metadata": {"name": "my-nb", "namespace": "kubeflow-user", "labels": {"app": "my-nb"},
                    "annotations": {"notebooks.kubeflow.org/server-type": "jupyter",
                        "notebooks.kubeflow.org/creator": "user@example.com"}},
                "spec": {"template": {"spec": {
                    "serviceAccountName": "default-editor",
                    "containers": [{"name": "my-nb",
                        "image": "ghcr.io/kubeflow/kubeflow/notebook-servers/jupyter-scipy:v1.10.0",
                        "imagePullPolicy": "IfNotPresent",
                        "resources": {"requests": {"cpu": "0.5", "memory": "1Gi"},
                            "limits": {"cpu": "600m", "memory": "1229Mi"}},
                        "volumeMounts": [{"name": "dshm", "mountPath": "/dev/shm"},
                            {"name": "workspace", "mountPath": "/home/jovyan"}]}],
                    "volumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}},
                        {"name": "workspace", "persistentVolumeClaim": {"claimName": "my-nb-workspace"}}]}}}})
        );
    }

    #[test]
    fn rstudio_gives_its_annotations() {
        let form = Form {
            server: ServerType::RStudio,
            ..form()
        };
        let notebook = read(&Manifest::new(&form, &spawner(), "ns", "u").notebook);
        assert_eq!(
            notebook["metadata"]["annotations"],
            json!({"notebooks.kubeflow.org/server-type": "group-two", "notebooks.kubeflow.org/creator": "u",
                "notebooks.kubeflow.org/http-rewrite-uri": "/",
                "notebooks.kubeflow.org/http-headers-request-set": r#"{"X-RStudio-Root-Path":"/notebook/ns/my-nb/"}"#})
        );
    }

    #[test]
    fn cleared_limits_and_gpus_give_just_what_is_said() {
        let form = Form {
            own_limits: true,
            gpu_count: "2".to_owned(),
            gpu_vendor: "nvidia.com/gpu".to_owned(),
            workspace: Workspace::None,
            shared_memory: false,
            ..form()
        };
        let manifest = Manifest::new(&form, &spawner(), "ns", "u");
        let spec = &read(&manifest.notebook)["spec"]["template"]["spec"];
        assert_eq!(manifest.claim, None);
        assert_eq!(
            spec["containers"][0]["resources"]["limits"],
            json!({"nvidia.com/gpu": "2"})
        );
        assert_eq!(
            (&spec["volumes"], &spec["containers"][0]["volumeMounts"]),
            (&json!([]), &json!([]))
        );
    }

    #[test]
    fn odd_claim_name_gives_a_valid_volume_name() {
        let form = Form {
            workspace: Workspace::Existing,
            volume_existing: "data.v2".to_owned(),
            ..form()
        };
        let spec = &read(&Manifest::new(&form, &spawner(), "ns", "u").notebook)["spec"]["template"]["spec"];
        assert_eq!(
            spec["volumes"][1],
            json!({"name": "workspace", "persistentVolumeClaim": {"claimName": "data.v2"}})
        );
    }

    #[test]
    fn hostile_text_stays_a_text() {
        let form = Form {
            image: "a\",\"x\":\"\u{1}".to_owned(),
            ..form()
        };
        let notebook = read(&Manifest::new(&form, &spawner(), "n\"s", "u\\").notebook);
        assert_eq!(
            notebook["spec"]["template"]["spec"]["containers"][0]["image"],
            "a\",\"x\":\"\u{1}"
        );
    }
}
