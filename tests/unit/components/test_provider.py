"""The provider of the stack's cluster."""

from components.provider import KubernetesProvider
from tests.support.recorder import record


def test_the_engine_knows_the_cluster_by_its_context_since_another_identifier_would_replace_a_running_mesh():
    """Clusters with equal names of their contexts are told apart by their UID, which `cluster.identity` compares."""
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert provider.props["clusterIdentifier"] == "default"
