//! Holds what is typed into the form, and what is wrong with it.

use flowdeck_objects::{Notebook, ResourceQuota};
use flowdeck_view::config::{Config, Spawner};
use flowdeck_view::form::{
    Field, Form, Gpu, Problem, Workspace, World, check, quota_after, server_from_word, server_word, warnings,
};
use flowdeck_view::quota::{QuotaLine, quota_lines};
use leptos::prelude::*;

use super::super::stores::held;
use super::offers::{Claim, Class, claims_of, classes_of, gpus_of};
use crate::live::lease::Lease;
use crate::live::{Live, use_live};
use crate::widgets::reactive::memo;

/// The fields as signals; `Copy`, so that every part of the page can have it.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) name: RwSignal<String>,
    pub(super) server: RwSignal<String>,
    pub(super) image: RwSignal<String>,
    pub(super) cpu: RwSignal<String>,
    pub(super) memory: RwSignal<String>,
    pub(super) gpu_count: RwSignal<String>,
    pub(super) gpu_vendor: RwSignal<String>,
    pub(super) workspace: RwSignal<String>,
    pub(super) volume_name: RwSignal<String>,
    pub(super) volume_size: RwSignal<String>,
    pub(super) volume_class: RwSignal<String>,
    pub(super) volume_existing: RwSignal<String>,
    pub(super) mount: RwSignal<String>,
    pub(super) shared_memory: RwSignal<bool>,
    pub(super) pull_policy: RwSignal<String>,
    pub(super) own_limits: RwSignal<bool>,
    pub(super) cpu_limit: RwSignal<String>,
    pub(super) memory_limit: RwSignal<String>,
}

impl Fields {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            name: text(),
            server: text(),
            image: text(),
            cpu: text(),
            memory: text(),
            gpu_count: text(),
            gpu_vendor: text(),
            workspace: text(),
            volume_name: text(),
            volume_size: text(),
            volume_class: text(),
            volume_existing: text(),
            mount: text(),
            shared_memory: RwSignal::new(true),
            pull_policy: text(),
            own_limits: RwSignal::new(false),
            cpu_limit: text(),
            memory_limit: text(),
        }
    }

    /// Shows a form in the fields.
    pub(super) fn fill(&self, form: Form) {
        self.name.set(form.name);
        self.server.set(server_word(form.server).to_owned());
        self.image.set(form.image);
        self.cpu.set(form.cpu);
        self.memory.set(form.memory);
        self.gpu_count.set(form.gpu_count);
        self.gpu_vendor.set(form.gpu_vendor);
        self.workspace.set(form.workspace.word().to_owned());
        self.volume_name.set(form.volume_name);
        self.volume_size.set(form.volume_size);
        self.volume_class.set(form.volume_class);
        self.volume_existing.set(form.volume_existing);
        self.mount.set(form.mount);
        self.shared_memory.set(form.shared_memory);
        self.pull_policy.set(form.pull_policy);
        self.own_limits.set(form.own_limits);
        self.cpu_limit.set(form.cpu_limit);
        self.memory_limit.set(form.memory_limit);
    }

    fn read(&self) -> Form {
        Form {
            name: self.name.get(),
            server: server_from_word(&self.server.get()),
            image: self.image.get(),
            cpu: self.cpu.get(),
            memory: self.memory.get(),
            gpu_count: self.gpu_count.get(),
            gpu_vendor: self.gpu_vendor.get(),
            workspace: Workspace::from_word(&self.workspace.get()),
            volume_name: self.volume_name.get(),
            volume_size: self.volume_size.get(),
            volume_class: self.volume_class.get(),
            volume_existing: self.volume_existing.get(),
            mount: self.mount.get(),
            shared_memory: self.shared_memory.get(),
            pull_policy: self.pull_policy.get(),
            own_limits: self.own_limits.get(),
            cpu_limit: self.cpu_limit.get(),
            memory_limit: self.memory_limit.get(),
        }
    }
}

/// The form with everything that it is held against.
#[derive(Clone, Copy)]
pub(super) struct Model {
    pub(super) namespace: Signal<String>,
    pub(super) fields: Fields,
    pub(super) spawner: RwSignal<Spawner>,
    pub(super) form: Memo<Form>,
    /// The form before anything was typed.
    pub(super) first: RwSignal<Option<Form>>,
    /// What nodes have; `None` when that can't be read.
    pub(super) gpus: Memo<Vec<Gpu>>,
    pub(super) claims: Memo<Vec<Claim>>,
    pub(super) classes: Memo<Vec<Class>>,
    pub(super) quota: Memo<Vec<QuotaLine>>,
    pub(super) problems: Memo<Vec<Problem>>,
    pub(super) warnings: Memo<Vec<Problem>>,
    /// What the cluster objected to, and the form that it was sent.
    pub(super) answers: RwSignal<(Vec<Problem>, Option<Form>)>,
    /// Create was pressed: from then on every problem shows.
    pub(super) attempted: RwSignal<bool>,
    left: RwSignal<Vec<Field>>,
    notebooks: Memo<Option<Lease<Notebook>>>,
}

