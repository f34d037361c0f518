//! Builds and starts real clusters from the command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use flowdeck_cluster::tools::{self, Tool};
use flowdeck_cluster::{Cluster, Error, Gateway, Options, world};
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "flowdeck-cluster builds and starts a real Kubernetes without containers.

  flowdeck-cluster build [TOOL …]   build what is missing (all of it, or those tools)
  flowdeck-cluster where TOOL NAME  say where a tool's program is
  flowdeck-cluster up [GATEWAY APP] start a cluster with Kubeflow's kinds, our controllers and the sandbox's world, and
                                    in front of it the gateway's program GATEWAY with the page in the folder APP;
                                    without them, say which kubeconfig a gateway in front of it gets;
                                    Ctrl-C ends all of it
  flowdeck-cluster world --front ADDRESS --folder DIR
                                    a seeded cluster for one browser test's gateway, until stdin closes
";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["build", names @ ..] => build(names),
        ["where", tool, program] => say_where(tool, program),
        ["up"] => up(None).await,
        ["up", gateway, app] => up(Some((Path::new(gateway), Path::new(app)))).await,
        ["world", "--front", address, "--folder", folder] => world::run(address, Path::new(folder)).await,
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

#[expect(clippy::print_stdout, reason = "the path is what the command is for")]
fn say_where(tool: &str, program: &str) -> Result<(), Error> {
    for tool in Tool::named(&[tool])? {
        println!("{}", tool.program(program)?.display());
    }
    Ok(())
}

fn build(names: &[&str]) -> Result<(), Error> {
    tools::build(&Tool::named(names)?)
}

async fn up(page: Option<(&Path, &Path)>) -> Result<(), Error> {
    tools::build(&Tool::KUBEFLOW)?;
    // Asked for before anything runs: Ctrl-C while it starts must leave nothing behind either.
    let mut asked = Box::pin(asked_to_stop());
    eprintln!("cluster: starting (usually 10 s; 25 s on a busy machine)");
    let began = Instant::now();
    let started = tokio::select! {
        started = start(page) => Some(started?),
        () = &mut asked => None,
    };
    if let Some((cluster, front)) = started {
        eprintln!("cluster: ready after {:.1} s", began.elapsed().as_secs_f32());
        eprintln!("cluster: export KUBECONFIG={}", cluster.admin_kubeconfig().display());
        match front {
            Front::Gateway(page) => {
                eprintln!("cluster: Flowdeck is at {}", page.url);
                for (user, link) in &page.links {
                    eprintln!("cluster: sign in as {user}: {link}");
                }
            }
            Front::Kubeconfig(file) => eprintln!("cluster: a gateway's kubeconfig is {}", file.display()),
        }
        eprintln!("cluster: Ctrl-C ends all of it");
        asked.await;
    }
    eprintln!("cluster: stopping");
    Ok(())
}

/// What stands before the cluster, or what somebody needs who puts it there.
enum Front {
    Gateway(Gateway),
    Kubeconfig(PathBuf),
}

async fn start(page: Option<(&Path, &Path)>) -> Result<(Cluster, Front), Error> {
    let options = Options {
        kubeflow: true,
        seed: true,
        training_operator: true,
        ..Options::default()
    };
    let cluster = Cluster::start(options).await?;
    let front = match page {
        Some((gateway, app)) => Front::Gateway(cluster.start_gateway(gateway, app).await?),
        None => Front::Kubeconfig(cluster.gateway_kubeconfig().await?),
    };
    Ok((cluster, front))
}

async fn asked_to_stop() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
