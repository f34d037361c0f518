//! Runs a Kubeflow in one process: a Kubernetes API over an embedded database, and the controllers that bring it to life.

mod config;
mod error;
mod sandbox;

mod discovery;
mod openapi;
mod rbac;
mod refusal;
mod request;
mod reviews;
mod server;

mod admission;
mod decode;
mod defaults;
mod fields;
mod logs;
mod merging;
mod selectors;
mod table;
mod validation;
mod verbs;

mod bootstrap;
mod quantity;
mod registry;
mod schema;
mod store;

pub mod controllers;
pub mod seed;

pub use config::{Config, World};
pub use error::Error;
pub use logs::no_log;
pub use sandbox::Sandbox;
pub use server::faults::Faults;
pub use server::respond::{Answer, Body};
