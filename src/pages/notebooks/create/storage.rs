//! Keeps the draft in sessionStorage: it survives a reload and a new sign-in, and ends with the tab.

/// Key of the draft.
const DRAFT: &str = "flowdeck.new-notebook";

/// The draft, if there is one.
pub(super) fn load() -> Option<String> {
    storage()?
        .get_item(DRAFT)
        .ok()
        .flatten()
        .filter(|draft| !draft.is_empty())
}

/// Stores the draft. A full or forbidden storage loses nothing but the draft.
pub(super) fn save(draft: &str) {
    if let Some(storage) = storage() {
        storage.set_item(DRAFT, draft).ok();
    }
}

/// Forgets the draft.
pub(super) fn clear() {
    if let Some(storage) = storage() {
        storage.remove_item(DRAFT).ok();
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}
