//! One table of cases, asked of the sandbox and of a real Kubernetes.
