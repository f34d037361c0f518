//! Says what happened, at the lower right, and offers the next step.

use leptos::prelude::*;

use crate::widgets::Act;
use crate::widgets::status::Tone;

/// What a toast can offer.
#[derive(Clone)]
pub(crate) enum Offer {
    /// A link inside the app: words, address.
    Link(String, String),
    /// A button: words, what it does ("Undo").
    Act(String, Act),
}

/// Something that happened.
#[derive(Clone)]
pub(crate) struct Toast {
    /// Its hue and shape: `Done` went well, `Bad` did not.
    pub(crate) tone: Tone,
    /// One sentence without a full stop: "Notebook bert-finetune is being deleted".
    pub(crate) text: String,
    /// The next step.
    pub(crate) offer: Option<Offer>,
}

impl Toast {
    /// Something that went well.
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Done,
            text: text.into(),
            offer: None,
        }
    }

    /// Something that did not.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Bad,
            text: text.into(),
            offer: None,
        }
    }

    /// The same, with a next step.
    pub(crate) fn offering(mut self, offer: Offer) -> Self {
        self.offer = Some(offer);
        self
    }
}

/// The toasts of the page, oldest first.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    list: RwSignal<Vec<(u32, Toast)>, LocalStorage>,
    next: RwSignal<u32>,
}

impl Toasts {
    /// Makes them known to everything below. Called once by the app.
    pub(crate) fn provide() {
        provide_context(Self {
            list: RwSignal::new_local(Vec::new()),
            next: RwSignal::new(0),
        });
    }

    /// Shows one. It leaves after a while, sooner when it went well.
    pub(crate) fn push(&self, toast: Toast) {
        let id = self
            .next
            .try_update(|n| {
                *n += 1;
                *n
            })
            .unwrap_or(0);
        self.list.try_update(|list| list.push((id, toast)));
    }
}

/// The toasts of the app. Works in any component below it; keep the value, it is `Copy`.
pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}
