"""The cluster of a stack, where contexts have the same name."""

import pytest

from pi_mesh.cluster import identity
from pi_mesh.cluster.errors import WrongCluster
from pi_mesh.settings.cluster import ClusterSettings

OURS, THEIRS = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"


def settings(uid: str = "") -> ClusterSettings:
    return ClusterSettings(context="default", uid=uid)


@pytest.mark.parametrize(("recorded", "live"), [(OURS, OURS), ("", OURS), (OURS, "")])
def test_the_recorded_cluster_passes_and_so_does_what_can_not_be_compared(recorded, live):
    identity.require(settings(), recorded, live)


def test_another_cluster_than_the_recorded_one_is_refused_with_both_ways_out():
    with pytest.raises(WrongCluster) as refused:
        identity.require(settings(), OURS, THEIRS)
    line = str(refused.value)
    assert line.startswith("cluster.context 'default' leads to another cluster")
    assert "nothing was touched" in line
    assert f"only if that cluster was rebuilt, set cluster.uid: {THEIRS}" in line


def test_a_uid_in_the_settings_counts_before_the_recorded_one():
    identity.require(settings(THEIRS), OURS, THEIRS)
    with pytest.raises(WrongCluster, match=f"cluster.uid is {THEIRS}"):
        identity.require(settings(THEIRS), OURS, OURS)


def test_a_uid_that_is_none_is_refused_with_the_settings():
    with pytest.raises(ValueError, match="uid"):
        settings("the blue one")
