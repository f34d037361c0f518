//! Lays out the New notebook page: loads what is offered, keeps the draft, sends.

use flowdeck_view::config::Config;
use flowdeck_view::form::Manifest;
use flowdeck_view::query::{NotebookQuery, NotebooksQuery};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::super::actions::Actions;
use super::model::Model;
use super::{fields, send, storage, summary, volume};
use crate::client::fetch::{self, Call};
use crate::live::use_live;
use crate::shell::namespace::use_namespace;
use crate::shell::page::Page;
use crate::shell::router::use_router;
use crate::shell::toasts::{Toast, use_toasts};
use crate::widgets::Act;
use crate::widgets::button::{Button, Kind};
use crate::widgets::reactive::{effect, memo, task, task_to_its_end};
use crate::widgets::show::Show;
use crate::widgets::skeleton::Skeleton;
use crate::widgets::states::{EmptyState, Note};

/// How often, and how long apart, the store is asked whether it has the new notebook before its page is opened.
const LOOKS: u32 = 20;
const LOOK_MS: u32 = 100;

/// A new notebook: `/notebooks/new`.
#[component]
pub(crate) fn NewPage() -> AnyView {
    let namespace = use_namespace();
    let model = Model::new(namespace);
    let actions = Actions::new(namespace);
    let ready = RwSignal::new(false);
    let config_failed = RwSignal::new(None::<String>);
    load(model, ready, config_failed);
    effect(move || {
        let (draft, first) = (model.form.with(|form| form.to_draft()), model.first.get());
        match first {
            Some(first) if first.to_draft() == draft => storage::clear(),
            Some(_) => storage::save(&draft),
            None => {}
        }
    });
    let list_url = move || {
        NotebooksQuery {
            ns: namespace.get(),
            ..NotebooksQuery::default()
        }
        .url()
    };
    let parent = Signal::derive(move || Some(("Notebooks".to_owned(), list_url())));
    let view = move || {
        if namespace.with(String::is_empty) {
            return view! {
                <EmptyState
                    title="Choose a namespace"
                    text="A notebook belongs to a namespace. Choose yours at the upper left."
                />
            }
            .into_any();
        }
        if !ready.get() {
            return view! { <Skeleton lines=10 label="Loading the form" /> }.into_any();
        }
        form(model, actions, config_failed)
    };
    view! {
        <Page title="New notebook" parent=parent>
            {view}
        </Page>
    }
    .into_any()
}

fn load(model: Model, ready: RwSignal<bool>, failed: RwSignal<Option<String>>) {
    task(async move {
        let answer = fetch::text(Call::get("/config.json".to_owned()))
            .await
            .map_err(|error| error.to_string());
        let config = answer.and_then(|text| Config::read(&text).map_err(|error| error.to_string()));
        let config = config.unwrap_or_else(|why| {
            failed.try_set(Some(why));
            Config::default()
        });
        model.begin(config, storage::load());
        ready.try_set(true);
    });
}

fn form(model: Model, actions: Actions, config_failed: RwSignal<Option<String>>) -> AnyView {
    let busy = RwSignal::new(false);
    let create = creator(model, busy);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        create.run(());
    };
    let whole = model.whole();
    let note = move || {
        let text = whole.get()?;
        Some(view! { <Note title="The notebook was not created." text=text bad=true /> })
    };
    let offers = move || {
        let why = config_failed.get()?;
        let text = ["Type an image by hand. ", &why].concat();
        Some(view! { <Note title="The list of images could not be loaded." text=text bad=false /> })
    };
    let counted = move || {
        let count = model.problems.with(Vec::len);
        (model.attempted.get() && count > 0).then(|| match count {
            1 => "One field needs a look".to_owned(),
            count => [count.to_string().as_str(), " fields need a look"].concat(),
        })
    };
    let typed = memo(move || model.first.with(|first| first.as_ref() != Some(&model.form.get())));
    let buttons = view! {
        <div class="form-buttons">
            <Button
                label="Create notebook"
                kind=Kind::Primary
                submit=true
                busy=busy
                blocked=actions.no_create()
                on_click=|| {}
            />
            <Show when=move || typed.get()>
                <Button label="Start over" kind=Kind::Quiet on_click=move || model.start_over() />
            </Show>
        </div>
        <p class="form-count" role="status">
            {counted}
        </p>
    }
    .into_any();
    view! {
        <form class="new-notebook" novalidate on:submit=submit>
            <div class="form-fields">
                {note} {offers} {fields::what(model)} {fields::resources(model)} {volume::workspace(model)}
                {fields::more(model)}
            </div>
            {summary::summary(model, buttons)}
        </form>
    }
    .into_any()
}

/// Sends the form when nothing is wrong with it, else goes to the first wrong field.
fn creator(model: Model, busy: RwSignal<bool>) -> Act {
    let toasts = use_toasts();
    let session = use_live().session();
    let router = use_router();
    let create = move || {
        if busy.get_untracked() {
            return;
        }
        model.attempted.set(true);
        model.answers.set((Vec::new(), None));
        if !model.problems.with_untracked(Vec::is_empty) {
            request_animation_frame(focus_first_wrong);
            return;
        }
        let (form, namespace) = (model.form.get_untracked(), model.namespace.get_untracked());
        let user = session.with_untracked(|session| session.as_ref().map(|s| s.user.clone()).unwrap_or_default());
        let manifest = model
            .spawner
            .with_untracked(|spawner| Manifest::new(&form, spawner, &namespace, &user));
        busy.set(true);
        task_to_its_end(async move {
            let answer = send::send(&namespace, &form, &manifest).await;
            if let Err(problems) = answer {
                busy.try_set(false);
                model.answers.try_set((problems, Some(form)));
                request_animation_frame(focus_first_wrong);
                return;
            }
            let name = form.name.trim().to_owned();
            toasts.push(Toast::done(["Creating notebook ", &name].concat()));
            // Its page would say "not found" until the watch has brought it.
            for _ in 0..LOOKS {
                if model.is_known(&name) {
                    break;
                }
                TimeoutFuture::new(LOOK_MS).await;
            }
            let gone = busy.try_set(false).is_some();
            storage::clear();
            if !gone {
                let query = NotebookQuery {
                    ns: namespace,
                    ..NotebookQuery::default()
                };
                router.replace(&query.url(&name));
            }
        });
    };
    create.into()
}

fn focus_first_wrong() {
    let wrong = ".new-notebook .is-wrong input, .new-notebook .is-wrong select, .new-notebook .note";
    let found = document().query_selector(wrong).ok().flatten();
    if let Some(element) = found {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Center);
        element.scroll_into_view_with_scroll_into_view_options(&options);
        if let Ok(element) = element.dyn_into::<web_sys::HtmlElement>() {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            element.focus_with_options(&options).ok();
        }
    }
}
