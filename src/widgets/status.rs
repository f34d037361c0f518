//! Shows a state as shape, word and reason, never by colour alone.

use leptos::prelude::*;

/// How a state feels: chooses shape and hue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Running and well: a filled disc.
    Ok,
    /// In progress: a turning ring.
    Busy,
    /// Not begun: a dashed ring.
    #[default]
    Pending,
    /// Stopped on purpose: a square.
    Off,
    /// Failed: a triangle.
    Bad,
    /// Waiting on something outside: a diamond.
    Waiting,
    /// Finished well: a disc with a tick.
    Done,
    /// Going away: a turning ring without hue.
    Leaving,
}

impl Tone {
    /// The class that gives hue and, for the turning ones, motion.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Ok => "tone tone-ok",
            Self::Busy => "tone tone-busy",
            Self::Pending => "tone tone-pending",
            Self::Off => "tone tone-off",
            Self::Bad => "tone tone-bad",
            Self::Waiting => "tone tone-waiting",
            Self::Done => "tone tone-done",
            Self::Leaving => "tone tone-leaving",
        }
    }

    /// Id of the drawing in the sprite of [`ToneSprite`].
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::Ok => "#tone-ok",
            Self::Busy | Self::Leaving => "#tone-busy",
            Self::Pending => "#tone-pending",
            Self::Off => "#tone-off",
            Self::Bad => "#tone-bad",
            Self::Waiting => "#tone-waiting",
            Self::Done => "#tone-done",
        }
    }
}

/// The drawings, once in the page: a shape in a row is then one `<use>` whose link changes.
#[component]
pub(crate) fn ToneSprite() -> impl IntoView {
    view! {
        <svg class="sprite" aria-hidden="true" focusable="false">
            <symbol id="tone-ok" viewBox="0 0 14 14">
                <circle cx="7" cy="7" r="5" fill="currentColor" />
            </symbol>
            <symbol id="tone-busy" viewBox="0 0 14 14">
                <circle class="ring" cx="7" cy="7" r="5" />
                <path class="arc" d="M7 2a5 5 0 0 1 5 5" />
            </symbol>
            <symbol id="tone-pending" viewBox="0 0 14 14">
                <circle class="dashes" cx="7" cy="7" r="5" />
            </symbol>
            <symbol id="tone-off" viewBox="0 0 14 14">
                <rect class="hollow" x="2.8" y="2.8" width="8.4" height="8.4" rx="1.6" />
            </symbol>
            <symbol id="tone-bad" viewBox="0 0 14 14">
                <path fill="currentColor" d="M7 1.2 13.4 12.4H.6z" stroke-linejoin="round" />
                <path class="inside" d="M7 5.2v3.2M7 10.3h.01" />
            </symbol>
            <symbol id="tone-waiting" viewBox="0 0 14 14">
                <path fill="currentColor" d="M7 .9 13.1 7 7 13.1.9 7z" />
            </symbol>
            <symbol id="tone-done" viewBox="0 0 14 14">
                <circle cx="7" cy="7" r="6" fill="currentColor" />
                <path class="inside" d="M4.2 7.3 6.2 9.2 9.8 5" />
            </symbol>
        </svg>
    }
}

/// The shape of a tone alone, for places where the word stands beside it anyway.
pub(crate) fn tone_shape(tone: Signal<Tone>) -> AnyView {
    view! {
        <svg class=move || tone.get().class() aria-hidden="true">
            <use href=move || tone.get().shape()></use>
        </svg>
    }
    .into_any()
}

/// Shape, word, and the reason in muted text.
#[component]
pub(crate) fn StatusBadge(
    /// Chooses the shape and its hue.
    #[prop(into)]
    tone: Signal<Tone>,
    /// The phase: one or two words.
    #[prop(into)]
    word: Signal<String>,
    /// Why, in words; empty when there is nothing to say.
    #[prop(into, optional)]
    reason: Signal<String>,
) -> impl IntoView {
    view! {
        <span class="status">
            {tone_shape(tone)} <span class="status-word">{word}</span>
            <span class="status-reason">{reason}</span>
        </span>
    }
}
