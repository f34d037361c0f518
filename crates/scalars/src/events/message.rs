//! Reads the messages in an event file's records: events, the values of their summaries, metadata and tensors.
//!
//! Only the fields that Flowdeck shows are looked at; the others are stepped over. Field numbers:
//! tensorboard-scalars.md §4 (tensorflow/core/util/event.proto, framework/summary.proto, framework/tensor.proto).

use super::proto::{Fields, Malformed, Wire, fields, fields_of_cut};

/// One event: when, at which step, and what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    /// In seconds since 1970.
    pub(crate) wall: f64,
    /// 0 where none was written.
    pub(crate) step: i64,
    /// The model's graph is in it.
    pub(crate) has_graph: bool,
    message: &'a [u8],
}

/// One value of a summary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) tag: &'a str,
    /// Only TensorFlow 2's first event of a tag in a file has it.
    pub(crate) metadata: Option<&'a [u8]>,
    pub(crate) data: Data<'a>,
}

/// What a value holds; pictures, sounds and the like are not looked into.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Data<'a> {
    Nothing,
    Simple(f32),
    Tensor(&'a [u8]),
    Histogram,
    Image,
    Audio,
}

/// A number of a series, as precise as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Single(f32),
    Double(f64),
}

/// What a tag is, who draws it, and how it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) content: &'a [u8],
    pub(crate) display_name: &'a str,
    pub(crate) description: &'a str,
    /// 0 unknown, 1 scalar, 2 tensor, 3 blobs.
    pub(crate) data_class: u64,
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).or(Err(Malformed))
}

/// Reads an event and makes sure that each value of its summary can be read.
pub(crate) fn event(message: &[u8]) -> Result<Event<'_>, Malformed> {
    let mut event = Event {
        wall: 0.0,
        step: 0,
        has_graph: false,
        message,
    };
    for field in fields(message) {
        match field? {
            (1, Wire::Fixed64(bytes)) => event.wall = f64::from_le_bytes(bytes),
            (2, Wire::Varint(step)) => event.step = step.cast_signed(),
            (3, Wire::Bytes(version)) => _ = text(version)?,
            (4, Wire::Bytes(_)) => event.has_graph = true,
            (5, Wire::Bytes(summary)) => {
                for value in values_of(summary) {
                    value?;
                }
            }
            (1..=5, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(event)
}

impl<'a> Event<'a> {
    /// The values of the event's summary.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value<'a>> {
        let summaries = fields(self.message).filter_map(|field| match field {
            Ok((5, Wire::Bytes(summary))) => Some(summary),
            _ => None,
        });
        summaries.flat_map(values_of).filter_map(Result::ok)
    }
}

fn values_of(summary: &[u8]) -> impl Iterator<Item = Result<Value<'_>, Malformed>> {
    fields(summary).filter_map(|field| match field {
        Ok((1, Wire::Bytes(bytes))) => Some(value(fields(bytes))),
        Ok((1, _)) | Err(_) => Some(Err(Malformed)),
        Ok(_) => None,
    })
}

/// Reads what the beginning of an event says: the event without its summary, and those of the summary's values that
/// begin there. Its time is NaN if it is not said there.
pub(crate) fn beginning(cut: &[u8]) -> (Event<'_>, Vec<Value<'_>>) {
    let mut values = Vec::new();
    let mut event = Event {
        wall: f64::NAN,
        step: 0,
        has_graph: false,
        message: &[],
    };
    for field in fields_of_cut(cut).map_while(Result::ok) {
        match field {
            (1, Wire::Fixed64(bytes)) => event.wall = f64::from_le_bytes(bytes),
            (4, Wire::Bytes(_)) => event.has_graph = true,
            (5, Wire::Bytes(summary)) => {
                let found = fields_of_cut(summary)
                    .map_while(Result::ok)
                    .filter_map(|field| match field {
                        (1, Wire::Bytes(bytes)) => value(fields_of_cut(bytes)).ok(),
                        _ => None,
                    });
                values.extend(found);
            }
            _ => {}
        }
    }
    (event, values)
}

