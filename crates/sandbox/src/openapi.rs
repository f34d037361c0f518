//! Serves the OpenAPI documents.

use http::HeaderMap;

use crate::refusal::Refusal;
use crate::server::api::Api;
use crate::server::respond::Answer;

/// The answer to `/openapi/<rest>`.
pub(crate) fn answer(_api: &Api, _rest: &str, _headers: &HeaderMap) -> Result<Answer, Refusal> {
    Err(Refusal::no_such_resource())
}
