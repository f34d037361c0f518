//! Tests the gateway through real sockets, against a cluster that only writes down what it gets.
//!
//! Names that begin with `t` and a number are the cases of kubernetes-and-gateway.md §3.4. Identity
//! towards Kubernetes travels as impersonation, so "K sees exactly one value, alice" there means one
//! `Impersonate-User: alice@example.com` here and no trusted header of any spelling.

#![expect(clippy::unwrap_used, reason = "all of this is tests")]

mod behind;
mod browser;
mod caches;
mod check;
mod command;
mod files;
mod floods;
mod identity;
mod oidc;
mod operating;
mod protocol;
mod routing;
mod sign_in;
mod sockets;
mod streams;
mod support;
mod tls;
mod trusted;
