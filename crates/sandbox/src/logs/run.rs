//! Finds the run of a container whose log is wanted, or says why there is none.

use jiff::Timestamp;
use serde_json::Value;

use crate::logs::text;
use crate::refusal::Refusal;
use crate::verbs::Context;

/// One run of a container, from its start to its end.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) pod_uid: String,
    pub(super) pod_name: String,
    pub(super) namespace: String,
    pub(super) container: String,
    pub(super) image: String,
    /// The path under which a notebook is served.
    pub(super) prefix: Option<String>,
    /// How many runs there were before.
    pub(super) restarts: i64,
    pub(super) started: Timestamp,
    /// When and why it ended: `OOMKilled`, `Error`, `Completed`.
    pub(super) ended: Option<(Timestamp, String)>,
}

impl Run {
    /// The end of the log.
    pub(super) fn end_or_now(&self) -> Timestamp {
        self.ended.as_ref().map_or_else(Timestamp::now, |(time, _)| *time)
    }
}

/// The container that is meant.
pub(super) fn container(context: &Context, pod: &Value) -> Result<String, Refusal> {
    let names = |list: &str| -> Vec<String> {
        let list = pod["spec"][list].as_array().into_iter().flatten();
        list.map(|container| container["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let (containers, init) = (names("containers"), names("initContainers"));
    let name = context.name();
    match context.query.get("container") {
        Some(wanted) if containers.iter().chain(&init).any(|known| known == wanted) => Ok(wanted.to_owned()),
        Some(wanted) => Err(Refusal::bad_request(format!(
            "container {wanted} is not valid for pod {name}"
        ))),
        None => match (containers.as_slice(), init.is_empty()) {
            ([one], true) => Ok(one.clone()),
            ([], true) => Err(Refusal::bad_request(format!(
                "a container name must be specified for pod {name}"
            ))),
            (many, _) => {
                let all: Vec<&str> = init.iter().chain(many).map(String::as_str).collect();
                let why = format!(
                    "a container name must be specified for pod {name}, choose one of: [{}]",
                    all.join(" ")
                );
                Err(Refusal::bad_request(why))
            }
        },
    }
}

/// The run whose log is wanted: the present one, or the last that ended.
pub(super) fn find(pod: &Value, name: &str, previous: bool) -> Result<Run, String> {
    let pod_name = text(pod, "/metadata/name");
    let statuses = ["containerStatuses", "initContainerStatuses"];
    let status = statuses
        .iter()
        .flat_map(|list| pod["status"][*list].as_array().into_iter().flatten())
        .find(|status| status["name"] == name)
        .ok_or_else(|| format!("container \"{name}\" in pod \"{pod_name}\" is not available"))?;
    let restarts = status["restartCount"].as_i64().unwrap_or(0);
    let (now, last) = (&status["state"], &status["lastState"]["terminated"]);
    if previous {
        if last.is_null() {
            return Err(format!(
                "previous terminated container \"{name}\" in pod \"{pod_name}\" not found"
            ));
        }
        return Ok(run(pod, name, restarts - 1, last, true));
    }
    if now["running"].is_object() {
        return Ok(run(pod, name, restarts, &now["running"], false));
    }
    if now["terminated"].is_object() {
        return Ok(run(pod, name, restarts, &now["terminated"], true));
    }
    if last.is_object() {
        return Ok(run(pod, name, restarts - 1, last, true));
    }
    let waiting = format!("container \"{name}\" in pod \"{pod_name}\" is waiting to start: ");
    Err(waiting
        + match text(now, "/waiting/reason") {
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            "" => "ContainerCreating",
            other => other,
        })
}

fn run(pod: &Value, name: &str, restarts: i64, state: &Value, ended: bool) -> Run {
    let time = |key: &str| state[key].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let created = text(pod, "/metadata/creationTimestamp")
        .parse()
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let started = time("startedAt").unwrap_or(created);
    let lists = ["containers", "initContainers"];
    let spec = lists
        .iter()
        .flat_map(|list| pod["spec"][*list].as_array().into_iter().flatten())
        .find(|one| one["name"] == name);
    let prefix = spec.and_then(|spec| {
        let env = spec["env"].as_array()?.iter().find(|one| one["name"] == "NB_PREFIX")?;
        env["value"].as_str().map(str::to_owned)
    });
    Run {
        pod_uid: text(pod, "/metadata/uid").to_owned(),
        pod_name: text(pod, "/metadata/name").to_owned(),
        namespace: text(pod, "/metadata/namespace").to_owned(),
        container: name.to_owned(),
        image: spec.map(|spec| text(spec, "/image").to_owned()).unwrap_or_default(),
        prefix,
        restarts: restarts.max(0),
        started,
        ended: ended.then(|| (time("finishedAt").unwrap_or(started), text(state, "/reason").to_owned())),
    }
}
