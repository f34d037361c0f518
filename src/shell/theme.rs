//! Switches between light, dark and the system's own theme; `public/theme.js` does the rest before the first paint.

use super::storage;

const KEY: &str = "flowdeck.theme";

/// What the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    /// Always light.
    Light,
    /// Always dark.
    Dark,
    /// As the system is.
    System,
}

impl Theme {
    /// In the order of the menu, with what is read there.
    pub(super) const ALL: [(Theme, &'static str); 3] = [
        (Theme::Light, "Light theme"),
        (Theme::Dark, "Dark theme"),
        (Theme::System, "Theme of the system"),
    ];

    fn word(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::System => "system",
        }
    }

    /// What is chosen on this computer.
    pub(super) fn chosen() -> Theme {
        match storage::read(KEY).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// Chooses it: remembered, and shown at once.
    pub(super) fn choose(self) {
        storage::write(KEY, self.word());
        let Some(window) = web_sys::window() else { return };
        if let Ok(event) = web_sys::CustomEvent::new("flowdeck-theme") {
            window.dispatch_event(&event).ok();
        }
    }
}
