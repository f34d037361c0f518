//! Views a Kubeflow Notebook (`kubeflow.org` v1, v1beta1): what it asks for and what its status says.
//!
//! Never says how the notebook *is*: that needs the pod too, see [`crate::notebook_phase`].
//! Source: dashboard-and-notebooks.md §1.3, kubeflow/notebooks 177b098.

use crate::meta::{Condition, Meta, ResourceList, Scalar};
use crate::pod::ContainerState;
use crate::time::Timestamp;

/// Annotation whose presence stops a Notebook; its value is the time (written by UI or culler).
const STOPPED: &str = "kubeflow-resource-stopped";
const SERVER_TYPE: &str = "notebooks.kubeflow.org/server-type";
const CREATOR: &str = "notebooks.kubeflow.org/creator";
const LAST_ACTIVITY: &str = "notebooks.kubeflow.org/last-activity";

/// A notebook server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notebook {
    /// Metadata.
    pub metadata: Meta,
    /// What is asked for.
    pub spec: NotebookSpec,
    /// What the controller mirrors from pod and StatefulSet.
    pub status: NotebookStatus,
}

crate::fields!(Notebook { b"metadata" => metadata, b"spec" => spec, b"status" => status });

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotebookSpec {
    /// Template of its pod.
    pub template: PodTemplate,
}

crate::fields!(NotebookSpec { b"template" => template });

/// Template of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodTemplate {
    /// The pod's spec.
    pub spec: PodTemplateSpec,
}

crate::fields!(PodTemplate { b"spec" => spec });

/// The part of a PodSpec that a Notebook's page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodTemplateSpec {
    /// Containers.
    pub containers: Vec<Container>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// ServiceAccount.
    pub service_account_name: String,
}

crate::fields!(PodTemplateSpec {
    b"containers" => containers,
    b"volumes" => volumes,
    b"serviceAccountName" => service_account_name,
});

/// A container as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Name in the pod.
    pub name: String,
    /// Image reference.
    pub image: String,
    /// CPU, memory, GPUs.
    pub resources: Resources,
    /// Environment variables.
    pub env: Vec<EnvVar>,
    /// Environment taken whole from Secrets and ConfigMaps.
    pub env_from: Vec<EnvFrom>,
    /// Where volumes are mounted.
    pub volume_mounts: Vec<VolumeMount>,
}

crate::fields!(Container {
    b"name" => name,
    b"image" => image,
    b"resources" => resources,
    b"env" => env,
    b"envFrom" => env_from,
    b"volumeMounts" => volume_mounts,
});

/// Requests and limits of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// What is reserved.
    pub requests: ResourceList,
    /// What it may use at most.
    pub limits: ResourceList,
}

crate::fields!(Resources { b"requests" => requests, b"limits" => limits });

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvVar {
    /// Name.
    pub name: String,
    /// Value in clear; empty when it comes from elsewhere.
    pub value: String,
    /// Where it comes from instead.
    pub value_from: Option<EnvSource>,
}

crate::fields!(EnvVar { b"name" => name, b"value" => value, b"valueFrom" => value_from });

/// Where a variable's value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvSource {
    /// A key of a Secret.
    pub secret_key_ref: Option<KeyRef>,
    /// A key of a ConfigMap.
    pub config_map_key_ref: Option<KeyRef>,
    /// A field of the pod.
    pub field_ref: Option<FieldRef>,
}

crate::fields!(EnvSource {
    b"secretKeyRef" => secret_key_ref,
    b"configMapKeyRef" => config_map_key_ref,
    b"fieldRef" => field_ref,
});

/// A field of the pod, as source of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRef {
    /// Path in the pod, like `metadata.name`.
    pub field_path: String,
}

crate::fields!(FieldRef { b"fieldPath" => field_path });

/// A key of a Secret or ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRef {
    /// Name of the object.
    pub name: String,
    /// Key in it.
    pub key: String,
}

crate::fields!(KeyRef { b"name" => name, b"key" => key });

/// Environment taken whole from an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFrom {
    /// Put before each name.
    pub prefix: String,
    /// The Secret.
    pub secret_ref: Option<NameRef>,
    /// The ConfigMap.
    pub config_map_ref: Option<NameRef>,
}

crate::fields!(EnvFrom { b"prefix" => prefix, b"secretRef" => secret_ref, b"configMapRef" => config_map_ref });

/// A name of an object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameRef {
    /// Name.
    pub name: String,
}

crate::fields!(NameRef { b"name" => name });

/// Where a volume appears in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeMount {
    /// Name of the volume.
    pub name: String,
    /// Path in the container.
    pub mount_path: String,
    /// Path in the volume; empty for its root.
    pub sub_path: String,
    /// Whether it can't be written.
    pub read_only: bool,
}

crate::fields!(VolumeMount { b"name" => name, b"mountPath" => mount_path, b"subPath" => sub_path, b"readOnly" => read_only });

/// A volume of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Name in the pod.
    pub name: String,
    persistent_volume_claim: Option<ClaimSource>,
    empty_dir: Option<EmptyDirSource>,
    config_map: Option<NameRef>,
    secret: Option<SecretSource>,
}

crate::fields!(Volume {
    b"name" => name,
    b"persistentVolumeClaim" => persistent_volume_claim,
    b"emptyDir" => empty_dir,
    b"configMap" => config_map,
    b"secret" => secret,
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ClaimSource {
    claim_name: String,
    read_only: bool,
}

crate::fields!(ClaimSource { b"claimName" => claim_name, b"readOnly" => read_only });

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct EmptyDirSource {
    medium: String,
    size_limit: Scalar,
}

crate::fields!(EmptyDirSource { b"medium" => medium, b"sizeLimit" => size_limit });

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct SecretSource {
    secret_name: String,
}

crate::fields!(SecretSource { b"secretName" => secret_name });

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
                    size_limit: &dir.size_limit.0,
                }
            } else {
                VolumeKind::Scratch {
                    size_limit: &dir.size_limit.0,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotebookStatus {
    /// Copy of the pod's conditions.
    pub conditions: Vec<Condition>,
    /// Copy of the StatefulSet's ready replicas.
    pub ready_replicas: i32,
    /// Copy of the state of the container named like the Notebook.
    pub container_state: ContainerState,
}

crate::fields!(NotebookStatus {
    b"conditions" => conditions,
    b"readyReplicas" => ready_replicas,
    b"containerState" => container_state,
});
