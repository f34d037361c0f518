//! Changes and refuses objects by what else there is: namespaces, quotas, default storage classes.

use serde_json::Value;
use tokio::sync::MutexGuard;

use crate::refusal::Refusal;
use crate::verbs::Context;

/// Changes a new object, or refuses it.
pub(crate) fn mutate(context: &Context, _value: &mut Value) -> Result<(), Refusal> {
    if context.kind.namespaced && context.api.store.get("namespaces", context.namespace()).is_none() {
        return Err(Refusal::not_found_in("namespaces", "", context.namespace()));
    }
    Ok(())
}

/// Changes an object that replaces another.
pub(crate) fn mutate_update(_context: &Context, _old: &Value, _value: &mut Value) -> Result<(), Refusal> {
    Ok(())
}

/// Charges quotas; what is returned is held until the object is stored.
pub(crate) async fn charge<'a>(
    _context: &'a Context,
    _old: Option<&Value>,
    _value: &Value,
    _dry_run: bool,
) -> Result<Option<MutexGuard<'a, ()>>, Refusal> {
    Ok(None)
}
