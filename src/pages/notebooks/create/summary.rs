//! Sums up what will be made and what the namespace has left then.

use flowdeck_view::form::{Workspace, with_unit};
use flowdeck_view::notebooks::short_image;
use flowdeck_view::quota::QuotaLine;
use leptos::prelude::*;

use super::model::Model;
use crate::widgets::meter::Meter;
use crate::widgets::reactive::memo;

/// The column beside the form, above its buttons.
pub(super) fn summary(model: Model, buttons: AnyView) -> AnyView {
    let line = move |key: &'static str, read: fn(&Model) -> String| {
        let value = memo(move || read(&model));
        view! {
            <dt>{key}</dt>
            <dd>{value}</dd>
        }
    };
    let lines = memo(move || model.quota_after());
    let count = memo(move || lines.with(Vec::len));
    let meters = move || {
        let meter = |at: usize| {
            let read = move |read: fn(&QuotaLine) -> String| {
                Signal::derive(move || lines.with(|lines| lines.get(at).map(read).unwrap_or_default()))
            };
            let share = Signal::derive(move || lines.with(|lines| lines.get(at).map_or(0.0, QuotaLine::share)));
            view! {
                <Meter
                    label=read(|l| l.label.clone())
                    used=read(QuotaLine::used_text)
                    limit=read(QuotaLine::hard_text)
                    share=share
                />
            }
        };
        let count = count.get();
        (count > 0).then(|| {
            view! {
                <h3>"Quota once it runs"</h3>
                <div class="summary-quota">{(0..count).map(meter).collect_view()}</div>
            }
        })
    };
    view! {
        <aside class="summary" aria-label="Summary">
            <h2>"Summary"</h2>
            <dl class="facts">
                {line("Name", |m| or_dash(m.form.with(|f| f.name.trim().to_owned())))}
                {line("Type", |m| m.form.with(|f| f.server.label().to_owned()))}
                {line("Image", |m| or_dash(m.form.with(|f| short_image(f.image.trim()))))}
                {line("CPU", |m| or_dash(m.form.with(|f| f.cpu.trim().to_owned())))}
                {line("Memory", |m| or_dash(m.form.with(|f| with_unit(&f.memory, " Gi"))))} {line("GPU", gpus)}
                {line("Home folder", home)}
            </dl>
            {meters}
            {buttons}
        </aside>
    }
    .into_any()
}

fn gpus(model: &Model) -> String {
    model.form.with(|form| match form.gpus() {
        None => "–".to_owned(),
        Some(0) => "None".to_owned(),
        Some(count) => {
            let vendor = model.spawner.with(|spawner| {
                let vendors = spawner.gpus.value.vendors.iter();
                vendors
                    .into_iter()
                    .find(|v| v.limits_key == form.gpu_vendor)
                    .map(|v| v.ui_name.clone())
            });
            [count.to_string(), vendor.unwrap_or_default()].join(" ")
        }
    })
}

fn home(model: &Model) -> String {
    model.form.with(|form| match form.workspace {
        Workspace::New => {
            let name = model
                .spawner
                .with(|spawner| form.new_claim_name(spawner))
                .unwrap_or_default();
            // Before the notebook has a name the volume's would be half of one.
            let name = if form.name.trim().is_empty() && form.volume_name.trim().is_empty() {
                String::new()
            } else {
                [" ", &name].concat()
            };
            ["New volume", &name, ", ", &with_unit(&form.volume_size, " Gi")].concat()
        }
        Workspace::Existing => or_dash(form.volume_existing.clone()),
        Workspace::None => "None".to_owned(),
    })
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}
