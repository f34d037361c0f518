//! Deletes every object of a collection that the selectors take.

use serde_json::json;

use crate::refusal::Refusal;
use crate::server::respond::{self, Answer};
use crate::verbs::{Context, delete, read};

/// `DELETE` of a collection: answers with the list of what was found.
pub(crate) async fn delete(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let options = delete::options(context, bytes)?;
    let selection = read::selection(context)?;
    let found = context
        .api
        .store
        .all(context.kind.shelf(), context.target.namespace.as_deref());
    let mut items = Vec::new();
    for entry in found.into_iter().filter(|entry| selection.takes(entry)) {
        items.push(entry.value());
        match delete::one(context, entry, &options).await {
            Ok(_) => {}
            Err(refusal) if refusal.code == 404 => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let list = json!({
        "kind": context.kind.list_kind,
        "apiVersion": context.kind.api_version(&context.target.version),
        "metadata": {"resourceVersion": context.api.store.version().to_string()},
        "items": items,
    });
    Ok(respond::json(200, &list))
}
