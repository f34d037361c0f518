//! Parses query parameters.

use crate::refusal::Refusal;
use crate::request::path::decode;

/// The parameters of a request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses `a=b&c=d`.
    pub(crate) fn parse(text: &str) -> Self {
        let unplus = |part: &str| decode(&part.replace('+', " "));
        let pair = |part: &str| match part.split_once('=') {
            Some((key, value)) => (unplus(key), unplus(value)),
            None => (unplus(part), String::new()),
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// The value, when the parameter is there and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
    }

    /// Whether the parameter is `true`, `1` or present without a value.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .is_some_and(|(_, v)| matches!(v.as_str(), "true" | "1" | "" | "t" | "T" | "TRUE" | "True"))
    }

    /// A number, refused when it is none.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let parsed = text.parse().map(Some);
        parsed.map_err(|why: std::num::ParseIntError| {
            tracing::trace!(%why, key, "not a number");
            Refusal::bad_request(format!(
                "invalid {key}: strconv.ParseInt: parsing \"{text}\": invalid syntax"
            ))
        })
    }
}
