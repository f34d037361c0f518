//! Reads the facts of a notebook that its overview shows, as values without a DOM.

use flowdeck_objects::{
    Condition, Container, EnvVar, Notebook, PersistentVolumeClaim, Pod, Quantity, StatefulSet, Timestamp, Truth,
    VolumeKind,
};
use flowdeck_view::notebooks::gpus_text;
use flowdeck_watch::Rows;

/// A line of a list of facts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) key: &'static str,
    pub(super) value: Value,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// In the code font, with a button that copies it.
    Code(String),
    Time(Option<Timestamp>),
}

impl Fact {
    fn text(key: &'static str, value: impl Into<String>) -> Self {
        Self {
            key,
            value: Value::Text(value.into()),
        }
    }

    fn code(key: &'static str, value: &str) -> Self {
        let value = if value.is_empty() {
            Value::Text("–".to_owned())
        } else {
            Value::Code(value.to_owned())
        };
        Self { key, value }
    }

    fn time(key: &'static str, at: Option<Timestamp>) -> Self {
        Self {
            key,
            value: Value::Time(at),
        }
    }
}

/// What it is and whose.
pub(super) fn about(notebook: &Notebook) -> Vec<Fact> {
    let meta = &notebook.metadata;
    let mut out = vec![
        Fact::text("Type", notebook.server_type().label()),
        Fact::code("Image", notebook.container().map_or("", |c| &c.image)),
        Fact::time("Created", meta.creation_timestamp),
        Fact::text("Created by", notebook.creator().unwrap_or("–")),
        Fact::time("Last activity", notebook.last_activity()),
    ];
    if notebook.is_stopped() {
        out.push(Fact::time("Stopped", notebook.stopped_at()));
    }
    out
}

/// What it may use: what is reserved, and the limit where there is another one.
pub(super) fn resources(notebook: &Notebook) -> Vec<Fact> {
    let Some(container) = notebook.container() else {
        return Vec::new();
    };
    let gpus = gpus_text(container.resources.devices());
    let shared = notebook
        .spec
        .template
        .spec
        .volumes
        .iter()
        .find(|volume| volume.name == "dshm")
        .map(|v| v.kind());
    let shared = match shared {
        Some(VolumeKind::Memory { size_limit: "" }) => "Yes, half of the node's memory at most".to_owned(),
        Some(VolumeKind::Memory { size_limit }) => ["Yes, at most ", size_limit].concat(),
        _ => "No".to_owned(),
    };
    vec![
        Fact::text("CPU", amount(container, "cpu")),
        Fact::text("Memory", amount(container, "memory")),
        Fact::text("GPU", if gpus.is_empty() { "None".to_owned() } else { gpus }),
        Fact::text("Shared memory", shared),
    ]
}

fn amount(container: &Container, resource: &str) -> String {
    let words = |text: &str| Quantity::parse(text).map_or_else(|_| text.to_owned(), |amount| amount.text_of(resource));
    let reserved = container.resources.reserved(resource);
    let limit = container.resources.limits.get(resource);
    match (reserved, limit) {
        (None, _) => "Nothing reserved".to_owned(),
        (Some(reserved), Some(limit)) if words(limit) != words(reserved) => {
            [words(reserved), ", at most ".to_owned(), words(limit)].concat()
        }
        (Some(reserved), Some(_)) => words(reserved),
        (Some(reserved), None) => [words(reserved), ", no limit".to_owned()].concat(),
    }
}

/// Where it runs.
pub(super) fn place(pod: Option<&Pod>, set: Option<&StatefulSet>, container: &str, outdated: bool) -> Vec<Fact> {
    let Some(pod) = pod else {
        let replicas = set.map_or(0, StatefulSet::replicas);
        return vec![Fact::text(
            "Pod",
            if replicas == 0 {
                "None while it is stopped"
            } else {
                "None yet"
            },
        )];
    };
    let status = pod.container_status(container);
    let running = status.and_then(|status| status.state.running.as_ref()?.started_at);
    let mut out = vec![
        Fact::code("Pod", &pod.metadata.name),
        Fact::code("Node", &pod.spec.node_name),
        Fact::time("Running since", running),
        Fact::text("Restarts", status.map_or(0, |status| status.restart_count).to_string()),
    ];
    if let Some(revision) = pod.revision() {
        out.push(Fact::code("Revision", revision));
    }
    if outdated {
        out.push(Fact::text(
            "Settings",
            "From before the last change; stop and start it to take them over",
        ));
    }
    out
}

/// A volume as the overview lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VolumeLine {
    /// Group it is listed under.
    pub(super) group: &'static str,
    pub(super) name: String,
    pub(super) mounts: String,
    /// Size, read-only, state: what is worth saying.
    pub(super) more: String,
}

