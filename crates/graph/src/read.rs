//! Reads a pipeline from bytes, whatever form it comes in.
//!
//! Never fails for one odd part: what can't be understood is a fault in the list. Forms and their traps:
//! reference/pipelines-and-workflows.md §3, training-tuning-serving.md §11.

mod argo;
mod document;
mod error;
mod form;
mod ir;
mod run;

pub use error::{ReadError, Syntax};

use crate::model::Pipeline;
use document::Document;

/// The longest text that is read.
pub const SIZE_LIMIT_BYTES: usize = 100 * 1024 * 1024;

/// What the caller knows about a text's syntax. The content decides; the hint only where it leaves that open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    #[default]
    None,
    /// It came as YAML: from a `.yaml` file or a field that holds YAML.
    Yaml,
    /// It came as JSON.
    Json,
}

impl Hint {
    /// What a file's name tells.
    pub fn from_file_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => Self::Json,
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::None,
        }
    }
}

/// Reads a pipeline, or a run of one, from YAML or JSON.
///
/// KFP's IR (plain, wrapped, several documents), Argo Workflows and their templates with or without a status (KFP v1
/// among them), and KFP v2beta1 runs. Where spec and status are both there, the status is attached to the spec.
/// Errors: the text is too long, is neither YAML nor JSON (with line and column), or has no pipeline in it.
pub fn read(bytes: &[u8], hint: Hint) -> Result<Pipeline, ReadError> {
    let documents = Document::parse(bytes, hint)?;
    form::read(&documents)
}

#[cfg(test)]
mod tests;
