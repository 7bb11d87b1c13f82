"""The addons' real charts: the API server's own check of each object, and nothing more.

The charts come from the internet: without them in the folder that PI_MESH_CHARTS names, these tests are skipped. Their
images are not on the local cluster, so nothing of them runs.
"""

import json

import pytest

from lab.cluster.kubectl import kubectl
from pi_mesh import addons
from tests.support import charts
from tests.support.factories import make_mesh

ALL = make_mesh(observability={name: {"enabled": True} for name in addons.ALL})


@pytest.mark.usefixtures("mesh")
@pytest.mark.parametrize("name", sorted(addons.ALL))
def test_the_api_server_accepts_every_object_with_no_field_that_it_does_not_know(name, figure):
    (release,) = (one for one in ALL.releases if one.setting == f"observability.{name}")
    if not charts.has(release):
        pytest.skip(f"{release.chart} {release.version} is not in the folder of the charts")
    objects = charts.render(release, ALL.settings.istio.version)
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    check = ("apply", "--dry-run=server", "--validate=strict", "--namespace=istio-system", "-f", "-")
    said = kubectl(*check, stdin=items).splitlines()
    assert len(said) == len(objects)
    assert all(line.endswith(("created (server dry run)", "configured (server dry run)")) for line in said)
    figure(f"{release.chart} {release.version}: {len(objects)} objects")
