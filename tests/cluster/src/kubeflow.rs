//! Makes the cluster a Kubeflow: its kinds, our controllers as ordinary clients, a seed.

use std::path::{Path, PathBuf};

use flowdeck_sandbox::controllers::{self, Part};
use kube::api::DynamicObject;
use serde_json::Value;

use crate::background::Background;
use crate::cluster::client;
use crate::definitions;
use crate::error::{Error, Result};
use crate::tools::{self, Tool};

/// What the real control plane lacks: Kubeflow's own controllers, and somebody who makes the seed's volumes.
const PARTS: [Part; 4] = [Part::Notebooks, Part::Profiles, Part::Activity, Part::Volumes];

/// Reads every definition: ours, and those of the modules that we build.
pub(crate) fn kinds() -> Result<Vec<DynamicObject>> {
    let root = tools::package().join("../..");
    let ours = [
        root.join("crates/sandbox/crds"),
        root.join("deploy/crds-for-tests/kubeflow"),
    ];
    let of_modules = [
        Tool::TrainingOperator.file("manifests/base/crds")?,
        Tool::Trainer.file("manifests/base/crds")?,
        Tool::JobSet.file("config/components/crd/bases")?,
    ];
    let mut kinds = read(&of_modules)?;
    for kind in &mut kinds {
        forget_descriptions(&mut kind.data);
    }
    kinds.extend(read(&ours)?);
    Ok(kinds)
}

fn read(folders: &[PathBuf]) -> Result<Vec<DynamicObject>> {
    let mut manifests = Vec::new();
    for folder in folders {
        manifests.extend(definitions::folder(folder)?);
    }
    definitions::read(&manifests)
}

/// Takes the prose out of schemas: nine tenths of the largest, which the server would read, merge and print again.
fn forget_descriptions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !(name == "description" && value.is_string()));
            fields.values_mut().for_each(forget_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_descriptions),
        _ => {}
    }
}

/// Runs our controllers against the API server until what it returns is dropped.
pub(crate) fn control(kubeconfig: &Path) -> Result<Background> {
    let kubeconfig = kubeconfig.to_owned();
    Background::start("kubeflow-controllers", async move |stop| {
        let options = controllers::Options {
            parts: PARTS.into(),
            ..controllers::Options::default()
        };
        match client(&kubeconfig).await {
            Ok(client) => controllers::run(client, options, stop).await,
            Err(why) => eprintln!("cluster: the controllers do not run: {why}"),
        }
    })
}

/// Fills the cluster with the sandbox's world.
pub(crate) async fn seed(client: kube::Client) -> Result<()> {
    flowdeck_sandbox::seed::believable(client)
        .await
        .map_err(|why| Error::of("the seed", why))
}
