"""Measurements: the program side by side with helm and istioctl, the mesh's footprint, its latency."""
