//! Compares two recordings: what is there at birth, which states an object goes through, and which events are said.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::record::{Recording, Stream};

/// Values that never agree between two runs, by the name of their field.
const OWN: &[&str] = &[
    "uid",
    "resourceVersion",
    "managedFields",
    "creationTimestamp",
    "clusterIP",
    "clusterIPs",
    "nodeName",
    "hostIP",
    "hostIPs",
    "podIP",
    "podIPs",
    "startTime",
    "startedAt",
    "finishedAt",
    "lastProbeTime",
    "lastTransitionTime",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// Every difference, one a line; the order is stable.
pub(crate) fn differences(theirs: &Recording, ours: &Recording) -> Vec<String> {
    let mut lines = Vec::new();
    let kinds = [
        ("Notebook", &theirs.notebooks, &ours.notebooks),
        ("StatefulSet", &theirs.stateful_sets, &ours.stateful_sets),
        ("Pod", &theirs.pods, &ours.pods),
        ("Service", &theirs.services, &ours.services),
    ];
    for (kind, theirs, ours) in kinds {
        births(kind, theirs, ours, &mut lines);
        states(kind, theirs, ours, &mut lines);
    }
    events(&theirs.events, &ours.events, &mut lines);
    lines
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// Compares each object at its first appearance, field by field.
fn births(kind: &str, theirs: &Stream, ours: &Stream, lines: &mut Vec<String>) {
    let first = |stream: &Stream| -> BTreeMap<String, Value> {
        let mut first = BTreeMap::new();
        for (_, object) in stream.iter().filter(|(event, _)| event == "ADDED") {
            first.entry(name(object)).or_insert_with(|| plain(object));
        }
        first
    };
    let (theirs, ours) = (first(theirs), first(ours));
    for name in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        let empty = Value::Null;
        let one = theirs.get(name).unwrap_or(&empty);
        let other = ours.get(name).unwrap_or(&empty);
        fields(&format!("{kind} at birth "), one, other, lines);
    }
    lines.dedup();
}

fn fields(path: &str, theirs: &Value, ours: &Value, lines: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}.{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => fields(&path, one, other, lines),
                    (Some(one), None) => lines.push(format!("{path}: theirs {one}, ours none")),
                    (None, other) => lines.push(format!("{path}: theirs none, ours {}", other.unwrap_or(&Value::Null))),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                fields(&format!("{path}[{index}]"), one, other, lines);
            }
        }
        (one, other) if one != other => lines.push(format!("{path}: theirs {one}, ours {other}")),
        _ => {}
    }
}

/// An object without what is its own in every run.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, _)| !OWN.contains(&key.as_str()))
                .map(|(key, value)| {
                    let value = match (key.as_str(), value) {
                        ("controller-revision-hash", _) => Value::from("revision"),
                        ("name", Value::String(text)) if text.starts_with("kube-api-access-") => {
                            Value::from("kube-api-access")
                        }
                        _ => plain(value),
                    };
                    (key.clone(), value)
                })
                .collect::<Map<_, _>>(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(plain).collect()),
        other => other.clone(),
    }
}

/// Compares the meaningful states each object goes through, in order.
fn states(kind: &str, theirs: &Stream, ours: &Stream, lines: &mut Vec<String>) {
    let (theirs, ours) = (sequences(kind, theirs), sequences(kind, ours));
    for name in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        let nothing = Vec::new();
        let one = theirs.get(name).unwrap_or(&nothing);
        let other = ours.get(name).unwrap_or(&nothing);
        let (missing, extra) = unshared(one, other);
        lines.extend(missing.into_iter().map(|state| format!("{kind} {name} never: {state}")));
        lines.extend(extra.into_iter().map(|state| format!("{kind} {name} also: {state}")));
    }
}

fn sequences(kind: &str, stream: &Stream) -> BTreeMap<String, Vec<String>> {
    let mut sequences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut revisions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (event, object) in stream {
        let name = name(object);
        let state = if event == "DELETED" {
            "deleted".to_owned()
        } else {
            let revisions = revisions.entry(name.clone()).or_default();
            match kind {
                "Notebook" => notebook(object),
                "StatefulSet" => stateful_set(object, revisions),
                "Pod" => pod(object, revisions),
                _ => "there".to_owned(),
            }
        };
        let sequence = sequences.entry(name).or_default();
        if sequence.last() != Some(&state) {
            sequence.push(state);
        }
    }
    sequences
}

