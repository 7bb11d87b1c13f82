"""The recognition of a stack's own mesh."""

import pytest

from pi_mesh.checks import ownership
from pi_mesh.cluster.objects import Deployment
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot

ISTIOD = "istio-system/istiod"


@pytest.mark.parametrize(
    ("name", "release", "installed"),
    [("istiod", ISTIOD, True), ("istiod", "istio-system/other", False), ("other", ISTIOD, False)],
)
def test_a_mesh_is_installed_where_its_own_release_has_an_istiod(name, release, installed):
    deployment = Deployment("istio-system", name, {}, release)
    assert ownership.is_installed(make_mesh(), make_snapshot(deployments=(deployment,))) is installed
