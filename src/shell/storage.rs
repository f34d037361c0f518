//! Remembers the person's choices on this computer; all of it may be refused by the browser, then nothing is remembered.

/// What is kept under a key.
pub(super) fn read(key: &str) -> Option<String> {
    area()?.get_item(key).ok().flatten().filter(|text| !text.is_empty())
}

/// Keeps a text under a key.
pub(super) fn write(key: &str, text: &str) {
    if let Some(area) = area() {
        area.set_item(key, text).ok();
    }
}

fn area() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
