"""Simulated nodes beside the real ones."""

from lab.cluster import simulated
from lab.cluster.simulated import SimulatedNode


def test_a_simulated_node_is_by_default_a_pi_that_no_pod_lands_on_unasked():
    manifest = simulated._manifest(SimulatedNode("sim"))
    assert manifest["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
    assert manifest["spec"]["taints"][0]["effect"] == "NoSchedule"
