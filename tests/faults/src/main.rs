//! `flowdeck-faults sandbox|real --seconds N --seed S`: rounds of faults until the time is up; prints what happened.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use flowdeck_faults::failure::Result;
use flowdeck_faults::run::{Options, run};
use flowdeck_faults::world::World;

/// Drives the watch machine through faults.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server.
    server: Server,
    /// How long rounds are begun.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// What is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long the faults of a round go on, in seconds.
    #[arg(long, default_value_t = 10)]
    faults: u64,
    /// How fast the machines' clocks run.
    #[arg(long, default_value_t = 10.0)]
    speed: f64,
    /// Run the real API server without its watch cache, so that what is compacted is forgotten at once.
    #[arg(long)]
    no_watch_cache: bool,
    /// Writes a second.
    #[arg(long, default_value_t = 60)]
    rate: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Server {
    /// The sandbox, in this process.
    Sandbox,
    /// A real API server with etcd, built and started here.
    Real,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
async fn main() -> ExitCode {
    match start(Arguments::parse()).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: Arguments) -> Result<String> {
    let mut world = match arguments.server {
        Server::Sandbox => World::sandbox().await?,
        Server::Real => World::real(!arguments.no_watch_cache).await?,
    };
    let options = Options {
        seed: arguments.seed,
        time: Duration::from_secs(arguments.seconds),
        faults: Duration::from_secs(arguments.faults),
        speed: arguments.speed,
        rate: arguments.rate,
        restarts: true,
    };
    let outcome = run(&mut world, options).await;
    world.stop().await;
    Ok(outcome?.report)
}
