//! Draws the icons: 16 px, one stroke, the colour of the text beside them.

use leptos::prelude::*;

/// Every icon that the app knows. Hidden from screen readers: the words beside it say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    /// The bound notebook of the navigation.
    Notebook,
    /// An arrow up, for sorted columns.
    Up,
    /// An arrow down.
    Down,
    /// A small chevron pointing down, for things that open below.
    Open,
    /// A small chevron pointing right.
    Into,
    /// A cross, for closing.
    Close,
    /// Three dots: more actions.
    More,
    /// A magnifying glass.
    Search,
    /// A plus.
    Plus,
    /// A tick.
    Check,
    /// Two sheets: copy to the clipboard.
    Copy,
    /// An arrow leaving a box: opens elsewhere.
    Leave,
    /// An arrow into a tray: download.
    Download,
    /// A bin.
    Delete,
    /// A triangle pointing right: start.
    Start,
    /// A square: stop.
    Stop,
    /// A circling arrow: again.
    Retry,
    /// Three lines: open the navigation.
    Rail,
    /// A triangle with a mark: something is wrong.
    Warning,
    /// A padlock: not allowed.
    Locked,
    /// A cloud that is crossed out: no connection.
    Offline,
    /// A sun: the light theme.
    Light,
    /// A moon: the dark theme.
    Dark,
    /// A screen: the system's theme.
    System,
    /// A door with an arrow: sign out.
    SignOut,
    /// A keyboard.
    Keys,
}

impl Icon {
    /// The outline, in a 16 × 16 box.
    fn path(self) -> &'static str {
        match self {
            Self::Notebook => "M5 2.5h7.5v11H5zM5 2.5v11M3 5h2M3 8h2M3 11h2M8 5.5h2.5",
            Self::Up => "M8 13V3.5M4.5 7 8 3.5 11.5 7",
            Self::Down => "M8 3v9.5M4.5 9 8 12.5 11.5 9",
            Self::Open => "M4.5 6.5 8 10l3.5-3.5",
            Self::Into => "M6.5 4.5 10 8l-3.5 3.5",
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::More => "M3.5 8h.01M8 8h.01M12.5 8h.01",
            Self::Search => "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Check => "M3 8.5l3.2 3.2L13 5",
            Self::Copy => "M6 5.5h7v8H6zM3 10.5v-8h7",
            Self::Leave => "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
            Self::Download => "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10",
            Self::Delete => "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9M7 7v4M9 7v4",
            Self::Start => "M4.5 3v10l8-5z",
            Self::Stop => "M4 4h8v8H4z",
            Self::Retry => "M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5",
            Self::Rail => "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
            Self::Warning => "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01",
            Self::Locked => "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
            Self::Offline => {
                "M2.5 2.5l11 11M5 12.5h6.5M4.5 6.2A3.2 3.2 0 0 0 5 12.5M7.2 4.2A3.5 3.5 0 0 1 11.8 7a2.8 2.8 0 0 1 1.9 4.4"
            }
            Self::Light => {
                "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9"
            }
            Self::Dark => "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
            Self::System => "M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3",
            Self::SignOut => "M9.5 5V2.5h-7v11h7V11M6 8h7.5M11 5.5 13.5 8 11 10.5",
            Self::Keys => "M1.5 4h13v8.5h-13zM4 6.7h.01M6.7 6.7h.01M9.3 6.7h.01M12 6.7h.01M5 10h6",
        }
    }
}

/// An icon of the size of a line.
pub(crate) fn icon(which: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=which.path() />
        </svg>
    }
    .into_any()
}

/// The mark: three bars that flow.
pub(crate) fn mark() -> AnyView {
    view! {
        <svg class="mark" viewBox="0 0 20 16" aria-hidden="true">
            <rect class="mark-1" x="1" y="1" width="11" height="4" rx="2" />
            <rect class="mark-2" x="6" y="6" width="13" height="4" rx="2" />
            <rect class="mark-3" x="3" y="11" width="9" height="4" rx="2" />
        </svg>
    }
    .into_any()
}
