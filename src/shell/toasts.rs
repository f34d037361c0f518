//! Says what happened, at the lower right, and offers the next step.

use std::sync::Arc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use crate::widgets::button::{Button, Kind};
use crate::widgets::icon::Icon;
use crate::widgets::outliving;
use crate::widgets::reactive::task;
use crate::widgets::status::{Tone, tone_shape};

/// How long a toast stays when all went well and there is nothing to choose, in ms.
const SHORT_MS: u32 = 5_000;
/// How long it stays when there is something to read or to choose, in ms.
const LONG_MS: u32 = 12_000;
/// The most toasts at a time; older ones leave.
const MOST: usize = 4;

/// What a toast can offer.
#[derive(Clone)]
pub(crate) enum Offer {
    /// A button: words, what it does ("Undo"). Not a callback: those die with the page that made them.
    Act(String, Arc<dyn Fn() + Send + Sync>),
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

/// The places for toasts. Each is drawn by itself: what is there already is neither drawn nor read out again.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    places: [RwSignal<Option<Placed>, LocalStorage>; MOST],
}

#[derive(Clone)]
struct Placed {
    /// Rises from toast to toast: the order on the screen.
    number: u32,
    toast: Toast,
}

impl Toasts {
    /// Makes them known to everything below. Called once by the app.
    pub(crate) fn provide() {
        provide_context(Self {
            places: std::array::from_fn(|_| RwSignal::new_local(None)),
        });
    }

    /// Shows one, in a free place or that of the oldest. It leaves after a while, sooner when it went well.
    pub(crate) fn push(&self, toast: Toast) {
        let number_in = |place: &RwSignal<Option<Placed>, LocalStorage>| {
            place.with_untracked(|placed| placed.as_ref().map_or(0, |placed| placed.number))
        };
        let number = 1 + self.places.iter().map(number_in).max().unwrap_or(0);
        if let Some(place) = self.places.iter().min_by_key(|place| number_in(place)) {
            place.set(Some(Placed { number, toast }));
        }
    }
}

/// The toasts of the app. Works in any component below it; keep the value, it is `Copy`.
pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}

/// Where the toasts stand.
#[component]
pub(super) fn ToastRegion() -> AnyView {
    let toasts = use_toasts();
    let held = RwSignal::new(false);
    let on_behalf = outliving();
    view! {
        <div
            class="toasts"
            role="region"
            aria-label="Messages"
            aria-live="polite"
            on:pointerenter=move |_| held.set(true)
            on:pointerleave=move |_| held.set(false)
        >
            {toasts.places.map(|place| move || place.get().map(|placed| one(place, placed, held, on_behalf))).to_vec()}
        </div>
    }
    .into_any()
}

fn one(
    place: RwSignal<Option<Placed>, LocalStorage>,
    placed: Placed,
    held: RwSignal<bool>,
    on_behalf: impl Fn(&dyn Fn()) + Copy + 'static,
) -> AnyView {
    let Toast { tone, text, offer } = placed.toast;
    let stays = if offer.is_some() || tone == Tone::Bad {
        LONG_MS
    } else {
        SHORT_MS
    };
    task(async move {
        TimeoutFuture::new(stays).await;
        while held.try_get_untracked() == Some(true) {
            TimeoutFuture::new(1_000).await;
        }
        place.try_set(None);
    });
    let close = move || {
        place.try_set(None);
    };
    view! {
        <div class="toast" style:order=placed.number.to_string()>
            {tone_shape(Signal::stored(tone))} <span class="toast-text">{text}</span>
            {offer.map(|offer| offered(offer, close, on_behalf))}
            <Button label="Close" kind=Kind::Quiet small=true icon=Icon::Close icon_only=true on_click=close />
        </div>
    }
    .into_any()
}

fn offered(offer: Offer, close: impl Fn() + Copy + 'static, on_behalf: impl Fn(&dyn Fn()) + Copy + 'static) -> AnyView {
    let Offer::Act(words, act) = offer;
    let click = move || {
        close();
        on_behalf(&*act);
    };
    view! { <Button label=words small=true on_click=click /> }.into_any()
}
