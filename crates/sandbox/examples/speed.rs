//! Measures a sandbox over HTTP: patches a second by 64 writers, and a list of many pods in pages of 500. `speed [PODS]`.

use std::time::Instant;

use flowdeck_sandbox::{Config, Sandbox, World};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams};

const WRITERS: u32 = 64;
const PATCHES_PER_WRITER: u32 = 150;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pods: u32 = std::env::args()
        .nth(1)
        .and_then(|pods| pods.parse().ok())
        .unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    let mut config = Config::new(folder.path());
    config.world = World::Empty;
    config.controllers = false;
    let sandbox = Sandbox::start(config).await?;
    let client = sandbox.client()?;
    let api: Api<Pod> = Api::namespaced(client.clone(), "default");
    let started = Instant::now();
    let makers = (0..WRITERS).map(|maker| make(api.clone(), maker, pods));
    futures::future::try_join_all(makers).await?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "create: {pods} pods in {seconds:.2} s, {:.0}/s",
        f64::from(pods) / seconds
    );
    let started = Instant::now();
    let writers = (0..WRITERS).map(|writer| change(api.clone(), writer, pods));
    futures::future::try_join_all(writers).await?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "patch: {:.0}/s acknowledged on disk",
        f64::from(WRITERS * PATCHES_PER_WRITER) / seconds
    );
    let started = Instant::now();
    let (mut token, mut bytes, mut pages) = (None::<String>, 0, 0);
    loop {
        let mut uri = "/api/v1/pods?limit=500".to_owned();
        if let Some(token) = &token {
            uri = format!("{uri}&continue={token}");
        }
        let text = client.request_text(http::Request::get(uri).body(Vec::new())?).await?;
        bytes += text.len();
        pages += 1;
        let start = text.find("\"continue\":\"").map(|at| at + 12).filter(|at| *at < 300);
        token = start.and_then(|at| text[at..].split('"').next().map(str::to_owned));
        if token.is_none() {
            break;
        }
    }
    eprintln!(
        "list: {pages} pages, {bytes} bytes in {:.0} ms",
        started.elapsed().as_secs_f64() * 1000.0
    );
    let one = api.list(&ListParams::default().limit(1)).await?;
    eprintln!("remaining after one: {:?}", one.metadata.remaining_item_count);
    sandbox.stop().await;
    Ok(())
}

async fn make(api: Api<Pod>, maker: u32, pods: u32) -> Result<(), Box<dyn std::error::Error>> {
    for number in (maker..pods).step_by(WRITERS as usize) {
        let pod = serde_json::json!({"metadata": {"name": format!("p{number}"), "labels": {"app": "load"}}, "spec": {"containers": [{
            "name": "c", "image": "jupyter", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]}});
        api.create(&PostParams::default(), &serde_json::from_value(pod)?)
            .await?;
    }
    Ok(())
}

async fn change(api: Api<Pod>, writer: u32, pods: u32) -> Result<(), kube::Error> {
    for number in 0..PATCHES_PER_WRITER {
        let change = serde_json::json!({"status": {"message": format!("{writer} {number}")}});
        let name = format!("p{}", (writer + number * WRITERS) % pods);
        api.patch_status(&name, &PatchParams::default(), &Patch::Merge(change))
            .await?;
    }
    Ok(())
}
