"""Helm values of the observability charts."""
