//! A real Kubernetes without containers, built from published modules, for tests.
