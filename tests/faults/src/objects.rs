//! The kinds that are written and watched: config maps with their data, and notebooks.

use flowdeck_objects::{Meta, Object, StringMap};

/// A config map, whole: what the rows hold is compared with what the server has, to the last character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigMap {
    /// Metadata.
    pub metadata: Meta,
    /// The data.
    pub data: StringMap,
}

flowdeck_objects::fields!(ConfigMap { b"metadata" => metadata, b"data" => data });

impl Object for ConfigMap {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}