/// Volumes in groups: claims first, then what goes with the pod.
pub(super) fn volumes(notebook: &Notebook, claims: Option<&Rows<PersistentVolumeClaim>>) -> Vec<VolumeLine> {
    let mut out: Vec<VolumeLine> = notebook
        .spec
        .template
        .spec
        .volumes
        .iter()
        .map(|volume| {
            let mounts: Vec<&str> = notebook
                .container()
                .map(|container| {
                    let of_volume = container.volume_mounts.iter().filter(|mount| mount.name == volume.name);
                    of_volume.map(|mount| mount.mount_path.as_str()).collect()
                })
                .unwrap_or_default();
            let (group, name, more) = kind_of(&volume.name, volume.kind(), &notebook.metadata.namespace, claims);
            VolumeLine {
                group,
                name,
                mounts: mounts.join(", "),
                more,
            }
        })
        .collect();
    out.sort_by_key(|line| (GROUPS.iter().position(|group| *group == line.group), line.name.clone()));
    out
}

const GROUPS: [&str; 6] = ["Volume", "Memory", "Goes with the pod", "ConfigMap", "Secret", "Other"];

fn kind_of(
    name: &str,
    kind: VolumeKind<'_>,
    namespace: &str,
    claims: Option<&Rows<PersistentVolumeClaim>>,
) -> (&'static str, String, String) {
    match kind {
        VolumeKind::Claim { name, read_only } => {
            let claim = claims.and_then(|claims| claims.by_name(namespace, name));
            let mut more = Vec::new();
            if let Some(claim) = claim {
                let size = claim
                    .size()
                    .and_then(|size| Quantity::parse(size).ok())
                    .map(Quantity::bytes_text);
                more.extend(size);
                if claim.status.phase != "Bound" {
                    more.push(claim.status.phase.to_ascii_lowercase());
                }
            } else if claims.is_some() {
                more.push("missing".to_owned());
            }
            if read_only {
                more.push("read-only".to_owned());
            }
            (GROUPS[0], name.to_owned(), more.join(", "))
        }
        VolumeKind::Memory { size_limit } => (GROUPS[1], name.to_owned(), size_limit.to_owned()),
        VolumeKind::Scratch { size_limit } => (GROUPS[2], name.to_owned(), size_limit.to_owned()),
        VolumeKind::ConfigMap { name } => (GROUPS[3], name.to_owned(), String::new()),
        VolumeKind::Secret { name } => (GROUPS[4], name.to_owned(), String::new()),
        VolumeKind::Other => (GROUPS[5], name.to_owned(), "see the YAML".to_owned()),
    }
}

/// A variable: name, value in clear, or where the value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) from: String,
}

/// Environment variables of the notebook's container.
pub(super) fn environment(notebook: &Notebook) -> Vec<Variable> {
    let Some(container) = notebook.container() else {
        return Vec::new();
    };
    let own = container.env.iter().map(variable);
    let whole = container.env_from.iter().map(|source| {
        let from = match (&source.secret_ref, &source.config_map_ref) {
            (Some(secret), _) => ["all keys of Secret ", &secret.name].concat(),
            (_, Some(map)) => ["all keys of ConfigMap ", &map.name].concat(),
            _ => "see the YAML".to_owned(),
        };
        Variable {
            name: [&*source.prefix, "*"].concat(),
            value: String::new(),
            from,
        }
    });
    own.chain(whole).collect()
}

fn variable(env: &EnvVar) -> Variable {
    let from = env.value_from.as_ref().map(|source| {
        match (&source.secret_key_ref, &source.config_map_key_ref, &source.field_ref) {
            (Some(key), ..) => ["key ", &key.key, " of Secret ", &key.name].concat(),
            (_, Some(key), _) => ["key ", &key.key, " of ConfigMap ", &key.name].concat(),
            (_, _, Some(field)) => ["the pod's ", &field.field_path].concat(),
            _ => "see the YAML".to_owned(),
        }
    });
    Variable {
        name: env.name.clone(),
        value: env.value.clone(),
        from: from.unwrap_or_default(),
    }
}

/// A condition in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConditionLine {
    pub(super) kind: String,
    pub(super) status: &'static str,
    pub(super) since: Option<Timestamp>,
    pub(super) reason: String,
    pub(super) message: String,
}

/// The pod's conditions where there is a pod, else the copies in the notebook.
pub(super) fn conditions(notebook: &Notebook, pod: Option<&Pod>) -> Vec<ConditionLine> {
    let conditions = pod.map_or(&notebook.status.conditions, |pod| &pod.status.conditions);
    conditions.iter().map(condition).collect()
}

fn condition(condition: &Condition) -> ConditionLine {
    ConditionLine {
        kind: condition.kind.clone(),
        status: match condition.status {
            Truth::True => "True",
            Truth::False => "False",
            Truth::Unknown => "Unknown",
        },
        since: condition.last_transition_time,
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    }
}
