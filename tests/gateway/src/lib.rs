//! Starts the Envoy of `deploy/` in front of a gateway that is under test.
//!
//! What runs is `deploy/overlays/envoy/envoy.yaml` itself: only its addresses and certificate are put in, each of them
//! exactly where the file has one, so that the file that people deploy is the one that is tested.

pub mod cases;
mod certificate;
mod envoy;
mod settings;

pub use certificate::Certificate;
pub use envoy::{Envoy, Places, path};
