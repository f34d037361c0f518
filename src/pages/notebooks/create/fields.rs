//! Lays out the fields for name, kind, image and resources, and what is rarely needed.

use flowdeck_objects::ServerType;
use flowdeck_view::form::{Field, server_from_word, server_word};
use flowdeck_view::notebooks::short_image;
use leptos::prelude::*;

use super::model::Model;
use crate::widgets::choice::{Checkbox, Choice, Disclosure, RadioCards, SelectField};
use crate::widgets::combobox::Combobox;
use crate::widgets::field::{QuantityField, TextField};
use crate::widgets::reactive::{effect, memo};
use crate::widgets::show::Show;

/// Name, kind of server, image.
pub(super) fn what(model: Model) -> AnyView {
    let fields = model.fields;
    let kinds = Signal::derive(|| {
        let kind = |server: ServerType, detail: &str| Choice {
            value: server_word(server).to_owned(),
            label: server.label().to_owned(),
            detail: detail.to_owned(),
            blocked: None,
        };
        vec![
            kind(ServerType::Jupyter, "Notebooks, terminals, Python"),
            kind(ServerType::VsCode, "The editor in the browser"),
            kind(ServerType::RStudio, "R with the tidyverse"),
        ]
    });
    // Another kind of server needs another image, unless one was typed by hand.
    Effect::new(move |before: Option<String>| {
        let server = fields.server.get();
        if before
            .as_ref()
            .is_some_and(|before| *before != server && !before.is_empty())
        {
            let image = fields.image.get_untracked();
            model.spawner.with_untracked(|spawner| {
                let lists = [&spawner.image, &spawner.image_group_one, &spawner.image_group_two];
                if image.trim().is_empty() || lists.iter().any(|list| list.options.contains(&image)) {
                    fields
                        .image
                        .set(spawner.images(server_from_word(&server)).value.clone());
                }
            });
        }
        server
    });
    let images = Signal::derive(move || {
        let server = server_from_word(&fields.server.get());
        model.spawner.with(|spawner| {
            spawner
                .images(server)
                .options
                .iter()
                .map(|image| image_choice(image))
                .collect()
        })
    });
    view! {
        <section class="form-part">
            <TextField
                label="Name"
                value=fields.name
                hint="Lower case letters, digits and -; at most 52"
                error=model.error(Field::Name)
                mono=true
                autofocus=true
                name="name"
                on_blur=move || model.leave(Field::Name)
            />
            <RadioCards label="Type" value=fields.server options=kinds />
            <Combobox
                label="Image"
                value=fields.image
                options=images
                hint="Choose one, or type another: registry/name:tag"
                error=model.error(Field::Image)
            />
        </section>
    }
    .into_any()
}

fn image_choice(image: &str) -> Choice {
    let label = short_image(image);
    let detail = image
        .strip_suffix(&label)
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    Choice {
        value: image.to_owned(),
        label,
        detail,
        blocked: None,
    }
}

