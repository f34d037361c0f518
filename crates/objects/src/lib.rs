//! Says what Kubernetes and Kubeflow objects mean: slim typed views, quantities, times and phases.
