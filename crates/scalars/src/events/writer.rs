//! Writes event files: for tests, for the sandbox, and to keep series elsewhere.

use super::crc;
use super::hparams::{Param, Session, Status};

/// Writes one event file into memory, in TensorFlow 1's manner or 2's.
///
/// Bytes can be taken at any time (`take`), so that a file grows as a writer's does.
#[derive(Clone, Debug, Default)]
pub struct EventWriter {
    bytes: Vec<u8>,
    known: std::collections::HashSet<String>,
}

impl EventWriter {
    /// A file that begins as writers begin theirs: with the version `brain.Event:2`.
    #[must_use]
    pub fn new(wall_secs: f64) -> Self {
        let mut writer = Self::default();
        let mut event = head(wall_secs, 0);
        bytes(&mut event, 3, b"brain.Event:2");
        writer.record(&event);
        writer
    }

    /// A point as TensorFlow 1, PyTorch and tensorboardX write it: a `simple_value`.
    pub fn scalar(&mut self, wall_secs: f64, step: i64, tag: &str, value: f32) {
        let mut one = tagged(tag);
        one.push(0x15);
        one.extend_from_slice(&value.to_le_bytes());
        self.summary(wall_secs, step, &one);
    }

    /// A point as TensorFlow 2 writes it: a tensor, with metadata the first time in this file.
    pub fn tensor_scalar(&mut self, wall_secs: f64, step: i64, tag: &str, value: f32) {
        let mut tensor = vec![0x08, 1, 0x12, 0];
        bytes(&mut tensor, 5, &value.to_le_bytes());
        self.tensor(wall_secs, step, tag, "scalars", &tensor);
    }

    /// The same as a `DT_DOUBLE`, which keeps all digits.
    pub fn double_scalar(&mut self, wall_secs: f64, step: i64, tag: &str, value: f64) {
        let mut tensor = vec![0x08, 2, 0x12, 0];
        bytes(&mut tensor, 6, &value.to_le_bytes());
        self.tensor(wall_secs, step, tag, "scalars", &tensor);
    }

    /// An empty tensor of another plugin: what Flowdeck does not draw.
    pub fn other(&mut self, wall_secs: f64, step: i64, tag: &str, plugin: &str) {
        self.tensor(wall_secs, step, tag, plugin, &[0x08, 1, 0x12, 0]);
    }

    /// A session's hyperparameters and, if it ended, its status, as the hparams plugin writes them.
    pub fn session(&mut self, wall_secs: f64, session: &Session) {
        let mut start = Vec::new();
        for (name, value) in &session.params {
            let mut held = Vec::new();
            match value {
                Param::Number(number) => {
                    held.push(0x11);
                    held.extend_from_slice(&number.to_le_bytes());
                }
                Param::Text(text) => bytes(&mut held, 3, text.as_bytes()),
                Param::Truth(truth) => held.extend_from_slice(&[0x20, u8::from(*truth)]),
            }
            let mut pair = Vec::new();
            bytes(&mut pair, 1, name.as_bytes());
            bytes(&mut pair, 2, &held);
            bytes(&mut start, 1, &pair);
        }
        bytes(&mut start, 2, session.model_uri.as_bytes());
        bytes(&mut start, 4, session.group.as_bytes());
        start.push(0x29);
        start.extend_from_slice(&session.start_secs.to_le_bytes());
        self.hparams(wall_secs, "_hparams_/session_start_info", 3, &start);
        let status = match session.status {
            Status::Unknown => return,
            Status::Success => 1,
            Status::Failure => 2,
            Status::Running => 3,
        };
        let mut end = vec![0x08, status, 0x11];
        end.extend_from_slice(&session.end_secs.to_le_bytes());
        self.hparams(wall_secs, "_hparams_/session_end_info", 4, &end);
    }

    /// A record with any bytes in it, its checksums right.
    pub fn record(&mut self, data: &[u8]) {
        let length = (data.len() as u64).to_le_bytes();
        self.bytes.extend_from_slice(&length);
        self.bytes.extend_from_slice(&crc::masked(&length).to_le_bytes());
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(&crc::masked(data).to_le_bytes());
    }

    /// What was written and not taken.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes what was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn tensor(&mut self, wall: f64, step: i64, tag: &str, plugin: &str, tensor: &[u8]) {
        let mut one = tagged(tag);
        bytes(&mut one, 8, tensor);
        if self.known.insert(tag.to_owned()) {
            let (mut data, mut metadata) = (Vec::new(), Vec::new());
            bytes(&mut data, 1, plugin.as_bytes());
            bytes(&mut metadata, 1, &data);
            if plugin == "scalars" {
                metadata.extend_from_slice(&[0x20, 1]);
            }
            bytes(&mut one, 9, &metadata);
        }
        self.summary(wall, step, &one);
    }

    fn hparams(&mut self, wall: f64, tag: &str, number: u8, message: &[u8]) {
        let (mut content, mut data, mut metadata) = (Vec::new(), Vec::new(), Vec::new());
        bytes(&mut content, number, message);
        bytes(&mut data, 1, b"hparams");
        bytes(&mut data, 2, &content);
        bytes(&mut metadata, 1, &data);
        let mut one = tagged(tag);
        bytes(&mut one, 8, &[0x08, 1, 0x12, 0]);
        bytes(&mut one, 9, &metadata);
        self.summary(wall, 0, &one);
    }

    fn summary(&mut self, wall: f64, step: i64, value: &[u8]) {
        let (mut summary, mut event) = (Vec::new(), head(wall, step));
        bytes(&mut summary, 1, value);
        bytes(&mut event, 5, &summary);
        self.record(&event);
    }
}

fn head(wall: f64, step: i64) -> Vec<u8> {
    let mut event = vec![0x09];
    event.extend_from_slice(&wall.to_le_bytes());
    if step != 0 {
        event.push(0x10);
        varint(&mut event, step.cast_unsigned());
    }
    event
}

fn tagged(tag: &str) -> Vec<u8> {
    let mut one = Vec::new();
    bytes(&mut one, 1, tag.as_bytes());
    one
}

/// A field that holds bytes: its number, which is below 16, the length, the bytes.
fn bytes(to: &mut Vec<u8>, number: u8, held: &[u8]) {
    to.push(number << 3 | 2);
    varint(to, held.len() as u64);
    to.extend_from_slice(held);
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
