//! Shows YAML to read: line numbers, light colouring, nothing to edit.

use leptos::prelude::*;

use super::copy::CopyButton;

/// Read-only code with line numbers. Meant for one object's YAML (up to some thousands of lines).
#[component]
pub(crate) fn CodeView(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, for the ear: "YAML of vision-train-01".
    #[prop(into)]
    label: String,
) -> AnyView {
    let lines = move || text.with(|text| text.lines().map(line).collect_view());
    view! {
        <div class="code">
            <div class="code-tools">
                <CopyButton text=text label="Copy YAML" />
            </div>
            <div class="code-scroll" role="region" aria-label=label tabindex="0">
                <ol class="code-lines">{lines}</ol>
            </div>
        </div>
    }
    .into_any()
}

/// One line: the indent and dash, the key, the value; a comment as a whole.
fn line(text: &str) -> AnyView {
    let body = text.trim_start();
    if body.starts_with('#') {
        return view! { <li><span class="code-comment">{text.to_owned()}</span></li> }.into_any();
    }
    let start = text.len() - body.trim_start_matches("- ").len();
    let (lead, rest) = text.split_at(start);
    let Some((key, value)) = split_key(rest) else {
        return view! {
            <li>
                {lead.to_owned()} <span class=value_class(rest)>{rest.to_owned()}</span>
            </li>
        }
        .into_any();
    };
    view! {
        <li>
            {lead.to_owned()} <span class="code-key">{key.to_owned()}</span> ":"
            <span class=value_class(value)>{value.to_owned()}</span>
        </li>
    }
    .into_any()
}

fn split_key(rest: &str) -> Option<(&str, &str)> {
    let (key, value) = rest.split_once(':')?;
    let plain = !key.is_empty() && !key.contains(' ') && !key.starts_with(['"', '\'', '{', '[']);
    (plain && (value.is_empty() || value.starts_with(' '))).then_some((key, value))
}

fn value_class(value: &str) -> &'static str {
    let value = value.trim();
    match value {
        "true" | "false" | "null" | "~" => "code-word",
        _ if value.starts_with(|c: char| c.is_ascii_digit() || c == '-') && value.len() < 20 => "code-number",
        _ => "code-text",
    }
}
