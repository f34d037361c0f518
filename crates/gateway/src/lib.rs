//! Signs people in and forwards their requests to the cluster as them.