fn value(fields: Fields<'_>) -> Result<Value<'_>, Malformed> {
    let mut value = Value {
        tag: "",
        metadata: None,
        data: Data::Nothing,
    };
    for field in fields {
        match field? {
            (1, Wire::Bytes(tag)) => value.tag = text(tag)?,
            (2, Wire::Fixed32(bytes)) => value.data = Data::Simple(f32::from_le_bytes(bytes)),
            (3 | 5, Wire::Bytes(_)) => value.data = Data::Histogram,
            (4, Wire::Bytes(_)) => value.data = Data::Image,
            (6, Wire::Bytes(_)) => value.data = Data::Audio,
            (8, Wire::Bytes(tensor)) => value.data = Data::Tensor(tensor),
            (9, Wire::Bytes(metadata)) => value.metadata = Some(metadata),
            (1..=6 | 8 | 9, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(value)
}

/// Reads what the first event of a tag says about the tag.
pub(crate) fn metadata(bytes: &[u8]) -> Result<Metadata<'_>, Malformed> {
    let mut metadata = Metadata::default();
    for field in fields(bytes) {
        match field? {
            (1, Wire::Bytes(plugin)) => {
                for field in fields(plugin) {
                    match field? {
                        (1, Wire::Bytes(name)) => metadata.plugin = text(name)?,
                        (2, Wire::Bytes(content)) => metadata.content = content,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(name)) => metadata.display_name = text(name)?,
            (3, Wire::Bytes(description)) => metadata.description = text(description)?,
            (4, Wire::Varint(class)) => metadata.data_class = class,
            _ => {}
        }
    }
    Ok(metadata)
}

/// The one number in a tensor of rank 0; `None` if it isn't that.
///
/// `DT_FLOAT` in exactly one `float_val` or exactly four bytes of content, as TensorBoard's data server has it
/// (data/server/data_compat.rs: `tensor_proto_to_scalar`); `DT_DOUBLE` likewise, which that server drops and the
/// Python loader keeps. A shape that is absent is rank 0.
pub(crate) fn number(tensor: &[u8]) -> Option<Number> {
    const DT_FLOAT: u64 = 1;
    const DT_DOUBLE: u64 = 2;
    let (mut kind, mut content) = (0, &[][..]);
    let (mut floats, mut doubles) = (Numbers::<4>::default(), Numbers::<8>::default());
    for field in fields(tensor) {
        match field.ok()? {
            (1, Wire::Varint(value)) => kind = value,
            (2, Wire::Bytes(shape)) => {
                for field in fields(shape) {
                    // Field 2 is a dimension, field 3 says that the rank is unknown; the data server looks at the first.
                    if field.ok()?.0 == 2 {
                        return None;
                    }
                }
            }
            (4, Wire::Bytes(bytes)) => content = bytes,
            (5, Wire::Bytes(packed)) => floats.add(packed),
            (5, Wire::Fixed32(one)) => floats.add(&one),
            (6, Wire::Bytes(packed)) => doubles.add(packed),
            (6, Wire::Fixed64(one)) => doubles.add(&one),
            _ => {}
        }
    }
    match kind {
        DT_FLOAT => floats
            .only(content)
            .map(|bytes| Number::Single(f32::from_le_bytes(bytes))),
        DT_DOUBLE => doubles
            .only(content)
            .map(|bytes| Number::Double(f64::from_le_bytes(bytes))),
        _ => None,
    }
}

/// Counts the numbers of a repeated field and keeps one.
struct Numbers<const N: usize> {
    bytes: usize,
    one: [u8; N],
}

impl<const N: usize> Default for Numbers<N> {
    fn default() -> Self {
        Self { bytes: 0, one: [0; N] }
    }
}

impl<const N: usize> Numbers<N> {
    fn add(&mut self, packed: &[u8]) {
        self.bytes += packed.len();
        if let Some(one) = packed.first_chunk() {
            self.one = *one;
        }
    }

    fn only(&self, content: &[u8]) -> Option<[u8; N]> {
        match self.bytes {
            0 => content.try_into().ok(),
            bytes if bytes == N => Some(self.one),
            _ => None,
        }
    }
}

/// The fields of a map's entry whose value is a message: its key and that message.
pub(super) fn entry(bytes: &[u8]) -> Result<(&str, &[u8]), Malformed> {
    let (mut key, mut value) = ("", &[][..]);
    for field in fields(bytes) {
        match field? {
            (1, Wire::Bytes(bytes)) => key = text(bytes)?,
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((key, value))
}
