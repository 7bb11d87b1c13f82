"""The provider of the stack's cluster."""

import pytest

from components import provider as module
from components.provider import KubernetesProvider
from tests.support.recorder import record


def test_the_engine_knows_the_cluster_by_its_context_since_another_identifier_would_replace_a_running_mesh():
    # Clusters with equal names of their contexts are told apart by their UID, which `cluster.identity` compares.
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert provider.props["clusterIdentifier"] == "default"


@pytest.mark.parametrize(
    ("package", "told"),
    [("4.25.0", None), ("4.28.0", None), ("4.29.0", "true"), ("4.34.2", "true"), ("5.0.0", "true")],
)
def test_from_4_29_on_it_is_told_to_create_over_existing_objects_so_that_adopt_true_goes_on_working(
    package, told, monkeypatch
):
    monkeypatch.setattr(module, "version", lambda _: package)
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert provider.props.get("upsertExistingObjects") == told


def test_with_the_pinned_version_a_running_stacks_provider_stays_as_it_is():
    provider = record(lambda: KubernetesProvider("cluster", "default") and None).one("cluster")
    assert set(provider.props) == {"context", "clusterIdentifier", "enableSecretMutable", "enableConfigMapMutable"}
