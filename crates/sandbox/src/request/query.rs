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

    /// Whether the parameter is there and says anything but `false` and `0`.
    ///
    /// Source: `Convert_Slice_string_To_bool` in k8s.io/apimachinery pkg/runtime/conversion.go (v0.36).
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .is_some_and(|(_, v)| !v.eq_ignore_ascii_case("false") && v != "0")
    }

    /// A number that may be below nothing, refused when it is none.
    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|why: std::num::ParseIntError| {
            let why = match why.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            Refusal::bad_request(format!("strconv.ParseInt: parsing \"{text}\": {why}"))
        })
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
