//! Views a Kubeflow Notebook (`kubeflow.org` v1, v1beta1): what it asks for and what its status says.
//!
//! Never says how the notebook *is*: that needs the pod too, see [`crate::notebook_phase`].
//! Source: dashboard-and-notebooks.md §1.3, kubeflow/notebooks 177b098.

use serde::Deserialize;

use crate::meta::{Condition, Meta, ResourceList, scalar};
use crate::null::or_default;
use crate::pod::ContainerState;
use crate::time::Timestamp;

/// Annotation whose presence stops a Notebook; its value is the time (written by UI or culler).
const STOPPED: &str = "kubeflow-resource-stopped";
const SERVER_TYPE: &str = "notebooks.kubeflow.org/server-type";
const CREATOR: &str = "notebooks.kubeflow.org/creator";
const LAST_ACTIVITY: &str = "notebooks.kubeflow.org/last-activity";

/// A notebook server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Notebook {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What is asked for.
    #[serde(deserialize_with = "or_default")]
    pub spec: NotebookSpec,
    /// What the controller mirrors from pod and StatefulSet.
    #[serde(deserialize_with = "or_default")]
    pub status: NotebookStatus,
}

impl Notebook {
    /// Whether the stop annotation is there (any value, also an empty one: the controller tests presence).
    pub fn is_stopped(&self) -> bool {
        self.metadata.annotations.contains_key(STOPPED)
    }

    /// When it was stopped, if the annotation holds a time.
    pub fn stopped_at(&self) -> Option<Timestamp> {
        Timestamp::parse(self.metadata.annotation(STOPPED)?)
    }

    /// JupyterLab, VS Code, RStudio or something else.
    pub fn server_type(&self) -> ServerType {
        match self.metadata.annotation(SERVER_TYPE) {
            None | Some("jupyter") => ServerType::Jupyter,
            Some("group-one") => ServerType::VsCode,
            Some("group-two") => ServerType::RStudio,
            Some(_) => ServerType::Other,
        }
    }

    /// Who created it, as the user interface wrote it down.
    pub fn creator(&self) -> Option<&str> {
        self.metadata.annotation(CREATOR)
    }

    /// Last activity that the culler saw; `None` when culling is off or hasn't looked yet.
    pub fn last_activity(&self) -> Option<Timestamp> {
        Timestamp::parse(self.metadata.annotation(LAST_ACTIVITY)?)
    }

    /// Names of the claims that its volumes are made of.
    pub fn claims(&self) -> Vec<&str> {
        let volumes = self.spec.template.spec.volumes.iter();
        volumes
            .filter_map(|v| v.persistent_volume_claim.as_ref().map(|c| c.claim_name.as_str()))
            .collect()
    }

    /// The container that serves the notebook: the one named like the Notebook, else the first.
    ///
    /// Not simply `containers[0]`: a sidecar may stand before it. The controller matches by name too.
    pub fn container(&self) -> Option<&Container> {
        let containers = &self.spec.template.spec.containers;
        containers
            .iter()
            .find(|c| c.name == self.metadata.name)
            .or(containers.first())
    }
}

/// Kind of server behind a Notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerType {
    /// JupyterLab (also when nothing is said).
    Jupyter,
    /// VS Code (`group-one`).
    VsCode,
    /// RStudio (`group-two`).
    RStudio,
    /// A type we don't know.
    Other,
}

impl ServerType {
    /// The product's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Jupyter => "JupyterLab",
            Self::VsCode => "VS Code",
            Self::RStudio => "RStudio",
            Self::Other => "Other",
        }
    }
}

/// What a Notebook asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotebookSpec {
    /// Template of its pod.
    #[serde(deserialize_with = "or_default")]
    pub template: PodTemplate,
}

/// Template of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodTemplate {
    /// The pod's spec.
    #[serde(deserialize_with = "or_default")]
    pub spec: PodTemplateSpec,
}

/// The part of a PodSpec that a Notebook's page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodTemplateSpec {
    /// Containers.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
    /// Volumes.
    #[serde(deserialize_with = "or_default")]
    pub volumes: Vec<Volume>,
    /// ServiceAccount.
    #[serde(deserialize_with = "or_default")]
    pub service_account_name: String,
}

/// A container as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Name in the pod.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Image reference.
    #[serde(deserialize_with = "or_default")]
    pub image: String,
    /// CPU, memory, GPUs.
    #[serde(deserialize_with = "or_default")]
    pub resources: Resources,
    /// Environment variables.
    #[serde(deserialize_with = "or_default")]
    pub env: Vec<EnvVar>,
    /// Environment taken whole from Secrets and ConfigMaps.
    #[serde(deserialize_with = "or_default")]
    pub env_from: Vec<EnvFrom>,
    /// Where volumes are mounted.
    #[serde(deserialize_with = "or_default")]
    pub volume_mounts: Vec<VolumeMount>,
}

/// Requests and limits of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// What is reserved.
    #[serde(deserialize_with = "or_default")]
    pub requests: ResourceList,
    /// What it may use at most.
    #[serde(deserialize_with = "or_default")]
    pub limits: ResourceList,
}

