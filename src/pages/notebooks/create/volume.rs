//! Lays out where the home folder lies: a new volume, one that exists, or none.

use flowdeck_view::form::{Field, Workspace};
use leptos::prelude::*;

use super::model::Model;
use crate::widgets::choice::{Choice, RadioCards, SelectField};
use crate::widgets::field::{QuantityField, TextField};
use crate::widgets::reactive::memo;

/// The section.
pub(super) fn workspace(model: Model) -> AnyView {
    let fields = model.fields;
    let kinds = Signal::derive(move || {
        let fixed = model.spawner.with(|spawner| spawner.workspace_volume.read_only);
        let kind = |which: Workspace, label: &str, detail: &str| Choice {
            value: which.word().to_owned(),
            label: label.to_owned(),
            detail: detail.to_owned(),
            blocked: fixed.then(|| "Set by your administrator".to_owned()),
        };
        vec![
            kind(Workspace::New, "New volume", "Made now; stays when the notebook goes"),
            kind(Workspace::Existing, "Existing volume", "With the files that are in it"),
            kind(Workspace::None, "No volume", "Files go with the pod"),
        ]
    });
    let which = memo(move || Workspace::from_word(&fields.workspace.get()));
    let view = move || match which.get() {
        Workspace::New => new_volume(model),
        Workspace::Existing => existing_volume(model),
        Workspace::None => {
            view! { <p class="form-words">"What is saved in this notebook is lost when it stops."</p> }.into_any()
        }
    };
    view! {
        <section class="form-part">
            <h2>"Home folder"</h2>
            <RadioCards label="Where files are kept" value=fields.workspace options=kinds />
            {view}
        </section>
    }
    .into_any()
}

fn new_volume(model: Model) -> AnyView {
    let fields = model.fields;
    let classes = Signal::derive(move || {
        let classes = model.classes.get();
        let default = classes
            .iter()
            .find(|(_, default)| *default)
            .map(|(name, _)| name.clone());
        let label = default.map_or_else(
            || "The cluster's default".to_owned(),
            |name| [&name, " (default)"].concat(),
        );
        let first = Choice {
            label,
            ..Choice::plain("")
        };
        let others = classes
            .into_iter()
            .filter(|(_, default)| !default)
            .map(|(name, _)| Choice::plain(name));
        std::iter::once(first).chain(others).collect()
    });
    let default_name = Signal::derive(move || {
        model.form.with(|form| {
            if form.name.trim().is_empty() {
                return String::new();
            }
            let unnamed = flowdeck_view::form::Form {
                volume_name: String::new(),
                ..form.clone()
            };
            model
                .spawner
                .with(|spawner| unnamed.new_claim_name(spawner))
                .unwrap_or_default()
        })
    });
    view! {
        <div class="form-row">
            <TextField
                label="Volume name"
                value=fields.volume_name
                placeholder=default_name
                hint="Empty: named after the notebook"
                error=model.error(Field::VolumeName)
                mono=true
                name="volume"
                on_blur=move || model.leave(Field::VolumeName)
            />
            <QuantityField
                label="Size"
                value=fields.volume_size
                unit="Gi"
                usual=vec!["5", "10", "50", "100"]
                error=model.error(Field::VolumeSize)
                name="size"
                on_blur=move || model.leave(Field::VolumeSize)
            />
        </div>
        <div class="form-row">
            <SelectField
                label="Storage class"
                value=fields.volume_class
                options=classes
                error=model.error(Field::VolumeClass)
            />
            {mount(model)}
        </div>
    }
    .into_any()
}

fn existing_volume(model: Model) -> AnyView {
    let options = Signal::derive(move || {
        let claims = model.claims.get();
        let first = if claims.is_empty() {
            "There are none"
        } else {
            "Choose a volume"
        };
        let first = Choice {
            label: first.to_owned(),
            ..Choice::plain("")
        };
        let choice = |claim: super::offers::Claim| {
            let mut more: Vec<String> = Vec::new();
            if !claim.size.is_empty() {
                more.push(claim.size);
            }
            if !claim.used_by.is_empty() {
                more.push(["used by ", &claim.used_by.join(", ")].concat());
            }
            let more = if more.is_empty() {
                String::new()
            } else {
                [" (", &more.join(", "), ")"].concat()
            };
            Choice {
                label: [&*claim.name, &more].concat(),
                ..Choice::plain(claim.name)
            }
        };
        std::iter::once(first).chain(claims.into_iter().map(choice)).collect()
    });
    view! {
        <div class="form-row">
            <SelectField
                label="Volume"
                value=model.fields.volume_existing
                options=options
                error=model.error(Field::VolumeExisting)
            />
            {mount(model)}
        </div>
    }
    .into_any()
}

fn mount(model: Model) -> AnyView {
    view! {
        <TextField
            label="Mounted at"
            value=model.fields.mount
            error=model.error(Field::Mount)
            mono=true
            name="mount"
            on_blur=move || model.leave(Field::Mount)
        />
    }
    .into_any()
}
