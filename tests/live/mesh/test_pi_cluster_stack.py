"""The shipped stack pi-cluster, with nothing replaced but what belongs to its cluster, and its Istio version.

The lab has no control plane of that version: what is seen here is the lab's own under the stack's other settings.
"""

import pytest
import yaml

from lab.cluster.kubectl import get
from lab.cluster.names import CHECKOUT
from tests.support.project import STACK_FILE, Project

REPLACED = {"cluster": ("context", "architecture"), "charts": ("source",), "istio": ("version", "values")}


@pytest.fixture
def pi_cluster(nothing: Project) -> Project:
    """Return the stack lab, not installed, with the settings of pi-cluster."""
    shipped = yaml.safe_load((CHECKOUT / "Pulumi.pi-cluster.yaml").read_text())
    ours = yaml.safe_load((CHECKOUT / STACK_FILE).read_text())
    for section, keys in REPLACED.items():
        for key in keys:
            shipped["config"][f"pi-mesh:{section}"][key] = ours["config"][f"pi-mesh:{section}"][key]
    (nothing.folder / STACK_FILE).write_text(yaml.safe_dump({**ours, **shipped}))
    return nothing


def test_it_comes_up_on_the_local_cluster(pi_cluster):
    pi_cluster.must_up()
    deployments = get("deployments", "--namespace=istio-system")["items"]
    ready = {one["metadata"]["name"]: one["status"].get("readyReplicas") for one in deployments}
    assert ready == {"istiod": 1, "istio-ingressgateway": 1, "istio-egressgateway": 1}
    pi_cluster.preview("--expect-no-changes").must()
