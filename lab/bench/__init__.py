"""Measurements: this program beside helm and istioctl, and the latency that the mesh adds."""

from lab.toolchain.istio_parts import ISTIO

MEASURED = f"Measured with Istio {ISTIO}: the lab has no binaries of 1.20.3, which `Pulumi.pi-cluster.yaml` pins."
"""A line for each page whose figures readers may take for those of the version that they run."""
