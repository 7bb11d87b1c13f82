"""A destroy while others use the mesh: it is refused with names, and has touched nothing."""

from collections.abc import Iterator

import pytest

from lab.cluster.kubectl import kubectl
from lab.workloads import apply
from tests.support import pods
from tests.support.objects import identities
from tests.support.project import Project

KINDS = "namespaces,deployments,services,pods,configmaps,secrets,peerauthentications,resourcequotas"


@pytest.fixture
def guarded(mesh: Project) -> Iterator[Project]:
    """Yield the shared mesh with the guard as it is by default; afterwards a destroy takes tests along again."""
    mesh.set("destroy.workloads", False)
    mesh.must_up()
    yield mesh
    mesh.must_hold_the_shipped_mesh()


def resources(project: Project) -> list[str]:
    state = project.state()
    assert not state.get("pending_operations")
    return [entry["urn"] for entry in state["resources"]]


@pytest.mark.row(43)
def test_the_workloads_of_others_are_named_and_nothing_is_touched(guarded, namespace, figure):
    elsewhere = namespace("shop", istio_injection="enabled")
    apply([pods.fortio("trading", "teller"), pods.pod(elsewhere, "till", pods.idle())])
    pods.wait_ready("trading", "teller")
    pods.wait_ready(elsewhere, "till")
    try:
        before = resources(guarded), identities(KINDS)
        refused = guarded.destroy()
        refused.refused("others still use this mesh; nothing was touched")
        assert "Pod teller" in refused.line_with("namespace trading: would be deleted with")
        assert f"{elsewhere}/till" in refused.line_with("would lose the istiod")
        assert (resources(guarded), identities(KINDS)) == before
        guarded.must_be_unchanged()
    finally:
        kubectl("delete", "pod", "teller", "--namespace=trading", "--wait=false")
    figure(refused.line_with("namespace trading: would be deleted with").strip())
