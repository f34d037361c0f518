//! Parses label and field selectors and tells which entries they take.

pub(crate) mod fields;
pub(crate) mod labels;

use crate::refusal::Refusal;
use crate::selectors::fields::FieldSelector;
use crate::selectors::labels::LabelSelector;
use crate::store::Entry;

/// Both selectors of a request.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// Parses both; `shelf` says which fields are allowed.
    pub(crate) fn parse(
        shelf: &str,
        custom: &[String],
        labels: Option<&str>,
        fields: Option<&str>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            labels: LabelSelector::parse(labels.unwrap_or_default())?,
            fields: FieldSelector::parse(shelf, custom, fields.unwrap_or_default())?,
        })
    }

    /// Whether everything is taken.
    pub(crate) fn is_all(&self) -> bool {
        self.labels.is_all() && self.fields.is_all()
    }

    /// Whether the entry is taken.
    pub(crate) fn takes(&self, entry: &Entry) -> bool {
        self.labels.takes(&entry.labels) && self.fields.takes(entry)
    }

    /// The name, when `metadata.name=x` is asked for: what RBAC calls a resource name.
    pub(crate) fn single_name(&self) -> Option<&str> {
        self.fields.single_name()
    }
}
