//! Runs a Kubeflow in one process: a Kubernetes API over an embedded database, and the controllers that bring it to life.
