//! One table of cases, asked of the sandbox and of a real Kubernetes.
//!
//! A case is data (`cases/<area>.yaml`, its language is [`case`]). What is expected is what the real server does;
//! where the sandbox differs is said, with a reason, in `known-differences.toml`, and nowhere else.

pub mod case;
pub mod differences;
pub mod matching;
pub mod report;
pub mod run;
pub mod script;
pub mod send;
pub mod server;
pub mod variables;
pub mod watching;

/// What the runner itself can stumble over, as a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
