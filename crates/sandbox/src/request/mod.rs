//! Reads requests: the path, the query, who asks, and the body.

pub(crate) mod body;
pub(crate) mod duplicates;
pub(crate) mod identity;
pub(crate) mod path;
pub(crate) mod protobuf;
pub(crate) mod query;
