//! Keeps a set of rows equal to a list on a Kubernetes API server: the list and watch state machine, without I/O or a clock.
