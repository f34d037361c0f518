//! Names the fields of the form and holds what is typed into them.

use crate::config::{Images, Spawner};
use flowdeck_objects::ServerType;

/// Where the home folder lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workspace {
    /// In a volume made with the notebook.
    #[default]
    New,
    /// In a volume that exists.
    Existing,
    /// Nowhere: it goes with the pod.
    None,
}

impl Workspace {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 3] = [Self::New, Self::Existing, Self::None];

    /// The word in the form and its draft.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Existing => "existing",
            Self::None => "none",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|which| which.word() == word)
            .unwrap_or_default()
    }
}

/// What is typed, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Name of the notebook.
    pub name: String,
    /// Kind of server.
    pub server: ServerType,
    /// Image reference.
    pub image: String,
    /// CPU request.
    pub cpu: String,
    /// Memory request; Gi when it has no unit.
    pub memory: String,
    /// Number of GPUs; empty or 0 is none.
    pub gpu_count: String,
    /// Resource name of the GPUs.
    pub gpu_vendor: String,
    /// Where the home folder lies.
    pub workspace: Workspace,
    /// Name of the new volume; empty is `{notebook-name}-workspace`, or what the administrator set.
    pub volume_name: String,
    /// Size of the new volume; Gi when it has no unit.
    pub volume_size: String,
    /// Storage class of the new volume; empty is the cluster's default.
    pub volume_class: String,
    /// Name of the existing volume.
    pub volume_existing: String,
    /// Where the volume is mounted.
    pub mount: String,
    /// Whether there is shared memory at `/dev/shm`.
    pub shared_memory: bool,
    /// `Always`, `IfNotPresent` or `Never`.
    pub pull_policy: String,
    /// Whether the limits are typed; otherwise they follow the requests by the administrator's factor.
    pub own_limits: bool,
    /// CPU limit when typed; empty is none.
    pub cpu_limit: String,
    /// Memory limit when typed; empty is none.
    pub memory_limit: String,
}

impl Form {
    /// The form before anything is typed.
    pub fn new(spawner: &Spawner) -> Self {
        let or = |text: &str, default: &str| {
            if text.is_empty() {
                default.to_owned()
            } else {
                text.to_owned()
            }
        };
        let volume = spawner.workspace_volume.value.clone();
        let gpus = &spawner.gpus.value;
        let first = gpus
            .vendors
            .first()
            .map(|vendor| vendor.limits_key.as_str())
            .unwrap_or_default();
        let (workspace, volume) = volume.map_or((Workspace::None, None), |volume| (Workspace::New, Some(volume)));
        let spec = volume.as_ref().map(|volume| &volume.new_pvc.spec);
        Self {
            name: String::new(),
            server: ServerType::Jupyter,
            image: spawner.image.value.clone(),
            cpu: or(&spawner.cpu.value, "0.5"),
            memory: plain_gi(&or(&spawner.memory.value, "1Gi")),
            gpu_count: if gpus.num.parse::<u32>().is_ok() {
                gpus.num.clone()
            } else {
                "0".to_owned()
            },
            gpu_vendor: or(&gpus.vendor, first),
            workspace,
            volume_name: String::new(),
            volume_size: plain_gi(&or(
                spec.map_or("", |spec| spec.resources.requests.storage.as_str()),
                "5Gi",
            )),
            volume_class: spec
                .and_then(|spec| spec.storage_class_name.clone())
                .unwrap_or_default(),
            volume_existing: String::new(),
            mount: or(
                volume.as_ref().map_or("", |volume| volume.mount.as_str()),
                "/home/jovyan",
            ),
            shared_memory: spawner.shm.value,
            pull_policy: or(&spawner.image_pull_policy.value, "IfNotPresent"),
            own_limits: false,
            cpu_limit: String::new(),
            memory_limit: String::new(),
        }
    }

    /// Name of the claim that the form makes, if it makes one.
    pub fn new_claim_name(&self, spawner: &Spawner) -> Option<String> {
        if self.workspace != Workspace::New {
            return None;
        }
        let typed = self.volume_name.trim();
        if !typed.is_empty() {
            return Some(typed.to_owned());
        }
        let template = spawner
            .workspace_volume
            .value
            .as_ref()
            .map(|volume| volume.new_pvc.metadata.name.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or("{notebook-name}-workspace");
        Some(template.replace("{notebook-name}", self.name.trim()))
    }

    /// The text of a field, to see whether it has changed since an answer came.
    pub fn text_of(&self, field: Field) -> &str {
        match field {
            Field::Name => &self.name,
            Field::Image => &self.image,
            Field::Cpu => &self.cpu,
            Field::Memory => &self.memory,
            Field::Gpu => &self.gpu_count,
            Field::VolumeName => &self.volume_name,
            Field::VolumeSize => &self.volume_size,
            Field::VolumeClass => &self.volume_class,
            Field::VolumeExisting => &self.volume_existing,
            Field::Mount => &self.mount,
            Field::PullPolicy => &self.pull_policy,
            Field::CpuLimit => &self.cpu_limit,
            Field::MemoryLimit => &self.memory_limit,
            Field::Whole => "",
        }
    }

    /// Number of GPUs; `None` when it is not a number.
    pub fn gpus(&self) -> Option<u32> {
        let text = self.gpu_count.trim();
        if text.is_empty() { Some(0) } else { text.parse().ok() }
    }
}

/// `16Gi` is shown as `16`, because the field says Gi.
fn plain_gi(quantity: &str) -> String {
    let number = quantity.strip_suffix("Gi").unwrap_or(quantity);
    number.strip_suffix(".0").unwrap_or(number).to_owned()
}

impl Spawner {
    /// Images offered for a kind of server.
    pub fn images(&self, server: ServerType) -> &Images {
        match server {
            ServerType::VsCode => &self.image_group_one,
            ServerType::RStudio => &self.image_group_two,
            ServerType::Jupyter | ServerType::Other => &self.image,
        }
    }
}

/// A field of the form that a problem can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Name of the notebook.
    Name,
    /// Image.
    Image,
    /// CPU request.
    Cpu,
    /// Memory request.
    Memory,
    /// GPUs.
    Gpu,
    /// Name of the new volume.
    VolumeName,
    /// Size of the new volume.
    VolumeSize,
    /// Storage class of the new volume.
    VolumeClass,
    /// The existing volume.
    VolumeExisting,
    /// Where the volume is mounted.
    Mount,
    /// Pull policy.
    PullPolicy,
    /// CPU limit.
    CpuLimit,
    /// Memory limit.
    MemoryLimit,
    /// None of the fields: the form as a whole.
    Whole,
}

impl Field {
    /// Whether it lies in the part that is folded away at first.
    pub fn is_folded(self) -> bool {
        matches!(self, Self::PullPolicy | Self::CpuLimit | Self::MemoryLimit)
    }
}

/// What is wrong, where, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field.
    pub field: Field,
    /// In words.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gpus_is_a_number_of_its_own() {
        let mut spawner = Spawner::default();
        for (num, shown) in [("none", "0"), ("", "0"), ("2", "2")] {
            spawner.gpus.value.num = num.to_owned();
            assert_eq!(Form::new(&spawner).gpu_count, shown);
        }
    }
}
