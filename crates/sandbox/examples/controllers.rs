//! Runs the sandbox's controllers against any API server, by its kubeconfig: `KUBECONFIG=… cargo run -p flowdeck-sandbox --example controllers -- [all|kubeflow] [speed] [seed]`.

use flowdeck_sandbox::controllers::{self, Options, Part};
use flowdeck_sandbox::seed;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let client = kube::Client::try_default().await?;
    let parts = if words.iter().any(|word| word == "kubeflow") {
        Part::KUBEFLOW.into()
    } else {
        Part::ALL.into()
    };
    let options = Options {
        parts,
        speed: words.iter().find_map(|word| word.parse().ok()).unwrap_or(1.0),
        ..Options::default()
    };
    if words.iter().any(|word| word == "seed") {
        seed::believable(client.clone()).await?;
    }
    let stop = CancellationToken::new();
    let ended = stop.clone();
    let running = tokio::spawn(controllers::run(client, options, stop));
    tokio::signal::ctrl_c().await?;
    ended.cancel();
    running.await?;
    Ok(())
}
