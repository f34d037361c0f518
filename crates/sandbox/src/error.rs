//! Names what can go wrong when a sandbox starts, by the step that failed.

use std::fmt;
use std::path::PathBuf;

/// Why a sandbox could not be started or stopped.
#[derive(Debug)]
pub enum Error {
    /// The data folder or a file in it cannot be written.
    Folder(PathBuf, std::io::Error),
    /// The database file cannot be opened: in use by another process, or damaged.
    Store(PathBuf, Box<dyn std::error::Error + Send + Sync>),
    /// The address is in use or not allowed.
    Listen(std::net::SocketAddr, std::io::Error),
    /// The address is reachable from outside: the sandbox serves loopback only.
    NotLoopback(std::net::SocketAddr),
    /// Its own certificate cannot be made.
    Certificate(Box<dyn std::error::Error + Send + Sync>),
    /// A client of its own API could not be made, or seeding failed.
    Seed(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path, why) => write!(f, "cannot write to {}: {why}", path.display()),
            Self::Store(path, why) => {
                write!(f, "cannot open the database {}: {why}", path.display())
            }
            Self::Listen(address, why) => write!(f, "cannot listen on {address}: {why}"),
            Self::NotLoopback(address) => {
                write!(f, "the sandbox serves loopback only, not {address}")
            }
            Self::Certificate(why) => write!(f, "cannot make a certificate: {why}"),
            Self::Seed(why) => write!(f, "cannot seed the sandbox: {why}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(_, why) | Self::Listen(_, why) => Some(why),
            Self::Store(_, why) | Self::Certificate(why) | Self::Seed(why) => Some(why.as_ref()),
            Self::NotLoopback(_) => None,
        }
    }
}
