//! Says what a node is, and what a pipeline was read from.

/// What a pipeline was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// KFP's intermediate representation (v2), plain or wrapped with a platform spec.
    KfpIr,
    /// A KFP v1 pipeline: an Argo Workflow with KFP's annotations.
    KfpV1,
    /// An Argo Workflow, WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow.
    ArgoSpec,
    /// The status of an Argo Workflow whose spec was not there or gave nothing.
    ArgoStatus,
    /// The tasks of a KFP v2beta1 run whose pipeline spec was not there.
    KfpRun,
}

/// What a node is. The names are the field's own: KFP's and Argo's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A container that runs and ends.
    #[default]
    Task,
    /// Tasks with an order: a KFP sub-DAG or an Argo `dag` template.
    Dag,
    /// Steps one after the other: an Argo `steps` template.
    Steps,
    /// What is done for each item: KFP's ParallelFor; Argo's `withItems`, `withParam`, `withSequence`.
    Loop,
    /// One round of a loop.
    Iteration,
    /// KFP's `condition-N`: a DAG that runs only if its condition holds.
    Condition,
    /// KFP's `condition-branches-N`: of the conditions inside, at most one holds.
    Branches,
    /// KFP's `exit-handler-N`: the tasks whose end an exit task waits for.
    ExitHandler,
    /// What runs at the end whatever happened: KFP's exit task, Argo's `onExit`.
    ExitTask,
    /// KFP's importer: brings an artifact in by its URI.
    Importer,
    /// KFP's resolver.
    Resolver,
    /// A Vertex custom job.
    CustomJob,
    /// Argo's `script` template.
    Script,
    /// Argo's `resource` template: creates or changes a Kubernetes object.
    Resource,
    /// Argo's `suspend` template: waits for somebody or for a while.
    Suspend,
    /// Argo's `http` template.
    Http,
    /// Argo's `plugin` template.
    Plugin,
    /// Argo's `data` template.
    Data,
    /// Argo's `containerSet` template: containers of one pod.
    ContainerSet,
    /// One container of a container set.
    Container,
    /// An Argo lifecycle hook other than `onExit`.
    Hook,
    /// One try of a task that is retried.
    Attempt,
    /// Where many steps wait for many: the boundary between two step groups.
    Join,
    /// What another template, which is not here, does: a `templateRef` or a missing component.
    Gap,
    /// A template that calls itself: not followed.
    Recursion,
    /// A kind that this reader does not know.
    Unknown,
}

impl Kind {
    /// Whether it is drawn around other nodes.
    pub fn is_group(self) -> bool {
        matches!(
            self,
            Self::Dag
                | Self::Steps
                | Self::Loop
                | Self::Iteration
                | Self::Condition
                | Self::Branches
                | Self::ExitHandler
                | Self::ContainerSet
        )
    }
}
