//! Sends the objects of a form: both tried first, then made, the volume taken back when the notebook fails.

use flowdeck_view::form::{Field, Form, Manifest, Problem, Sent, place_causes};
use flowdeck_watch::resource::{NOTEBOOKS, PVCS, Resource};

use super::super::words::{sentence, what_and_next};
use crate::client::Error;
use crate::client::kubernetes::{self, DryRun, Propagation};

/// Creates what the form asks for. On failure nothing new is left, unless a problem says so.
pub(super) async fn send(namespace: &str, form: &Form, manifest: &Manifest) -> Result<(), Vec<Problem>> {
    let make = async |sent: Sent, resource: Resource, body: &str, dry: DryRun| {
        let answer = kubernetes::create(resource, namespace, body.to_owned(), dry).await;
        answer.map(drop).map_err(|error| (sent, error))
    };
    let problems = |(sent, error): (Sent, Error)| problems_of(sent, &error, form);
    if let Some((_, claim)) = &manifest.claim {
        make(Sent::Claim, PVCS, claim, DryRun::Yes).await.map_err(problems)?;
    }
    make(Sent::Notebook, NOTEBOOKS, &manifest.notebook, DryRun::Yes)
        .await
        .map_err(problems)?;
    if let Some((_, claim)) = &manifest.claim {
        make(Sent::Claim, PVCS, claim, DryRun::No).await.map_err(problems)?;
    }
    let Err((sent, error)) = make(Sent::Notebook, NOTEBOOKS, &manifest.notebook, DryRun::No).await else {
        return Ok(());
    };
    // Without an answer nobody knows whether it was made: look before the volume is taken back.
    let name = form.name.trim();
    if matches!(
        error,
        Error::Unreachable { .. } | Error::Unreadable { .. } | Error::Server { .. }
    ) {
        match kubernetes::get(NOTEBOOKS, namespace, name).await {
            Ok(_) => return Ok(()),
            Err(Error::NotFound { .. }) => {}
            Err(_) => return Err(with_kept(problems_of(sent, &error, form), manifest)),
        }
    }
    let mut out = problems_of(sent, &error, form);
    if let Some((claim, _)) = &manifest.claim
        && kubernetes::delete(PVCS, namespace, claim, Propagation::Background)
            .await
            .is_err()
    {
        out = with_kept(out, manifest);
    }
    Err(out)
}

fn with_kept(mut problems: Vec<Problem>, manifest: &Manifest) -> Vec<Problem> {
    if let Some((claim, _)) = &manifest.claim {
        let message = ["The volume ", claim, " was made and is still there."].concat();
        problems.push(Problem {
            field: Field::Whole,
            message,
        });
    }
    problems
}

fn problems_of(sent: Sent, error: &Error, form: &Form) -> Vec<Problem> {
    match error {
        Error::Conflict { message } => {
            let message = if message.contains("already exists") {
                "This name is taken; choose another".to_owned()
            } else {
                message.clone()
            };
            vec![Problem {
                field: sent.name_field(),
                message,
            }]
        }
        Error::Invalid { message, causes } => {
            let causes: Vec<(String, String)> = causes
                .iter()
                .map(|cause| (cause.field.clone(), cause.message.clone()))
                .collect();
            place_causes(sent, &causes, message, form)
        }
        Error::Forbidden { message } if message.contains("exceeded quota") => place_causes(sent, &[], message, form),
        error => vec![Problem {
            field: Field::Whole,
            message: sentence(&what_and_next(error)),
        }],
    }
}