/// The longest common part left out: what only the first has, and what only the second.
fn unshared(one: &[String], other: &[String]) -> (Vec<String>, Vec<String>) {
    let (rows, columns) = (one.len(), other.len());
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row][column] = if one[row] == other[column] {
                longest[row + 1][column + 1] + 1
            } else {
                longest[row + 1][column].max(longest[row][column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let (mut missing, mut extra) = (Vec::new(), Vec::new());
    while row < rows || column < columns {
        if row < rows && column < columns && one[row] == other[column] {
            row += 1;
            column += 1;
        } else if column >= columns || (row < rows && longest[row + 1][column] >= longest[row][column + 1]) {
            missing.push(one[row].clone());
            row += 1;
        } else {
            extra.push(other[column].clone());
            column += 1;
        }
    }
    (missing, extra)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Which of the object's revisions this is: A for the first that was seen.
fn revision(value: &Value, seen: &mut Vec<String>) -> String {
    let Some(hash) = value.as_str() else {
        return "-".to_owned();
    };
    let index = seen.iter().position(|known| known == hash).unwrap_or_else(|| {
        seen.push(hash.to_owned());
        seen.len() - 1
    });
    ["A", "B", "C", "D"].get(index).copied().unwrap_or("more").to_owned()
}

fn conditions(list: &Value) -> String {
    let Some(list) = list.as_array() else {
        return "none".to_owned();
    };
    let texts: Vec<String> = list
        .iter()
        // Real kubelets have it, the recorded kwok does not; held by the kubelet's own tests.
        .filter(|condition| condition["type"] != "PodReadyToStartContainers")
        .map(|condition| match condition["reason"].as_str() {
            Some(reason) => format!("{}={}({reason})", text(&condition["type"]), text(&condition["status"])),
            None => format!("{}={}", text(&condition["type"]), text(&condition["status"])),
        })
        .collect();
    format!("[{}]", texts.join(" "))
}

fn container(state: &Value) -> String {
    match state.as_object().and_then(|state| state.iter().next()) {
        Some((kind, detail)) => match detail["reason"].as_str() {
            Some(reason) => format!("{kind}({reason})"),
            None => kind.clone(),
        },
        None => "none".to_owned(),
    }
}

fn notebook(object: &Value) -> String {
    let stopped = object["metadata"]["annotations"]
        .get("kubeflow-resource-stopped")
        .is_some();
    let status = &object["status"];
    if status.is_null() {
        return "no status".to_owned();
    }
    format!(
        "{}{} ready {} container {} {}",
        if stopped { "stopped " } else { "" },
        text(&object["spec"]["template"]["spec"]["containers"][0]["image"]),
        text(&status["readyReplicas"]),
        container(&status["containerState"]),
        conditions(&status["conditions"])
    )
}

fn stateful_set(object: &Value, revisions: &mut Vec<String>) -> String {
    let status = &object["status"];
    let lag =
        object["metadata"]["generation"].as_i64().unwrap_or(0) - status["observedGeneration"].as_i64().unwrap_or(0);
    format!(
        "wants {} {} has {} ready {} available {} current {} updated {} revisions {}/{} {}",
        text(&object["spec"]["replicas"]),
        text(&object["spec"]["template"]["spec"]["containers"][0]["image"]),
        text(&status["replicas"]),
        text(&status["readyReplicas"]),
        text(&status["availableReplicas"]),
        text(&status["currentReplicas"]),
        text(&status["updatedReplicas"]),
        revision(&status["currentRevision"], revisions),
        revision(&status["updateRevision"], revisions),
        if lag == 0 { "observed" } else { "unobserved" }
    )
}

fn pod(object: &Value, revisions: &mut Vec<String>) -> String {
    let status = &object["status"];
    let grace = match object["metadata"]["deletionTimestamp"].as_str() {
        Some(_) => format!(" ending in {}", text(&object["metadata"]["deletionGracePeriodSeconds"])),
        None => String::new(),
    };
    format!(
        "{} {} {} container {} last {} restarts {} {}{grace}",
        revision(&object["metadata"]["labels"]["controller-revision-hash"], revisions),
        if object["spec"]["nodeName"].is_null() {
            "unbound"
        } else {
            "bound"
        },
        text(&status["phase"]),
        container(&status["containerStatuses"][0]["state"]),
        container(&status["containerStatuses"][0]["lastState"]),
        text(&status["containerStatuses"][0]["restartCount"]),
        conditions(&status["conditions"])
    )
}

/// Compares what was said about whom, by whom and in which manner, and how often.
fn events(theirs: &Stream, ours: &Stream, lines: &mut Vec<String>) {
    let said = |stream: &Stream| -> BTreeMap<String, i64> {
        let mut last: BTreeMap<String, &Value> = BTreeMap::new();
        for (_, event) in stream.iter().filter(|(kind, _)| kind != "DELETED") {
            last.insert(name(event), event);
        }
        let mut said = BTreeMap::new();
        for event in last.values() {
            let count = event["count"]
                .as_i64()
                .or(event["series"]["count"].as_i64())
                .unwrap_or(1);
            *said.entry(saying(event)).or_insert(0) += count;
        }
        said
    };
    let (theirs, ours) = (said(theirs), said(ours));
    for event in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        match (theirs.get(event), ours.get(event)) {
            (Some(_), None) => lines.push(format!("Event never: {event}")),
            (None, Some(_)) => lines.push(format!("Event also: {event}")),
            (one, other) if one != other => {
                let count = |count: Option<&i64>| count.copied().unwrap_or(0);
                lines.push(format!("Event {} times, theirs {}: {event}", count(other), count(one)));
            }
            _ => {}
        }
    }
}

fn saying(event: &Value) -> String {
    let about = &event["involvedObject"];
    let author = match event["source"]["component"].as_str() {
        Some(component) => format!("{component} (counted)"),
        None => format!("{} ({})", text(&event["reportingComponent"]), text(&event["action"])),
    };
    let message: Vec<String> = text(&event["message"]).split(' ').map(word).collect();
    format!(
        "{} {} about {} {} {} by {author}: {}",
        text(&event["type"]),
        text(&event["reason"]),
        text(&about["apiVersion"]),
        text(&about["kind"]),
        text(&about["name"]),
        message.join(" ")
    )
}

/// Durations and sizes differ from run to run.
fn word(word: &str) -> String {
    let core = word.trim_start_matches('(');
    if core.ends_with('s') && core.trim_end_matches(['m', 's']).parse::<f64>().is_ok() {
        return word.replace(core, "TIME");
    }
    if word.len() > 6 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return "SIZE".to_owned();
    }
    word.to_owned()
}

/// Holds differences against the list: a line is `must` or `may`, a pattern with `*`, ` # ` and the reason.
pub(crate) fn against_list(differences: &[String], listed: &str) -> Vec<String> {
    let mut verdict = Vec::new();
    let mut used = BTreeSet::new();
    let rules: Vec<(bool, &str)> = listed
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (rule, reason) = line.split_once(" # ").unwrap_or((line, ""));
            assert!(!reason.trim().is_empty(), "without a reason: {line}");
            let (kind, pattern) = rule.split_once(' ').unwrap_or(("", rule));
            assert!(matches!(kind, "must" | "may"), "neither must nor may: {line}");
            (kind == "must", pattern.trim())
        })
        .collect();
    for difference in differences {
        match rules.iter().position(|(_, pattern)| fits(pattern, difference)) {
            Some(index) => {
                used.insert(index);
            }
            None => verdict.push(format!("not listed: {difference}")),
        }
    }
    for (index, (must, pattern)) in rules.iter().enumerate() {
        if *must && !used.contains(&index) {
            verdict.push(format!("listed, but no longer so: {pattern}"));
        }
    }
    verdict
}

/// Whether a text has all parts of a pattern in order; the pattern's ends are the text's.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        Some(part) => text.ends_with(part),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_difference_and_vanished_one_are_both_said() {
        let listed = "must a *c # reason\nmay x # reason\n";
        let verdict = against_list(&["b".to_owned()], listed);
        assert_eq!(verdict, ["not listed: b", "listed, but no longer so: a *c"]);
        assert!(against_list(&["a b c".to_owned()], listed).is_empty());
    }

    #[test]
    fn states_out_of_order_are_differences() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (missing, extra) = unshared(&list(&["a", "b", "c"]), &list(&["a", "c", "d"]));
        assert_eq!((missing, extra), (list(&["b"]), list(&["d"])));
    }

    #[test]
    fn recording_does_not_differ_from_itself() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/notebook-life");
        let recording = crate::record::read(&folder);
        assert_eq!(differences(&recording, &recording), Vec::<String>::new());
    }
}