impl Resources {
    /// The amount reserved: the request, or the limit when there is none (as Kubernetes defaults it).
    pub fn reserved(&self, resource: &str) -> Option<&str> {
        self.requests.get(resource).or_else(|| self.limits.get(resource))
    }

    /// GPUs and other devices asked for: resource name (`nvidia.com/gpu`) and amount as written.
    ///
    /// A device is an extended resource, so its name has a domain that isn't Kubernetes' own.
    pub fn devices(&self) -> impl Iterator<Item = (&str, &str)> {
        let limits = self.limits.iter();
        let only_requested = self.requests.iter().filter(|(name, _)| self.limits.get(name).is_none());
        limits
            .chain(only_requested)
            .filter(|(name, _)| name.contains('/') && !name.contains("kubernetes.io/"))
    }
}

/// An environment variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVar {
    /// Name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Value in clear; empty when it comes from elsewhere.
    #[serde(deserialize_with = "or_default")]
    pub value: String,
    /// Where it comes from instead.
    pub value_from: Option<EnvSource>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvSource {
    /// A key of a Secret.
    pub secret_key_ref: Option<KeyRef>,
    /// A key of a ConfigMap.
    pub config_map_key_ref: Option<KeyRef>,
    /// A field of the pod.
    pub field_ref: Option<FieldRef>,
}

/// A field of the pod, as source of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldRef {
    /// Path in the pod, like `metadata.name`.
    #[serde(deserialize_with = "or_default")]
    pub field_path: String,
}

/// A key of a Secret or ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KeyRef {
    /// Name of the object.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Key in it.
    #[serde(deserialize_with = "or_default")]
    pub key: String,
}

/// Environment taken whole from an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvFrom {
    /// Put before each name.
    #[serde(deserialize_with = "or_default")]
    pub prefix: String,
    /// The Secret.
    pub secret_ref: Option<NameRef>,
    /// The ConfigMap.
    pub config_map_ref: Option<NameRef>,
}

/// A name of an object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NameRef {
    /// Name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// Where a volume appears in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeMount {
    /// Name of the volume.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Path in the container.
    #[serde(deserialize_with = "or_default")]
    pub mount_path: String,
    /// Path in the volume; empty for its root.
    #[serde(deserialize_with = "or_default")]
    pub sub_path: String,
    /// Whether it can't be written.
    #[serde(deserialize_with = "or_default")]
    pub read_only: bool,
}

/// A volume of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Volume {
    /// Name in the pod.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    persistent_volume_claim: Option<ClaimSource>,
    empty_dir: Option<EmptyDirSource>,
    config_map: Option<NameRef>,
    secret: Option<SecretSource>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClaimSource {
    #[serde(deserialize_with = "or_default")]
    claim_name: String,
    #[serde(deserialize_with = "or_default")]
    read_only: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EmptyDirSource {
    #[serde(deserialize_with = "or_default")]
    medium: String,
    #[serde(deserialize_with = "scalar")]
    size_limit: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SecretSource {
    #[serde(deserialize_with = "or_default")]
    secret_name: String,
}

/// What a volume is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeKind<'a> {
    /// A PersistentVolumeClaim.
    Claim {
        /// Its name.
        name: &'a str,
        /// Whether it can't be written.
        read_only: bool,
    },
    /// Memory (shared memory), gone with the pod.
    Memory {
        /// Size limit as written, or empty.
        size_limit: &'a str,
    },
    /// The node's disk, gone with the pod.
    Scratch {
        /// Size limit as written, or empty.
        size_limit: &'a str,
    },
    /// A ConfigMap.
    ConfigMap {
        /// Its name.
        name: &'a str,
    },
    /// A Secret.
    Secret {
        /// Its name.
        name: &'a str,
    },
    /// Anything else (NFS, CSI, projected …): see the YAML.
    Other,
}

impl Volume {
    /// What the volume is made of.
    pub fn kind(&self) -> VolumeKind<'_> {
        if let Some(claim) = &self.persistent_volume_claim {
            VolumeKind::Claim {
                name: &claim.claim_name,
                read_only: claim.read_only,
            }
        } else if let Some(dir) = &self.empty_dir {
            if dir.medium == "Memory" {
                VolumeKind::Memory {
                    size_limit: &dir.size_limit,
                }
            } else {
                VolumeKind::Scratch {
                    size_limit: &dir.size_limit,
                }
            }
        } else if let Some(map) = &self.config_map {
            VolumeKind::ConfigMap { name: &map.name }
        } else if let Some(secret) = &self.secret {
            VolumeKind::Secret {
                name: &secret.secret_name,
            }
        } else {
            VolumeKind::Other
        }
    }
}

/// What Kubeflow's controller mirrors; lags behind the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NotebookStatus {
    /// Copy of the pod's conditions.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// Copy of the StatefulSet's ready replicas.
    #[serde(deserialize_with = "or_default")]
    pub ready_replicas: i32,
    /// Copy of the state of the container named like the Notebook.
    #[serde(deserialize_with = "or_default")]
    pub container_state: ContainerState,
}
