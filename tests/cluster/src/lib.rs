//! A real Kubernetes without containers, built from published modules, for tests.
//!
//! ```no_run
//! # async fn example() -> Result<(), flowdeck_cluster::Error> {
//! use flowdeck_cluster::{Cluster, Options};
//!
//! let cluster = Cluster::start(Options::default()).await?;
//! let admin = cluster.client().await?; // a kube::Client with all rights
//! let alice = cluster.kubeconfig("alice@example.com", &["ml"])?; // a file, with a certificate signed for her
//! let (url, ca, token) = (cluster.url(), cluster.ca_pem(), cluster.admin_token());
//! cluster.compact_etcd().await?; // what is older answers 410 from etcd
//! cluster.restart_api_server().await?; // streams end, same port, same data
//! # Ok(()) }
//! ```
//!
//! Dropping the cluster ends its processes and removes its folder; so does the end of the process that started it,
//! however it ends. Several run side by side. What they are made of is built once a machine:
//! `cargo run -p flowdeck-cluster -- build`.

mod background;
mod cluster;
mod definitions;
mod error;
mod etcd;
mod front;
mod gateway;
mod kubeconfig;
mod kubeflow;
mod kubelet;
mod logs;
mod nodes;
mod pki;
mod ports;
mod probe;
mod processes;
mod rights;
pub mod tools;
mod training;
pub mod world;

pub use cluster::{Cluster, Options};
pub use error::{Error, Result};
pub use gateway::Gateway;
pub use pki::Identity;
