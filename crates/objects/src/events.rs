//! Brings the events of a Notebook into order: one row for one thing that happened, newest first.
//!
//! Kubeflow's controller repeats every Pod and StatefulSet event on the Notebook, as
//! "Reissued from pod/x-0: …" with a count of its own; the original is what counts.

use crate::event::Event;
use crate::time::Timestamp;

/// One thing that happened, however many events say it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The event that tells it best: an original before a repetition, else the newest.
    pub event: &'a Event,
    /// Kind of the object it happened to (`Pod` also when only the repetition is left).
    pub kind: &'a str,
    /// Name of that object.
    pub name: &'a str,
    /// The message without "Reissued from …".
    pub message: &'a str,
    /// How often it happened.
    pub times: u32,
    /// First time.
    pub first: Option<Timestamp>,
    /// Last time.
    pub last: Option<Timestamp>,
}

/// The name of the Notebook that an event belongs to: of the Notebook, its StatefulSet or its pod `<name>-0`.
///
/// A guess by name (a pod `x-0` needn't be a Notebook's): look the name up.
pub fn notebook_name(event: &Event) -> Option<&str> {
    let about = &event.involved_object;
    match about.kind.as_str() {
        "Notebook" | "StatefulSet" => Some(&about.name),
        "Pod" => about.name.strip_suffix("-0"),
        _ => None,
    }
}

/// Splits "Reissued from pod/x-0: message" into the object (kind as written, name) and the message.
pub fn reissued(message: &str) -> Option<(&str, &str, &str)> {
    let (origin, message) = message.strip_prefix("Reissued from ")?.split_once(": ")?;
    let (kind, name) = origin.split_once('/')?;
    Some((kind, name, message))
}

/// One row for each thing that happened, newest first.
///
/// Rows are the same when object kind and name, reason and message are. A repetition is dropped when its
/// original is there (events expire after an hour, the Notebook's copy may outlive it). Events without any
/// time come last.
pub fn rows<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Row<'a>> {
    let mut originals: Vec<Row<'a>> = Vec::new();
    let mut copies: Vec<Row<'a>> = Vec::new();
    for event in events {
        match Row::of(event) {
            (row, false) => merge(&mut originals, row),
            (row, true) => merge(&mut copies, row),
        }
    }
    for copy in copies {
        if !originals.iter().any(|row| row.says_the_same(&copy)) {
            originals.push(copy);
        }
    }
    originals.sort_by(|a, b| b.newness().cmp(&a.newness()));
    originals
}

fn merge<'a>(rows: &mut Vec<Row<'a>>, row: Row<'a>) {
    let Some(known) = rows.iter_mut().find(|known| known.says_the_same(&row)) else {
        rows.push(row);
        return;
    };
    known.times = known.times.saturating_add(row.times);
    known.first = match (known.first, row.first) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    if row.last > known.last {
        (known.last, known.event) = (row.last, row.event);
    }
}

impl<'a> Row<'a> {
    fn of(event: &'a Event) -> (Self, bool) {
        let about = &event.involved_object;
        let copy = if about.kind == "Notebook" {
            reissued(&event.message)
        } else {
            None
        };
        let (kind, name, message) = match copy {
            Some(("pod", name, message)) => ("Pod", name, message),
            Some(("statefulset", name, message)) => ("StatefulSet", name, message),
            Some((kind, name, message)) => (kind, name, message),
            None => (about.kind.as_str(), about.name.as_str(), event.message.as_str()),
        };
        let row = Self {
            event,
            kind,
            name,
            message,
            times: event.times(),
            first: event.first_seen(),
            last: event.last_seen(),
        };
        (row, copy.is_some())
    }

    /// Of two in the same second the one written later is newer (versions are numbers of growing length).
    fn newness(&self) -> (Option<Timestamp>, usize, &'a str) {
        let version = &self.event.metadata.resource_version;
        (self.last, version.len(), version)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.event.reason == other.event.reason
            && self.message == other.message
            && self.name == other.name
            && self.kind == other.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        crate::json::from_str(text).unwrap()
    }

    #[test]
    fn origin_of_a_repetition_is_read() {
        assert_eq!(
            reissued("Reissued from pod/x-0: Pulling: image"),
            Some(("pod", "x-0", "Pulling: image"))
        );
        for message in [
            "",
            "Reissued from",
            "Reissued from pod/x-0",
            "Reissued from x: y",
            "Pulling",
        ] {
            assert_eq!(reissued(message), None, "{message}");
        }
    }

    #[test]
    fn repetition_stays_when_its_original_is_gone() {
        let copy = event(
            r#"{"involvedObject":{"kind":"Notebook","name":"x"},"reason":"Pulling","message":"Reissued from pod/x-0: now"}"#,
        );
        let rows = rows([&copy]);
        assert_eq!((rows[0].kind, rows[0].name, rows[0].message), ("Pod", "x-0", "now"));
    }

    #[test]
    fn equal_events_become_one_row_with_the_span_of_all() {
        let [a, b] = [("2026-11-24T10:00:00Z", 2), ("2026-11-24T11:00:00Z", 3)].map(|(time, count)| {
            event(&format!(
                r#"{{"involvedObject":{{"kind":"Pod","name":"x-0"}},"reason":"BackOff","message":"m","count":{count},
                "firstTimestamp":"{time}","lastTimestamp":"{time}"}}"#
            ))
        });
        for order in [[&a, &b], [&b, &a]] {
            let rows = rows(order);
            assert_eq!((rows.len(), rows[0].times), (1, 5));
            assert_eq!((rows[0].first, rows[0].last), (a.first_timestamp, b.last_timestamp));
            assert_eq!(rows[0].event.count, 3);
        }
    }

    #[test]
    fn event_without_a_time_comes_last() {
        let timeless = event(r#"{"reason":"A","metadata":{"resourceVersion":"999"}}"#);
        let timed = event(r#"{"reason":"B","eventTime":"2026-11-24T10:00:00.000001Z"}"#);
        let reasons: Vec<_> = rows([&timeless, &timed])
            .iter()
            .map(|r| r.event.reason.clone())
            .collect();
        assert_eq!(reasons, ["B", "A"]);
    }

    #[test]
    fn notebook_of_an_event_is_named_by_pod_set_or_itself() {
        let about =
            |kind: &str, name: &str| event(&format!(r#"{{"involvedObject":{{"kind":"{kind}","name":"{name}"}}}}"#));
        assert_eq!(notebook_name(&about("Pod", "x-0")), Some("x"));
        assert_eq!(notebook_name(&about("Pod", "x-1")), None);
        assert_eq!(notebook_name(&about("StatefulSet", "x")), Some("x"));
        assert_eq!(notebook_name(&about("Notebook", "x")), Some("x"));
        assert_eq!(notebook_name(&about("PersistentVolumeClaim", "x")), None);
    }
}