/// CPU, memory, GPUs.
pub(super) fn resources(model: Model) -> AnyView {
    let fields = model.fields;
    let vendors = Signal::derive(move || {
        let gpus = model.gpus.get();
        model.spawner.with(|spawner| {
            let vendor = |vendor: &flowdeck_view::config::Vendor| {
                let most = gpus
                    .iter()
                    .find(|gpu| gpu.resource == vendor.limits_key)
                    .map(|gpu| gpu.most);
                let label = match most {
                    Some(0) => [&*vendor.ui_name, " (no node has any)"].concat(),
                    Some(most) => [&*vendor.ui_name, " (up to ", &most.to_string(), ")"].concat(),
                    None => vendor.ui_name.clone(),
                };
                let blocked = (most == Some(0)).then(|| "No node has any".to_owned());
                Choice {
                    value: vendor.limits_key.clone(),
                    label,
                    detail: String::new(),
                    blocked,
                }
            };
            spawner.gpus.value.vendors.iter().map(vendor).collect::<Vec<_>>()
        })
    });
    let wants_gpus = memo(move || model.form.with(|form| form.gpus() != Some(0)));
    view! {
        <section class="form-part">
            <h2>"Resources"</h2>
            <div class="form-row">
                <QuantityField
                    label="CPU"
                    value=fields.cpu
                    unit="CPUs"
                    usual=vec!["0.5", "1", "2", "4", "8"]
                    hint=model.hint(Field::Cpu, "Reserved for the notebook; 500m is half a CPU")
                    error=model.error(Field::Cpu)
                    name="cpu"
                    on_blur=move || model.leave(Field::Cpu)
                />
                <QuantityField
                    label="Memory"
                    value=fields.memory
                    unit="Gi"
                    usual=vec!["1", "4", "8", "16", "32"]
                    hint=model.hint(Field::Memory, "Reserved for the notebook")
                    error=model.error(Field::Memory)
                    name="memory"
                    on_blur=move || model.leave(Field::Memory)
                />
            </div>
            <div class="form-row">
                <QuantityField
                    label="GPUs"
                    value=fields.gpu_count
                    unit="GPUs"
                    usual=vec!["0", "1", "2", "4"]
                    hint=model.hint(Field::Gpu, "Whole GPUs, all on one node")
                    error=model.error(Field::Gpu)
                    name="gpus"
                    on_blur=move || model.leave(Field::Gpu)
                />
                <Show when=move || wants_gpus.get()>
                    <SelectField label="GPU vendor" value=fields.gpu_vendor options=vendors />
                </Show>
            </div>
        </section>
    }
    .into_any()
}

/// Shared memory, pull policy, limits.
pub(super) fn more(model: Model) -> AnyView {
    let fields = model.fields;
    let policies = Signal::derive(|| {
        let policy = |value: &str, label: &str| Choice {
            label: label.to_owned(),
            ..Choice::plain(value)
        };
        vec![
            policy("IfNotPresent", "Only if the node has not got it"),
            policy("Always", "Always"),
            policy("Never", "Never"),
        ]
    });
    let limits = Signal::derive(move || {
        let (cpu, memory) = model
            .form
            .with(|form| model.spawner.with(|spawner| form.limits(spawner)));
        let words = |limit: Option<String>| limit.unwrap_or_else(|| "none".to_owned());
        ["Limits: CPU ", &words(cpu), ", memory ", &words(memory)].concat()
    });
    let open = RwSignal::new(false);
    // What is wrong must not be folded away.
    let folded_wrong = move || {
        model
            .problems
            .with(|problems| problems.iter().any(|p| p.field.is_folded()))
    };
    effect(move || {
        if model.attempted.get() && folded_wrong() {
            open.set(true);
        }
    });
    view! {
        <Disclosure summary="More options" open=open>
            <div class="form-part">
                <Checkbox
                    label="Shared memory at /dev/shm, for data loaders with several workers"
                    checked=fields.shared_memory
                />
                <SelectField
                    label="Pull the image"
                    value=fields.pull_policy
                    options=policies
                    error=model.error(Field::PullPolicy)
                />
                <Checkbox label="Set limits myself" checked=fields.own_limits />
                <Show when=move || fields.own_limits.get() fallback=move || view! { <p class="form-words">{limits}</p> }>
                    <div class="form-row">
                        <TextField
                            label="CPU limit"
                            value=fields.cpu_limit
                            unit="CPUs"
                            hint="Empty is no limit"
                            error=model.error(Field::CpuLimit)
                            on_blur=move || model.leave(Field::CpuLimit)
                        />
                        <TextField
                            label="Memory limit"
                            value=fields.memory_limit
                            unit="Gi"
                            hint="Empty is no limit"
                            error=model.error(Field::MemoryLimit)
                            on_blur=move || model.leave(Field::MemoryLimit)
                        />
                    </div>
                </Show>
            </div>
        </Disclosure>
    }
    .into_any()
}
