"""The cluster and the stack of a mesh: moved states, foreign states, and contexts of the same name."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cluster.kubectl import get
from lab.cluster.names import KUBECONFIG
from tests.support import kubeconfigs
from tests.support.project import STACK, Project

ANOTHER = "0a1b2c3d-0000-4000-8000-000000000002"
"""A UID that no cluster has."""


def cluster_uid() -> str:
    return get("namespace", "kube-system")["metadata"]["uid"]


def marks() -> dict[str, tuple]:
    """Both namespaces and the releases' revisions: the same before and after, when nothing was touched."""
    namespaces = {name: get("namespace", name)["metadata"] for name in ("istio-system", "trading")}
    secrets = get("secrets", "--namespace=istio-system", "--selector=owner=helm")["items"]
    releases = tuple(sorted(secret["metadata"]["name"] for secret in secrets))
    marked = {name: (meta["uid"], meta["resourceVersion"], meta["annotations"]) for name, meta in namespaces.items()}
    return {**marked, "releases": releases}


@pytest.fixture
def elsewhere(mesh: Project, tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Yield `elsewhere(edit)`: the stack's name in another backend; `edit` derives its state from the mesh's."""
    known = mesh.holds

    def made(edit: Callable[[str], str] | None = None) -> Project:
        state = mesh.pulumi("stack", "export").must().output if edit else ""
        mesh.more["PULUMI_BACKEND_URL"] = f"file://{tmp_path}"
        mesh.run("pulumi", "stack", "select", STACK, "--create").must()
        if edit:
            file = tmp_path / "state.json"
            file.write_text(edit(state))
            mesh.pulumi("stack", "import", "--file", str(file)).must()
        return mesh

    yield made
    mesh.more.pop("PULUMI_BACKEND_URL", None)
    mesh.holds = known


def test_a_stack_of_the_same_name_from_another_backend_is_refused_and_touches_nothing(elsewhere):
    before = marks()
    refused = elsewhere().up()
    for name in ("istio-system", "trading"):
        assert "belongs to a stack pi-mesh/lab with another state" in refused.refused(f"namespace {name}:")
    assert "pulumi stack import" in refused.line_with("release istio-system/istiod: is installed, but not in the state")
    assert marks() == before


def test_a_state_that_moved_to_another_backend_goes_on(elsewhere):
    before = marks()
    moved = elsewhere(str)
    moved.must_be_unchanged()
    moved.operation("preflight").must()
    assert marks() == before


def test_a_state_of_another_cluster_is_refused_and_so_are_the_operations(elsewhere):
    before = marks()
    stale = elsewhere(lambda state: state.replace(cluster_uid(), ANOTHER))
    assert f"last applied to {ANOTHER}; nothing was touched" in stale.up().refused("leads to another cluster")
    for operation in (("preflight",), ("repair", "--yes")):
        assert stale.operation(*operation).status == 3
    # The refusal changes no state, and a rebuilt cluster can be named.
    assert stale.outputs()["cluster"]["uid"] == ANOTHER
    stale.set("cluster.uid", cluster_uid())
    rebuilt = stale.preview().must()
    assert "destroy-guard update" in rebuilt.output
    assert "1 to update" in rebuilt.line_with("to update")
    stale.reset()
    assert marks() == before


def test_of_two_kubeconfigs_with_equal_names_the_first_counts_as_for_kubectl(mesh, tmp_path, monkeypatch):
    other = kubeconfigs.edited(tmp_path / "other", server=kubeconfigs.NOWHERE)
    for files, status in ((f"{KUBECONFIG}:{other}", 0), (f"{other}:{KUBECONFIG}", 3)):
        monkeypatch.setitem(mesh.more, "KUBECONFIG", files)
        assert (mesh.run("kubectl", "get", "namespace", "trading").status == 0) == (status == 0)
        assert mesh.operation("preflight").status == status
