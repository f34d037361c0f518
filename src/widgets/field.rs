//! Takes text and quantities: a label, a hint and an error that belong to their input for eye and ear.

use std::cell::Cell;

use leptos::prelude::*;

use super::Act;

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// An id that no other element of the page has.
pub(crate) fn fresh_id(prefix: &str) -> String {
    let n = NEXT.with(|next| next.replace(next.get() + 1));
    format!("{prefix}-{n}")
}

/// Label above, then what `input` builds from (its id, the id of what describes it), then hint or error.
pub(crate) fn frame(
    label: Signal<String>,
    hint: Signal<String>,
    error: Signal<Option<String>>,
    input: impl FnOnce(String, String) -> AnyView,
) -> AnyView {
    let id = fresh_id("field");
    let about = format!("{id}-about");
    view! {
        <div class="field" class:is-wrong=move || error.with(Option::is_some)>
            <label class="field-label" for=id.clone()>
                {label}
            </label>
            {input(id, about.clone())}
            {about_line(about, hint, error)}
        </div>
    }
    .into_any()
}

/// The line under an input: the error if there is one, else the hint. It keeps its height, so that nothing jumps.
pub(crate) fn about_line(id: String, hint: Signal<String>, error: Signal<Option<String>>) -> AnyView {
    let words = move || error.get().unwrap_or_else(|| hint.get());
    view! {
        <p class="field-about" id=id aria-live="polite">
            {words}
        </p>
    }
    .into_any()
}

/// A line of text.
#[component]
pub(crate) fn TextField(
    /// What it is; never empty.
    #[prop(into)]
    label: Signal<String>,
    /// The text.
    value: RwSignal<String>,
    /// What may stand there.
    #[prop(into, optional)]
    hint: Signal<String>,
    /// What is wrong with it, and how to put it right.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// "text" or "password".
    #[prop(optional)]
    kind: Option<&'static str>,
    /// The browser's word for what it is, for password managers.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// Shown while empty.
    #[prop(into, optional)]
    placeholder: Signal<String>,
    /// Names and code: the code font.
    #[prop(optional)]
    mono: bool,
    /// Gets the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
    /// The person left the field.
    #[prop(into, optional)]
    on_blur: Option<Act>,
    /// Shown after the text, inside the field: "Gi".
    #[prop(into, optional)]
    unit: Option<String>,
    /// The keyboard a phone should show: "decimal", "numeric".
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// The form's own name for the field, to find it by.
    #[prop(optional)]
    name: Option<&'static str>,
) -> AnyView {
    frame(label, hint, error, move |id, about| {
        let node = NodeRef::<leptos::html::Input>::new();
        if autofocus {
            focus_when_there(node);
        }
        let leave = move |_| {
            if let Some(act) = on_blur {
                act.run(());
            }
        };
        view! {
            <span class="input" class:input-mono=mono>
                <input
                    node_ref=node
                    id=id
                    name=name
                    type=kind.unwrap_or("text")
                    class="input-text"
                    autocomplete=autocomplete.unwrap_or("off")
                    autocapitalize="off"
                    spellcheck="false"
                    inputmode=inputmode
                    placeholder=placeholder
                    aria-describedby=about
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=value
                    on:input=move |event| value.set(event_target_value(&event))
                    on:blur=leave
                />
                {unit.map(|unit| view! { <span class="input-unit">{unit}</span> })}
            </span>
        }
        .into_any()
    })
}

/// A number with a unit, and a few usual values to click.
#[component]
pub(crate) fn QuantityField(
    /// What it is.
    #[prop(into)]
    label: Signal<String>,
    /// What is typed; read and judged by the form.
    value: RwSignal<String>,
    /// "CPUs", "Gi".
    #[prop(into)]
    unit: String,
    /// Values to choose with one click.
    #[prop(optional)]
    usual: Vec<&'static str>,
    /// What may stand there.
    #[prop(into, optional)]
    hint: Signal<String>,
    /// What is wrong with it.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// The form's own name for the field.
    #[prop(optional)]
    name: Option<&'static str>,
    /// The person left the field.
    #[prop(into, optional)]
    on_blur: Option<Act>,
) -> AnyView {
    let chips = usual
        .into_iter()
        .map(|v| {
            view! {
                <button
                    type="button"
                    class="usual"
                    aria-label=move || format!("{}: {v}", label.get())
                    aria-pressed=move || if value.with(|now| now == v) { "true" } else { "false" }
                    on:click=move |_| value.set(v.to_owned())
                >
                    {v}
                </button>
            }
        })
        .collect_view();
    let on_blur = on_blur.unwrap_or_else(|| (|| {}).into());
    view! {
        <div class="quantity">
            <TextField label=label value=value unit=unit hint=hint error=error inputmode="decimal" name=name.unwrap_or("") on_blur=on_blur />
            <span class="usuals">{chips}</span>
        </div>
    }
    .into_any()
}

/// Focuses an input once it is in the page.
pub(crate) fn focus_when_there(node: NodeRef<leptos::html::Input>) {
    Effect::new(move |done: Option<bool>| {
        let Some(input) = node.get() else {
            return false;
        };
        if done != Some(true) {
            request_animation_frame(move || {
                input.focus().ok();
            });
        }
        true
    });
}
