//! Runs a Kubeflow in one process: a Kubernetes API over an embedded database, and the controllers that bring it to life.

mod config;
mod error;
mod sandbox;

pub mod controllers;
pub mod seed;

pub use config::{Config, World};
pub use error::Error;
pub use sandbox::Sandbox;