impl Model {
    /// The model; call it in the page's body.
    pub(super) fn new(namespace: Signal<String>) -> Self {
        let live = use_live();
        let fields = Fields::new();
        let spawner = RwSignal::new(Spawner::default());
        let form = memo(move || fields.read());
        let notebooks = held(namespace, &live, Live::notebooks);
        let claim_rows = held(namespace, &live, Live::volumes);
        let quotas = held(namespace, &live, Live::quotas);
        let gpus = gpus_of(&live, namespace, spawner);
        let claims = memo(move || {
            let (Some(claims), Some(notebooks)) = (claim_rows.get(), notebooks.get()) else {
                return Vec::new();
            };
            claims.with(|rows| notebooks.with(|notebooks| claims_of(rows.iter(), notebooks.iter())))
        });
        let quota = memo(move || {
            let read = |lease: &Lease<ResourceQuota>| lease.with(|rows| quota_lines(rows.iter()));
            quotas.with(|lease| lease.as_ref().map(read).unwrap_or_default())
        });
        let judge = move |judge: fn(&Form, &Spawner, World<'_>) -> Vec<Problem>| {
            let has_notebook = |name: &str| {
                let taken = |lease: &Lease<Notebook>| lease.with(|rows| rows.by_name(&namespace.get(), name).is_some());
                notebooks.with(|lease| lease.as_ref().is_some_and(taken))
            };
            let has_claim = |name: &str| claims.with(|claims| claims.iter().any(|claim| claim.name == name));
            let (gpus, quota) = (gpus.get(), quota.get());
            let world = World {
                has_notebook: &has_notebook,
                has_claim: &has_claim,
                gpus: &gpus,
                quota: &quota,
            };
            form.with(|form| spawner.with(|spawner| judge(form, spawner, world)))
        };
        Self {
            namespace,
            fields,
            spawner,
            form,
            first: RwSignal::new(None),
            gpus,
            claims,
            classes: classes_of(&live, namespace),
            quota,
            problems: memo(move || judge(check)),
            warnings: memo(move || judge(|form, _, world| warnings(form, world))),
            answers: RwSignal::new((Vec::new(), None)),
            attempted: RwSignal::new(false),
            left: RwSignal::new(Vec::new()),
            notebooks,
        }
    }

    /// Takes over what the administrator offers and, over it, the draft.
    pub(super) fn begin(&self, config: Config, draft: Option<String>) {
        let spawner = config.spawner_form_defaults;
        let first = Form::new(&spawner);
        let mut form = first.clone();
        if let Some(draft) = draft {
            form.apply_draft(&draft);
        }
        self.spawner.set(spawner);
        self.first.set(Some(first));
        self.fields.fill(form);
    }

    /// Forgets what was typed.
    pub(super) fn start_over(&self) {
        if let Some(first) = self.first.get_untracked() {
            self.fields.fill(first);
        }
        self.attempted.set(false);
        self.left.set(Vec::new());
        self.answers.set((Vec::new(), None));
    }

    /// What to say at a field: what is wrong with it once it was typed into or left, and what the cluster said of it.
    pub(super) fn error(&self, field: Field) -> Signal<Option<String>> {
        let model = *self;
        Signal::derive(move || {
            let said = model.answers.with(|(answers, sent)| {
                let sent = sent.as_ref()?;
                let same = model.form.with(|form| form.text_of(field) == sent.text_of(field));
                answers
                    .iter()
                    .find(|answer| answer.field == field && same)
                    .map(|answer| answer.message.clone())
            });
            if said.is_some() {
                return said;
            }
            let problem = model.problems.with(|problems| {
                problems
                    .iter()
                    .find(|problem| problem.field == field)
                    .map(|problem| problem.message.clone())
            })?;
            let typed = || {
                model.form.with(|form| {
                    model
                        .first
                        .with(|first| first.as_ref().is_some_and(|f| f.text_of(field) != form.text_of(field)))
                })
            };
            // A volume's name follows the notebook's: a clash is worth saying before anything is typed there.
            let shows = model.attempted.get()
                || field == Field::VolumeName
                || model.left.with(|left| left.contains(&field))
                || typed();
            shows.then_some(problem)
        })
    }

    /// What to say at a field that is no error: not enough of it is left.
    pub(super) fn hint(&self, field: Field, else_say: &'static str) -> Signal<String> {
        let model = *self;
        Signal::derive(move || {
            let warning = model.warnings.with(|warnings| {
                warnings
                    .iter()
                    .find(|warning| warning.field == field)
                    .map(|warning| warning.message.clone())
            });
            warning.map_or_else(
                || else_say.to_owned(),
                |warning| [&warning, ": it would wait for quota"].concat(),
            )
        })
    }

    /// Notes that a field was left.
    pub(super) fn leave(&self, field: Field) {
        self.left.try_update(|left| {
            if !left.contains(&field) {
                left.push(field);
            }
        });
    }

    /// What the cluster said that belongs to no field.
    pub(super) fn whole(&self) -> Signal<Option<String>> {
        let answers = self.answers;
        Signal::derive(move || {
            let words = answers.with(|(answers, _)| {
                let whole = answers.iter().filter(|answer| answer.field == Field::Whole);
                whole.map(|answer| answer.message.clone()).collect::<Vec<_>>().join(" ")
            });
            (!words.is_empty()).then_some(words)
        })
    }

    /// Quota as it will be used once the notebook runs.
    pub(super) fn quota_after(&self) -> Vec<QuotaLine> {
        self.form.with(|form| self.quota.with(|quota| quota_after(form, quota)))
    }

    /// Whether the store knows a notebook of this name.
    pub(super) fn is_known(&self, name: &str) -> bool {
        let known = |lease: &Lease<Notebook>| {
            lease.with_untracked(|rows| rows.by_name(&self.namespace.get_untracked(), name).is_some())
        };
        self.notebooks
            .try_with_untracked(|lease| lease.as_ref().is_some_and(known))
            .unwrap_or(true)
    }
}
