//! Views an Event in both forms that are in use: `count` and `lastTimestamp`, or `series` and `eventTime`.
//!
//! Kubelet and controllers write the old form, the scheduler the new one (no `count`, an empty `source`).

use serde::Deserialize;

use crate::meta::Meta;
use crate::null::or_default;
use crate::time::{self, Timestamp};

/// Something that happened to an object (`core/v1` Event).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What it happened to.
    #[serde(deserialize_with = "or_default")]
    pub involved_object: InvolvedObject,
    /// `Normal` or `Warning` (`type` on the wire).
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// One CamelCase word, like `FailedScheduling`.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// In words.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// Old form: how often.
    #[serde(deserialize_with = "or_default")]
    pub count: i32,
    /// Old form: first time.
    #[serde(deserialize_with = "time::optional")]
    pub first_timestamp: Option<Timestamp>,
    /// Old form: last time.
    #[serde(deserialize_with = "time::optional")]
    pub last_timestamp: Option<Timestamp>,
    /// Old form: who says so.
    #[serde(deserialize_with = "or_default")]
    pub source: EventSource,
    /// New form: first time, exact to the microsecond.
    #[serde(deserialize_with = "time::optional")]
    pub event_time: Option<Timestamp>,
    /// New form: repeats, absent until the first one.
    pub series: Option<EventSeries>,
    /// New form: who says so.
    #[serde(deserialize_with = "or_default")]
    pub reporting_component: String,
}

/// Repeats of an event in the new form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventSeries {
    /// How often.
    #[serde(deserialize_with = "or_default")]
    pub count: i32,
    /// Last time.
    #[serde(deserialize_with = "time::optional")]
    pub last_observed_time: Option<Timestamp>,
}

/// Who wrote an event in the old form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EventSource {
    /// Component, like `kubelet`.
    #[serde(deserialize_with = "or_default")]
    pub component: String,
    /// Node, if it has to do with one.
    #[serde(deserialize_with = "or_default")]
    pub host: String,
}

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InvolvedObject {
    /// Kind.
    #[serde(deserialize_with = "or_default")]
    pub kind: String,
    /// Namespace.
    #[serde(deserialize_with = "or_default")]
    pub namespace: String,
    /// Name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Identity: tells this pod's events from those of an earlier one of the same name.
    #[serde(deserialize_with = "or_default")]
    pub uid: String,
    /// Part of the object, like `spec.containers{main}`.
    #[serde(deserialize_with = "or_default")]
    pub field_path: String,
}

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
