//! Builds and starts real clusters from the command line.

use std::process::ExitCode;

use flowdeck_cluster::tools::{self, Tool};
use flowdeck_cluster::{Cluster, Error, Options};

const HELP: &str = "flowdeck-cluster builds and starts a real Kubernetes without containers.

  flowdeck-cluster build [TOOL …]   build what is missing (all of it, or those tools)
  flowdeck-cluster up               start a cluster and stop it on Ctrl-C
";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["build", names @ ..] => build(names),
        ["up"] => up().await,
        _ => {
            eprintln!("{HELP}");
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("flowdeck-cluster: {why}");
            ExitCode::FAILURE
        }
    }
}

fn build(names: &[&str]) -> Result<(), Error> {
    let chosen: Vec<Tool> = Tool::ALL
        .into_iter()
        .filter(|tool| names.is_empty() || names.contains(&tool.name()))
        .collect();
    tools::build(&chosen)
}

async fn up() -> Result<(), Error> {
    tools::build(&Tool::CLUSTER)?;
    let began = std::time::Instant::now();
    let cluster = Cluster::start(Options::default()).await?;
    eprintln!("cluster: ready after {:.1} s", began.elapsed().as_secs_f32());
    eprintln!("cluster: export KUBECONFIG={}", cluster.admin_kubeconfig().display());
    tokio::signal::ctrl_c().await.ok();
    eprintln!("cluster: stopping");
    Ok(())
}
