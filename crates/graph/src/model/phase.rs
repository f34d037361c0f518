//! Says how far a node is, in one word for KFP's and Argo's many.

/// How far a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing is known: there is no run, or it has not come here.
    #[default]
    Unknown,
    /// It waits for its turn or for a place to run.
    Pending,
    /// It runs.
    Running,
    /// It waits for somebody: Argo's running `Suspend` node, KFP's PAUSED.
    Suspended,
    /// It ended well.
    Succeeded,
    /// Its result was taken from an earlier run.
    Cached,
    /// Its condition did not hold.
    Skipped,
    /// What it depends on ended in another way than it asks for.
    Omitted,
    /// It failed by itself.
    Failed,
    /// It failed by what is around it.
    Error,
    /// Somebody stops it.
    Canceling,
    /// Somebody stopped it.
    Canceled,
}

impl Phase {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::Pending,
        Self::Running,
        Self::Suspended,
        Self::Succeeded,
        Self::Cached,
        Self::Skipped,
        Self::Omitted,
        Self::Failed,
        Self::Error,
        Self::Canceling,
        Self::Canceled,
    ];

    /// Argo's node phases (`NodePhase`, workflow_types.go); another word is unknown.
    pub fn from_argo(word: &str) -> Self {
        match word {
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Succeeded" => Self::Succeeded,
            "Skipped" => Self::Skipped,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Omitted" => Self::Omitted,
            _ => Self::Unknown,
        }
    }

    /// KFP's `RuntimeState` (v2beta1); another word is unknown.
    pub fn from_kfp(word: &str) -> Self {
        match word {
            "PENDING" => Self::Pending,
            "RUNNING" => Self::Running,
            "SUCCEEDED" => Self::Succeeded,
            "SKIPPED" => Self::Skipped,
            "FAILED" => Self::Failed,
            "CANCELING" => Self::Canceling,
            "CANCELED" => Self::Canceled,
            "PAUSED" => Self::Suspended,
            "CACHED" => Self::Cached,
            "OMITTED" => Self::Omitted,
            "ERROR" => Self::Error,
            _ => Self::Unknown,
        }
    }

    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        !matches!(
            self,
            Self::Unknown | Self::Pending | Self::Running | Self::Suspended | Self::Canceling
        )
    }

    /// Whether it ended badly.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}

/// How many nodes are in each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u32; Phase::ALL.len()]);

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, phase: Phase) {
        self.0[phase as usize] += 1;
    }

    /// How many are in a phase.
    pub fn of(&self, phase: Phase) -> u32 {
        self.0[phase as usize]
    }

    /// How many there are in all.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }
}
