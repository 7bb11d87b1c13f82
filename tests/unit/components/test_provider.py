"""The provider of the stack's cluster."""

from components.provider import KubernetesProvider
from tests.support import awaited
from tests.support.recorder import record


@awaited.truth("M10 a cluster is known by its context's name alone, and k3s calls every context `default`")
def test_the_engine_tells_clusters_apart_by_more_than_the_name_of_a_context():
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert provider.props["clusterIdentifier"] != "default"
