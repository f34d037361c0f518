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

    /// Id of the drawing in the sprite of index.html: a shape in a row is one `<use>` whose link changes.
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
