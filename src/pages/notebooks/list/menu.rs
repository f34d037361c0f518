//! Gives the lines of a row's menu.

use flowdeck_objects::Phase;
use leptos::prelude::*;

use super::super::actions::Actions;
use super::super::words::connect_url;
use crate::widgets::icon::Icon;
use crate::widgets::menu::MenuItem;

/// What can be done to one notebook.
pub(super) fn lines(
    actions: Actions,
    namespace: &str,
    name: &str,
    phase: Phase,
    can_connect: bool,
    image: String,
    ask_delete: RwSignal<Option<String>>,
) -> Vec<MenuItem> {
    let mut out = Vec::new();
    if can_connect {
        let mut connect = MenuItem::new("Connect", Icon::Leave, || {});
        connect.href = Some(connect_url(namespace, name));
        out.push(connect);
    }
    let (no_patch, no_delete) = (actions.no_patch().get_untracked(), actions.no_delete().get_untracked());
    let (own, leaving) = (
        name.to_owned(),
        (phase == Phase::Deleting).then(|| "It is being deleted".to_owned()),
    );
    let switch = if matches!(phase, Phase::Stopped | Phase::Stopping) {
        MenuItem::new("Start notebook", Icon::Start, move || {
            actions.set_stopped(own.clone(), false)
        })
    } else {
        MenuItem::new("Stop notebook", Icon::Stop, move || {
            actions.set_stopped(own.clone(), true)
        })
    };
    out.push(switch.blocked(leaving.clone().or(no_patch)));
    let own = name.to_owned();
    out.push(MenuItem::new("Copy name", Icon::Copy, move || {
        actions.copy("Name", own.clone())
    }));
    out.push(MenuItem::new("Copy image", Icon::Copy, move || {
        actions.copy("Image", image.clone())
    }));
    let own = name.to_owned();
    let delete = MenuItem::new("Delete notebook…", Icon::Delete, move || {
        ask_delete.set(Some(own.clone()))
    });
    out.push(delete.danger().blocked(leaving.or(no_delete)));
    out
}
