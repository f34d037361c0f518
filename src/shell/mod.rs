//! Frames every page: navigation, namespace, connection, theme, toasts, sign-in again, commands.

pub(crate) mod namespace;
pub(crate) mod page;
pub(crate) mod toasts;
