//! Holds what one row of the notebooks list shows and is sorted by.

use super::image::short_image;
use crate::query::Column;
use flowdeck_objects::{Notebook, NotebookPhase, Quantity, ServerType, Timestamp};
use std::cmp::Ordering;

/// A notebook as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotebookRow {
    /// Identity.
    pub uid: String,
    /// Name.
    pub name: String,
    /// How it is.
    pub phase: NotebookPhase,
    /// Kind of server.
    pub server: ServerType,
    /// Image reference in full.
    pub image: String,
    /// Image as shown.
    pub image_short: String,
    /// CPUs reserved.
    pub cpu: Option<Quantity>,
    /// Memory reserved.
    pub memory: Option<Quantity>,
    /// Number of GPUs.
    pub gpus: i64,
    /// GPUs as shown: `1 NVIDIA`; empty when none.
    pub gpu_text: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Last activity that the culler saw.
    pub activity: Option<Timestamp>,
}

impl NotebookRow {
    /// The row of a notebook whose phase is known.
    pub fn new(notebook: &Notebook, phase: NotebookPhase) -> Self {
        let container = notebook.container();
        let reserved = |resource| container.and_then(|c| Quantity::parse(c.resources.reserved(resource)?).ok());
        let image = container.map(|c| c.image.clone()).unwrap_or_default();
        let devices: Vec<(&str, &str)> = container.map(|c| c.resources.devices().collect()).unwrap_or_default();
        Self {
            uid: notebook.metadata.uid.clone(),
            name: notebook.metadata.name.clone(),
            phase,
            server: notebook.server_type(),
            image_short: short_image(&image),
            image,
            cpu: reserved("cpu"),
            memory: reserved("memory"),
            gpus: devices
                .iter()
                .filter_map(|(_, amount)| Quantity::parse(amount).ok())
                .map(Quantity::value)
                .sum(),
            gpu_text: gpus_text(devices.into_iter()),
            created: notebook.metadata.creation_timestamp,
            activity: notebook.last_activity(),
        }
    }

    /// Whether the text is in the name, image, phase or reason; ASCII letters in either case. `needle` is lower case.
    pub(super) fn has_text(&self, needle: &str) -> bool {
        needle.is_empty()
            || [&*self.name, &*self.image, &*self.phase.reason, self.phase.phase.word()]
                .into_iter()
                .any(|text| crate::log::contains(text, needle))
    }

    /// Order by a column, ascending; what is missing comes last in either direction, equals go by name.
    pub(super) fn compare(&self, other: &Self, column: Column, descending: bool) -> Ordering {
        let turn = |order: Ordering| if descending { order.reverse() } else { order };
        let by = match column {
            Column::Name => return turn(self.name.cmp(&other.name)).then_with(|| self.uid.cmp(&other.uid)),
            Column::Status => turn(self.phase.phase.cmp(&other.phase.phase))
                .then_with(|| turn(self.phase.reason.cmp(&other.phase.reason))),
            Column::Type => turn(self.server.cmp(&other.server)),
            Column::Image => turn(self.image_short.cmp(&other.image_short)),
            Column::Cpu => missing_last(self.cpu, other.cpu, |a, b| turn(a.cmp(&b))),
            Column::Memory => missing_last(self.memory, other.memory, |a, b| turn(a.cmp(&b))),
            Column::Gpu => turn(self.gpus.cmp(&other.gpus)),
            // Ages grow as times shrink.
            Column::Age => missing_last(self.created, other.created, |a, b| turn(b.cmp(&a))),
            Column::Activity => missing_last(self.activity, other.activity, |a, b| turn(b.cmp(&a))),
        };
        by.then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.uid.cmp(&other.uid))
    }
}

fn missing_last<T>(a: Option<T>, b: Option<T>, by: impl Fn(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => by(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Devices in words: `1 NVIDIA`, `2 AMD, 1 Gaudi`; a resource we don't know by its own name.
pub fn gpus_text<'a>(devices: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (resource, amount) in devices {
        if amount == "0" {
            continue;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(amount);
        out.push(' ');
        out.push_str(match resource {
            "nvidia.com/gpu" => "NVIDIA",
            "amd.com/gpu" => "AMD",
            "habana.ai/gaudi" => "Gaudi",
            other => other,
        });
    }
    out
}
