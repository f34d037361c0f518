//! Says where a sandbox keeps its data, where it listens and what world it starts with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What a sandbox is told before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the database file and the kubeconfig; made when missing.
    pub data: PathBuf,
    /// The loopback address to serve on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What is seeded when the database is new.
    pub world: World,
    /// Whether `POST /sandbox/faults` is answered: only for tests.
    pub faults: bool,
    /// Whether our controllers run. Tests of the bare API say no, as do runs with outside controllers.
    pub controllers: bool,
    /// How much faster than a real kubelet pods are pulled and started; 1.0 is life-like.
    pub speed: f64,
    /// How many changes of each resource are remembered for watches and consistent pages.
    pub history_changes: usize,
}

impl Config {
    /// A life-like sandbox over `data`, on any free loopback port.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            world: World::Believable,
            faults: false,
            controllers: true,
            speed: 1.0,
            history_changes: 16_384,
        }
    }
}

/// What a new sandbox is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// Three users, four namespaces, a dozen notebooks in every state.
    Believable,
    /// Only what a bare Kubernetes API server makes itself.
    Empty,
    /// A large, moving world for benchmarks.
    Load {
        /// Pods in all.
        pods: u32,
        /// Notebooks in all.
        notebooks: u32,
        /// Changes a second.
        rate_per_s: u32,
    },
}
