//! Asks before what can't be undone, in the browser's own modal dialog.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::Act;
use super::button::{Button, Kind};
use super::field::TextField;
use super::icon::Icon;
use crate::widgets::reactive::effect;
use crate::widgets::show::Show;

/// A modal dialog; `open` opens and closes it. Escape closes, the focus goes back to where it was (the browser's own doing).
#[component]
pub(crate) fn Dialog(
    /// Opens it when set; becomes false when it is closed by any means.
    open: RwSignal<bool>,
    /// Its title.
    #[prop(into)]
    title: Signal<String>,
    /// Can't be closed by Escape or a cross: the page can't go on without an answer.
    #[prop(optional)]
    stays: bool,
    /// A wider one.
    #[prop(optional)]
    wide: bool,
    /// The content, built anew at each opening.
    children: ChildrenFn,
) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let id = StoredValue::new(super::field::fresh_id("dialog"));
    effect(move || {
        let (Some(dialog), open) = (dialog.get(), open.get()) else {
            return;
        };
        if open && !dialog.open() {
            dialog.show_modal().ok();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    let cancel = move |event: web_sys::Event| {
        if stays {
            event.prevent_default();
        }
    };
    // A click on the element itself, not on what it holds, is a click on the backdrop.
    let backdrop = move |event: leptos::ev::MouseEvent| {
        let itself = dialog
            .get_untracked()
            .map(|d| d.unchecked_into::<web_sys::EventTarget>());
        if !stays && event.target() == itself {
            open.set(false);
        }
    };
    let children = StoredValue::new(children);
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            class:dialog-wide=wide
            aria-labelledby=id.get_value()
            on:cancel=cancel
            on:close=move |_| open.set(false)
            on:click=backdrop
        >
            <Show when=move || open.get()>
                <div class="dialog-body">
                    <header class="dialog-head">
                        <h2 id=id.get_value()>{title}</h2>
                        {(!stays)
                            .then(|| {
                                view! {
                                    <Button
                                        label="Close"
                                        kind=Kind::Quiet
                                        small=true
                                        icon=Icon::Close
                                        icon_only=true
                                        on_click=move || open.set(false)
                                    />
                                }
                            })}
                    </header>
                    {children.with_value(|c| c())}
                </div>
            </Show>
        </dialog>
    }
    .into_any()
}

/// Asks whether to do what can't be undone. With `typed` the object's name has to be typed first.
#[component]
pub(crate) fn ConfirmDialog(
    /// Opens it when set.
    open: RwSignal<bool>,
    /// A question with the object's name: "Delete notebook bert-finetune?"
    #[prop(into)]
    title: Signal<String>,
    /// The verb with its object, on the button.
    #[prop(into)]
    verb: Signal<String>,
    /// The name that has to be typed; nothing when the button is enough.
    #[prop(into, optional)]
    typed: Signal<Option<String>>,
    /// The request is under way.
    #[prop(into, optional)]
    busy: Signal<bool>,
    /// Why it did not work, in words.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// Does it. The dialog stays open until its owner closes it.
    #[prop(into)]
    on_confirm: Act,
    /// What goes with it.
    children: ChildrenFn,
) -> AnyView {
    let answer = RwSignal::new(String::new());
    effect(move || {
        if open.get() {
            answer.set(String::new());
        }
    });
    let blocked = Signal::derive(move || {
        let wanted = typed.get()?;
        (answer.with(|a| a.trim() != wanted)).then(|| format!("Type {wanted} first"))
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if blocked.get_untracked().is_none() && !busy.get_untracked() {
            on_confirm.run(());
        }
    };
    let children = StoredValue::new(children);
    view! {
        <Dialog open=open title=title>
            <form class="dialog-form" on:submit=submit>
                <div class="dialog-text">{children.with_value(|c| c())}</div>
                {move || {
                    typed
                        .get()
                        .map(|name| {
                            view! {
                                <TextField label=format!("Type {name} to confirm") value=answer mono=true autofocus=true autocomplete="off" />
                            }
                        })
                }}
                {move || error.get().map(|why| view! { <p class="field-error" role="alert">{why}</p> })}
                <footer class="dialog-foot">
                    <Button label="Cancel" on_click=move || open.set(false) />
                    <Button label=verb kind=Kind::Danger submit=true busy=busy blocked=blocked on_click=|| {} />
                </footer>
            </form>
        </Dialog>
    }
    .into_any()
}
