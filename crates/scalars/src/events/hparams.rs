//! Reads what the hparams plugin keeps in the metadata of its tags: a session's parameters, status and times.
//!
//! Source: tensorboard/plugins/hparams/plugin_data.proto (`HParamsPluginData`) and google/protobuf/struct.proto.

use super::message::{entry, text};
use super::proto::{Malformed, Wire, fields};

/// A hyperparameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// A number; whole numbers are numbers, too.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Truth(bool),
}

impl std::fmt::Display for Param {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(to, "{number}"),
            Self::Text(text) => to.write_str(text),
            Self::Truth(truth) => write!(to, "{truth}"),
        }
    }
}

/// How a session ended, if it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing was said.
    #[default]
    Unknown,
    /// It ended well.
    Success,
    /// It failed.
    Failure,
    /// It runs.
    Running,
}

/// A run's session: one training with one set of hyperparameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// The parameters by name, sorted.
    pub params: Vec<(String, Param)>,
    /// The group that the session says it belongs to; empty if it is alone.
    pub group: String,
    /// Where the model is, if said.
    pub model_uri: String,
    /// In seconds since 1970; 0 if not said.
    pub start_secs: f64,
    /// In seconds since 1970; 0 if not said.
    pub end_secs: f64,
    /// How it ended.
    pub status: Status,
}

impl Session {
    /// Takes in what a tag's metadata says; `false` if it says nothing about a session (an experiment's description).
    pub(crate) fn read(&mut self, content: &[u8]) -> Result<bool, Malformed> {
        let mut found = false;
        for field in fields(content) {
            match field? {
                (3, Wire::Bytes(start)) => {
                    found = true;
                    self.start(start)?;
                }
                (4, Wire::Bytes(end)) => {
                    found = true;
                    self.end(end)?;
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn start(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            match field? {
                (1, Wire::Bytes(pair)) => {
                    let (name, value) = entry(pair)?;
                    let Some(value) = param(value)? else { continue };
                    match self.params.binary_search_by(|(known, _)| known.as_str().cmp(name)) {
                        Ok(at) => self.params[at].1 = value,
                        Err(at) => self.params.insert(at, (name.to_owned(), value)),
                    }
                }
                (2, Wire::Bytes(uri)) => self.model_uri = text(uri)?.to_owned(),
                (4, Wire::Bytes(group)) => self.group = text(group)?.to_owned(),
                (5, Wire::Fixed64(secs)) => self.start_secs = f64::from_le_bytes(secs),
                _ => {}
            }
        }
        Ok(())
    }

    fn end(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            match field? {
                (1, Wire::Varint(status)) => {
                    self.status = match status {
                        1 => Status::Success,
                        2 => Status::Failure,
                        3 => Status::Running,
                        _ => Status::Unknown,
                    };
                }
                (2, Wire::Fixed64(secs)) => self.end_secs = f64::from_le_bytes(secs),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A `google.protobuf.Value`; nulls, lists and structs are no parameters.
fn param(bytes: &[u8]) -> Result<Option<Param>, Malformed> {
    let mut value = None;
    for field in fields(bytes) {
        value = match field? {
            (2, Wire::Fixed64(number)) => Some(Param::Number(f64::from_le_bytes(number))),
            (3, Wire::Bytes(bytes)) => Some(Param::Text(text(bytes)?.to_owned())),
            (4, Wire::Varint(truth)) => Some(Param::Truth(truth != 0)),
            _ => None,
        };
    }
    Ok(value)
}
