"""Pure functions from settings to Helm values and Kubernetes objects."""
