//! Asks before a notebook is deleted, and says what goes with it and what stays.

use leptos::prelude::*;

use super::actions::Actions;
use super::stores::{UsedVolume, held, volumes_of};
use super::words::what_and_next;
use crate::client::kubernetes::{self, Propagation};
use crate::live::{Live, use_live};
use crate::widgets::Act;
use crate::widgets::choice::Checkbox;
use crate::widgets::dialog::ConfirmDialog;
use crate::widgets::reactive::{effect, task_to_its_end};
use crate::widgets::show::Show;
use flowdeck_watch::resource::{NOTEBOOKS, PVCS};

/// What is asked, and on whose behalf.
#[derive(Clone, Copy)]
pub(super) struct Question {
    /// Rights and toasts.
    pub(super) actions: Actions,
    /// The notebook to delete; the dialog opens when it names one.
    pub(super) ask: RwSignal<Option<String>>,
    /// Its namespace.
    pub(super) namespace: Signal<String>,
    /// What happens once the cluster has accepted it.
    pub(super) leave: Act,
}

/// The dialog.
#[component]
pub(super) fn DeleteDialog(
    /// What is asked.
    question: Question,
) -> AnyView {
    let Question {
        actions,
        ask,
        namespace,
        leave,
    } = question;
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let with_volume = RwSignal::new(false);
    let live = use_live();
    // Volumes are only watched while the dialog is open.
    let asked = Signal::derive(move || if open.get() { namespace.get() } else { String::new() });
    let (notebooks, claims) = (held(asked, &live, Live::notebooks), held(asked, &live, Live::volumes));
    let volumes = Memo::new(move |_| {
        let (Some(notebooks), Some(claims), Some(name)) = (notebooks.get(), claims.get(), ask.get()) else {
            return Vec::new();
        };
        notebooks.with(|rows| {
            let notebook = rows.by_name(&namespace.get(), &name);
            claims.with(|claims| notebook.map(|n| volumes_of(n, rows, Some(claims))).unwrap_or_default())
        })
    });
    effect(move || {
        let name = ask.get();
        open.set(name.is_some());
        error.set(None);
        with_volume.set(false);
    });
    // Back and forward can lead to another namespace under the question.
    Effect::new(move |before: Option<String>| {
        let now = namespace.get();
        if before.is_some_and(|before| before != now) {
            ask.set(None);
        }
        now
    });
    effect(move || {
        // Setting it to what it is would wake the effect above, and that one this, for ever.
        if !open.get() && ask.with_untracked(Option::is_some) {
            ask.set(None);
        }
    });
    let confirm = move || {
        let Some(name) = ask.get_untracked() else { return };
        let namespace = namespace.get_untracked();
        let volume = with_volume
            .get_untracked()
            .then(|| volumes.with_untracked(|all| own_volume(all)))
            .flatten();
        busy.set(true);
        task_to_its_end(async move {
            let answer = kubernetes::delete(NOTEBOOKS, &namespace, &name, Propagation::Foreground).await;
            busy.try_set(false);
            if let Err(failure) = answer {
                error.try_set(Some(what_and_next(&failure)));
                return;
            }
            ask.try_set(None);
            open.try_set(false);
            actions.tell_deleting(&name);
            leave.run(());
            if let Some(volume) = volume
                && let Err(failure) = kubernetes::delete(PVCS, &namespace, &volume, Propagation::Background).await
            {
                actions.tell_volume_kept(&volume, &failure);
            }
        });
    };
    let title = Signal::derive(move || ["Delete notebook ", &ask.get().unwrap_or_default(), "?"].concat());
    let typed = Signal::derive(move || ask.get());
    view! {
        <ConfirmDialog
            open=open
            title=title
            verb="Delete notebook"
            typed=typed
            busy=busy
            error=error
            on_confirm=confirm
        >
            {consequences(volumes, with_volume, actions)}
        </ConfirmDialog>
    }
    .into_any()
}

/// The volume that only this notebook uses, if it is the only one it has.
fn own_volume(volumes: &[UsedVolume]) -> Option<String> {
    match volumes {
        [one] if one.shared_with.is_empty() => Some(one.name.clone()),
        _ => None,
    }
}

fn consequences(volumes: Memo<Vec<UsedVolume>>, with_volume: RwSignal<bool>, actions: Actions) -> AnyView {
    let lines = move || {
        volumes.with(|all| {
            all.iter()
                .map(|volume| {
                    let size = if volume.size.is_empty() {
                        String::new()
                    } else {
                        [", ", &volume.size].concat()
                    };
                    let shared = match volume.shared_with.as_slice() {
                        [] => String::new(),
                        names => [", also used by ", &names.join(", ")].concat(),
                    };
                    view! { <li><code>{volume.name.clone()}</code> {size} {shared}</li> }
                })
                .collect_view()
        })
    };
    let offer = move || {
        let volume = volumes.with(|all| own_volume(all))?;
        if actions.no_delete_volumes().with(Option::is_some) {
            return None;
        }
        Some(
            view! { <Checkbox label=["Delete the volume ", &volume, " and all files in it too"].concat() checked=with_volume /> },
        )
    };
    let has_volumes = move || volumes.with(|all| !all.is_empty());
    view! {
        <p>"Its server is stopped, and its pod, StatefulSet and Service go with it. What is not in a volume is lost."</p>
        <Show when=has_volumes>
            <p>"These volumes stay:"</p>
            <ul class="delete-volumes">{lines}</ul>
            {offer}
        </Show>
    }
    .into_any()
}
