//! Holds what every request needs: the store, the kinds, the rights.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::rbac::Rights;
use crate::registry::Registry;
use crate::server::faults::Faults;
use crate::store::Store;

/// The running API.
pub(crate) struct Api {
    pub(crate) store: Arc<Store>,
    pub(crate) registry: Registry,
    pub(crate) rights: Rights,
    pub(crate) token: String,
    pub(crate) faults: Option<Faults>,
    pub(crate) stop: CancellationToken,
    /// Held while a quota is checked and charged, so that two creations cannot both take the last of it.
    pub(crate) quota: tokio::sync::Mutex<()>,
}
