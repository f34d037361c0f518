//! Reads `/config.json`: what an administrator offers for new notebooks.
//!
//! The keys are those of Kubeflow's `spawner_ui_config.yaml` (`spawnerFormDefaults`), so that an existing file moves
//! over by turning YAML into JSON. Not read yet: data volumes, affinity, tolerations, configurations.
//! Source: dashboard-and-notebooks.md §2.1.

use flowdeck_objects::Unreadable;
use flowdeck_objects::json::{self, Read, Reader, Value};

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Defaults of the New notebook form.
    pub spawner_form_defaults: Spawner,
}

flowdeck_objects::fields!(Config { b"spawnerFormDefaults" => spawner_form_defaults });

/// Defaults of the New notebook form; a read-only value is the administrator's and can't be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spawner {
    /// Images of JupyterLab servers.
    pub image: Images,
    /// Images of VS Code servers.
    pub image_group_one: Images,
    /// Images of RStudio servers.
    pub image_group_two: Images,
    /// Whether an image outside the lists may be typed.
    pub allow_custom_image: AllowCustom,
    /// `Always`, `IfNotPresent` or `Never`.
    pub image_pull_policy: Setting,
    /// CPU.
    pub cpu: Amount,
    /// Memory.
    pub memory: Amount,
    /// GPUs.
    pub gpus: Gpus,
    /// Home volume.
    pub workspace_volume: Workspace,
    /// Shared memory.
    pub shm: Switch,
    /// Service account of the pod; empty is `default-editor`.
    pub service_account: String,
}

flowdeck_objects::fields!(Spawner {
    b"image" => image,
    b"imageGroupOne" => image_group_one,
    b"imageGroupTwo" => image_group_two,
    b"allowCustomImage" => allow_custom_image,
    b"imagePullPolicy" => image_pull_policy,
    b"cpu" => cpu,
    b"memory" => memory,
    b"gpus" => gpus,
    b"workspaceVolume" => workspace_volume,
    b"shm" => shm,
    b"serviceAccount" => service_account,
});

impl Config {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is not JSON of this shape.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        json::from_str(text)
    }
}

/// `allowCustomImage`, true when absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowCustom(pub bool);

impl Default for AllowCustom {
    fn default() -> Self {
        Self(true)
    }
}

impl Value for AllowCustom {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        self.0 = reader.truth()?;
        Ok(())
    }
}

/// Images of one kind of server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// Chosen at first.
    pub value: String,
    /// What can be chosen.
    pub options: Vec<String>,
    /// Only the first choice is allowed.
    pub read_only: bool,
}

flowdeck_objects::fields!(Images { b"value" => value, b"options" => options, b"readOnly" => read_only });

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Its value.
    pub value: String,
    /// Can't be changed.
    pub read_only: bool,
}

flowdeck_objects::fields!(Setting { b"value" => value, b"readOnly" => read_only });

/// Yes or no, yes when absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Its value.
    pub value: bool,
    /// Can't be changed.
    pub read_only: bool,
}

flowdeck_objects::fields!(Switch { b"value" => value, b"readOnly" => read_only });

impl Default for Switch {
    fn default() -> Self {
        Self {
            value: true,
            read_only: false,
        }
    }
}

/// CPU or memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Request, as a quantity.
    pub value: String,
    /// Limit as a multiple of the request (`1.2`), or `none`.
    pub limit_factor: String,
    /// Can't be changed.
    pub read_only: bool,
}

flowdeck_objects::fields!(Amount { b"value" => value, b"limitFactor" => limit_factor, b"readOnly" => read_only });

/// GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpus {
    /// What is offered.
    pub value: GpuChoice,
    /// Can't be changed.
    pub read_only: bool,
}

flowdeck_objects::fields!(Gpus { b"value" => value, b"readOnly" => read_only });

/// What is offered as GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuChoice {
    /// Chosen vendor's resource name, or empty.
    pub vendor: String,
    /// Vendors.
    pub vendors: Vec<Vendor>,
    /// Chosen number, or `none`.
    pub num: String,
}

flowdeck_objects::fields!(GpuChoice { b"vendor" => vendor, b"vendors" => vendors, b"num" => num });

/// Who makes a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vendor {
    /// Resource name, such as `nvidia.com/gpu`.
    pub limits_key: String,
    /// Name to show.
    pub ui_name: String,
}

flowdeck_objects::fields!(Vendor { b"limitsKey" => limits_key, b"uiName" => ui_name });

/// Home volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// What is made at first; `None` means no volume.
    pub value: Option<WorkspaceValue>,
    /// Can't be changed.
    pub read_only: bool,
}

flowdeck_objects::fields!(Workspace { b"value" => value, b"readOnly" => read_only });

/// The volume made at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceValue {
    /// Where it is mounted.
    pub mount: String,
    /// The claim to create.
    pub new_pvc: NewClaim,
}

flowdeck_objects::fields!(WorkspaceValue { b"mount" => mount, b"newPvc" => new_pvc });

/// A claim to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewClaim {
    /// Its metadata.
    pub metadata: NewClaimMeta,
    /// Its spec.
    pub spec: NewClaimSpec,
}

flowdeck_objects::fields!(NewClaim { b"metadata" => metadata, b"spec" => spec });

/// Metadata of a claim to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewClaimMeta {
    /// Name; `{notebook-name}` in it stands for the notebook's.
    pub name: String,
}

flowdeck_objects::fields!(NewClaimMeta { b"name" => name });

/// Spec of a claim to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewClaimSpec {
    /// Size.
    pub resources: NewClaimResources,
    /// Access modes.
    pub access_modes: Vec<String>,
    /// Storage class, or the cluster's default.
    pub storage_class_name: Option<String>,
}

flowdeck_objects::fields!(NewClaimSpec {
    b"resources" => resources,
    b"accessModes" => access_modes,
    b"storageClassName" => storage_class_name,
});

/// Resources of a claim to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewClaimResources {
    /// What is asked for.
    pub requests: NewClaimRequests,
}

flowdeck_objects::fields!(NewClaimResources { b"requests" => requests });

/// What a claim to create asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewClaimRequests {
    /// Size as a quantity.
    pub storage: String,
}

flowdeck_objects::fields!(NewClaimRequests { b"storage" => storage });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_file_is_read_whole() {
        let text = include_str!("../../../public/config.json");
        let spawner = Config::read(text).unwrap().spawner_form_defaults;
        assert!(spawner.image.options.contains(&spawner.image.value));
        assert!(spawner.image_group_one.options.contains(&spawner.image_group_one.value));
        assert!(spawner.image_group_two.options.contains(&spawner.image_group_two.value));
        assert_eq!(spawner.cpu.limit_factor, "1.2");
        assert_eq!(spawner.gpus.value.vendors[0].ui_name, "NVIDIA");
        let workspace = spawner.workspace_volume.value.unwrap();
        assert_eq!(workspace.mount, "/home/jovyan");
        assert_eq!(workspace.new_pvc.spec.resources.requests.storage, "5Gi");
    }

    #[test]
    fn empty_file_gives_defaults() {
        let spawner = Config::read("{}").unwrap().spawner_form_defaults;
        assert!(spawner.allow_custom_image.0 && spawner.shm.value);
        assert_eq!(spawner.workspace_volume.value, None);
    }
}
