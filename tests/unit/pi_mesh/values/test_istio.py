"""The Helm values of istiod's chart beside extra values; tests/support/recorded_meshes.py has them of the settings."""

from typing import Any

from pi_mesh.inventory import Kind
from tests.support.factories import make_mesh
from tests.support.findings import table

RETRIES, SPREAD = "meshConfig.defaultHttpRetryPolicy", "pilot.topologySpreadConstraints"
HELD = {"defaultConfig": {"holdApplicationUntilProxyStarts": False}}


@table(
    ({"topologySpreadConstraints": []}, SPREAD, None),
    ({"topologySpreadConstraints": []}, "topologySpreadConstraints", []),
    ({"pilot": {"topologySpreadConstraints": []}}, SPREAD, []),
    ({"meshConfig": {"defaultHttpRetryPolicy": {"attempts": 0}}}, RETRIES, {"attempts": 0}),
    ({"meshConfig": HELD}, "meshConfig.defaultConfig.holdApplicationUntilProxyStarts", False),
)
def test_an_extra_value_takes_the_place_of_a_default(extra, path, value):
    tree: Any = make_mesh(istio={"pilotReplicas": 2, "values": extra}).the(Kind.ISTIOD).values
    *branches, key = path.split(".")
    for branch in branches:
        tree = tree[branch]
    assert tree.get(key) == value
