//! Views an Event in both forms that are in use: `count` and `lastTimestamp`, or `series` and `eventTime`.
//!
//! Kubelet and controllers write the old form, the scheduler the new one (no `count`, an empty `source`).

use crate::meta::Meta;
use crate::time::Timestamp;

/// Something that happened to an object (`core/v1` Event).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Metadata.
    pub metadata: Meta,
    /// What it happened to.
    pub involved_object: InvolvedObject,
    /// `Normal` or `Warning` (`type` on the wire).
    pub kind: String,
    /// One CamelCase word, like `FailedScheduling`.
    pub reason: String,
    /// In words.
    pub message: String,
    /// Old form: how often.
    pub count: i32,
    /// Old form: first time.
    pub first_timestamp: Option<Timestamp>,
    /// Old form: last time.
    pub last_timestamp: Option<Timestamp>,
    /// Old form: who says so.
    pub source: EventSource,
    /// New form: first time, exact to the microsecond.
    pub event_time: Option<Timestamp>,
    /// New form: repeats, absent until the first one.
    pub series: Option<EventSeries>,
    /// New form: who says so.
    pub reporting_component: String,
}

crate::fields!(Event {
    b"metadata" => metadata,
    b"involvedObject" => involved_object,
    b"type" => kind,
    b"reason" => reason,
    b"message" => message,
    b"count" => count,
    b"firstTimestamp" => first_timestamp,
    b"lastTimestamp" => last_timestamp,
    b"source" => source,
    b"eventTime" => event_time,
    b"series" => series,
    b"reportingComponent" => reporting_component,
});

/// Repeats of an event in the new form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSeries {
    /// How often.
    pub count: i32,
    /// Last time.
    pub last_observed_time: Option<Timestamp>,
}

crate::fields!(EventSeries { b"count" => count, b"lastObservedTime" => last_observed_time });

/// Who wrote an event in the old form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSource {
    /// Component, like `kubelet`.
    pub component: String,
    /// Node, if it has to do with one.
    pub host: String,
}

crate::fields!(EventSource { b"component" => component, b"host" => host });

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvolvedObject {
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Identity: tells this pod's events from those of an earlier one of the same name.
    pub uid: String,
    /// Part of the object, like `spec.containers{main}`.
    pub field_path: String,
}

crate::fields!(InvolvedObject {
    b"kind" => kind,
    b"namespace" => namespace,
    b"name" => name,
    b"uid" => uid,
    b"fieldPath" => field_path,
});

impl Event {
    /// Whether its type is `Warning`.
    pub fn is_warning(&self) -> bool {
        self.kind == "Warning"
    }

    /// Last time it happened, whichever form says it latest; the creation time when no form does.
    pub fn last_seen(&self) -> Option<Timestamp> {
        let in_series = self.series.as_ref().and_then(|s| s.last_observed_time);
        self.last_timestamp
            .max(in_series)
            .max(self.event_time)
            .or(self.first_timestamp)
            .or(self.metadata.creation_timestamp)
    }

    /// First time it happened, whichever form says it.
    pub fn first_seen(&self) -> Option<Timestamp> {
        self.first_timestamp
            .or(self.event_time)
            .or(self.metadata.creation_timestamp)
    }

    /// How often it happened: at least once.
    pub fn times(&self) -> u32 {
        let in_series = self.series.as_ref().map_or(0, |s| s.count);
        self.count.max(in_series).max(1).unsigned_abs()
    }

    /// Who says so, whichever form names it.
    pub fn component(&self) -> &str {
        if self.source.component.is_empty() {
            &self.reporting_component
        } else {
            &self.source.component
        }
    }
}
