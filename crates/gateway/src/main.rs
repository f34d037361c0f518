//! Starts the gateway from the command line.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use flowdeck_gateway::{
    cli::{Cli, Command},
    config::{Cluster, Config},
    log::{Format, Log},
    start::{self, Started},
    user_command,
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("flowdeck-gateway: {error}\n"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(Command::User(command)) = &cli.command {
        say(&user_command::run(command)?);
        return Ok(());
    }
    let settings = match &cli.config {
        Some(file) => cli.settings.or(Config::read_file(file)?),
        None => cli.settings,
    };
    let config = Config::check(settings)?;
    let log = Log::stderr(config.log_format);
    follow_libraries(config.log_format.settled());
    flowdeck_gateway::limits::raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = start::start(config, log).await?;
        say(&greeting(&started));
        until_told_to_stop().await?;
        say("Stopping.\n");
        started.stop().await;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    Ok(())
}

/// What a person needs to know: where the page is, where requests go, how to get in.
fn greeting(started: &Started) -> String {
    let config = &started.running.gateway.config;
    let mut text = format!("Flowdeck is at {}\n", config.page_url());
    match (&config.cluster, &started.sandbox) {
        (Cluster::Sandbox(sandbox), Some(running)) => {
            text.push_str(&format!(
                "Its cluster is a sandbox inside this process, kept in {} (its API: http://{}).\n",
                sandbox.data.display(),
                running.address()
            ));
        }
        _ => text.push_str(&format!(
            "Requests go to the cluster {:?} as the signed-in user.\n",
            config.cluster_name
        )),
    }
    if let Some(address) = started.running.metrics_address {
        text.push_str(&format!("Metrics are at http://{address}/metrics\n"));
    }
    for (user, link) in &started.links {
        text.push_str(&format!("Sign in as {user}: {link}\n"));
    }
    text
}

async fn until_told_to_stop() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Warnings of our own and of libraries go to stderr in the same format as request lines.
fn follow_libraries(format: Format) {
    let filter = EnvFilter::try_from_env("FLOWDECK_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,flowdeck_gateway=info,flowdeck_sandbox=info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if format == Format::Human {
        lines.with_target(false).compact().init();
    } else {
        lines.json().flatten_event(true).init();
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads: serve all the same.
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

fn say_error(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).ok();
}
