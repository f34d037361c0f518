//! Serves a sandbox until it is killed: `serve DATA [PORT] [empty|believable|bare|load:PODS:NOTEBOOKS:RATE]`.

use std::net::{Ipv4Addr, SocketAddr};

use flowdeck_sandbox::{Config, Sandbox, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut config = Config::new(args.next().ok_or("usage: serve DATA [PORT] [WORLD]")?);
    let port = args.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    config.faults = true;
    let world = args.next().unwrap_or_default();
    config.controllers = world != "bare";
    config.world = match world.split(':').collect::<Vec<_>>().as_slice() {
        ["believable"] => World::Believable,
        ["load", pods, notebooks, rate] => World::Load {
            pods: pods.parse()?,
            notebooks: notebooks.parse()?,
            rate_per_s: rate.parse()?,
        },
        _ => World::Empty,
    };
    let sandbox = Sandbox::start(config).await?;
    eprintln!("serving on http://{}", sandbox.address());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
