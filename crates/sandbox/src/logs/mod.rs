//! Makes up the log of a container from its pod.

use crate::refusal::Refusal;
use crate::server::respond::{self, Answer};
use crate::verbs::Context;

/// `GET pods/x/log`.
pub(crate) fn answer(context: &Context) -> Result<Answer, Refusal> {
    context.current()?;
    Ok(respond::text(200, "starting\n"))
}
