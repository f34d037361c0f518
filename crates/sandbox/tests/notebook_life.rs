//! Judges our controllers by the real ones: takes them through the recorded steps and compares objects and events.
//!
//! The recording is `tests/fixtures/notebook-life`. What differs is listed with a reason in
//! `notebook_life/differences.txt`; the test fails on a difference that is not listed, and on a listed one
//! that is none any more. `JUDGE_KUBECONFIG` points it at another API server without controllers of its own
//! (a bare kube-apiserver 1.36 with our CRDs): the controllers run the same there.

#[path = "notebook_life/compare.rs"]
mod compare;
#[path = "notebook_life/record.rs"]
mod record;
#[path = "notebook_life/steps.rs"]
mod steps;

use std::path::Path;

use flowdeck_sandbox::controllers::{self, Options, Part};
use flowdeck_sandbox::{Config, Sandbox, World};
use tokio_util::sync::CancellationToken;

async fn cluster(folder: &Path) -> (Option<Sandbox>, kube::Client) {
    if let Ok(path) = std::env::var("JUDGE_KUBECONFIG") {
        let config = kube::config::Kubeconfig::read_from(path).expect("a kubeconfig");
        let config = kube::Config::from_custom_kubeconfig(config, &kube::config::KubeConfigOptions::default())
            .await
            .expect("a configuration");
        return (None, kube::Client::try_from(config).expect("a client"));
    }
    let mut config = Config::new(folder);
    config.world = World::Empty;
    config.controllers = false;
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let client = sandbox.client().expect("a client");
    (Some(sandbox), client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_steps_give_the_recorded_objects_and_events() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, client) = cluster(folder.path()).await;
    let stop = CancellationToken::new();
    let mut parts: std::collections::BTreeSet<Part> = Part::ALL.into();
    // The recorded cluster had culling off: nobody wrote activity.
    parts.remove(&Part::Activity);
    let options = Options {
        speed: 20.0,
        // The recorded controller ran with ADD_FSGROUP=false.
        add_fs_group: false,
        parts,
    };
    steps::prepare(&client).await;
    let recorder = record::Recorder::start(&client, steps::NAMESPACE).await;
    let running = tokio::spawn(controllers::run(client.clone(), options, stop.clone()));
    steps::run(&client).await;
    let ours = recorder.finish().await;
    stop.cancel();
    running.await.expect("controllers end when told to");
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }

    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/notebook-life");
    let theirs = record::read(&fixtures);
    let differences = compare::differences(&theirs, &ours);
    if let Ok(path) = std::env::var("JUDGE_DIFFERENCES") {
        std::fs::write(path, differences.join("\n")).expect("a file");
    }
    let listed = include_str!("notebook_life/differences.txt");
    let verdict = compare::against_list(&differences, listed);
    assert!(verdict.is_empty(), "\n{}\n", verdict.join("\n"));
}
