//! Signs people in and forwards their requests to the cluster as them.

pub mod cli;
pub mod config;
pub mod forward;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod network;
pub mod outside_headers;
pub mod page;
pub mod rejection;
pub mod request_line;
pub mod routes;
pub mod security_headers;
pub mod server;
pub mod sign_in;
pub mod start;
pub mod tls;
pub mod user_command;
