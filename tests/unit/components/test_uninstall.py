"""The resource whose deletion cleans up after a destroy."""

import base64
import json
from contextlib import nullcontext
from pathlib import Path

import dill
import pytest

import components.uninstall
from components.uninstall import UninstallProvider, inputs
from pi_mesh import uninstall
from pi_mesh.cluster import identity
from pi_mesh.cluster.errors import WrongCluster
from tests.support.factories import make_mesh
from tests.support.findings import case, table

STATE = Path(__file__).parents[2] / "support/states/leftovers-8ce0a51.json"
"""The resource as the program of commit 8ce0a51 left it in a state."""
CLEANED = ["root certificates", "CRDs of istio-system/istio-base"]


@pytest.fixture
def recorded() -> dict:
    return json.loads(STATE.read_text())["outputs"]


@pytest.fixture
def removed(monkeypatch) -> list[str]:
    """Return the list of cleaned-up objects of a deletion."""
    seen: list[str] = []
    monkeypatch.setattr(components.uninstall, "Client", lambda context: nullcontext(context))
    monkeypatch.setattr(uninstall, "root_certificates", lambda _client: seen.append("root certificates"))
    monkeypatch.setattr(uninstall, "crds", lambda _client, owner: seen.append(f"CRDs of {owner}"))
    return seen


def test_a_state_of_version_0_1_0_needs_an_up_before_its_destroy(recorded):
    with pytest.raises(ModuleNotFoundError, match="leftovers"):
        dill.loads(base64.b64decode(recorded["__provider"]))


def test_a_state_of_this_version_loads_its_code():
    assert isinstance(dill.loads(dill.dumps(UninstallProvider())), UninstallProvider)


def test_code_that_moved_is_an_update_so_that_the_state_learns_where_it_is(recorded):
    moved = {**recorded, "__provider": "elsewhere"}
    assert UninstallProvider().diff("id", recorded, moved).changes
    assert not UninstallProvider().diff("id", recorded, dict(recorded)).changes


@table(
    case("a state of version 0.1.0", {}, CLEANED),
    case("the cluster that the state recorded", {"cluster": "this-one"}, CLEANED),
    case("no other cluster", {"cluster": "another"}, []),
    case("nothing while Helm knows a release of the stack", {"releases": ["istio-system/grafana"]}, []),
)
def test_a_deletion_cleans_up(recorded, removed, monkeypatch, changes, cleaned):
    monkeypatch.setattr(identity, "read", lambda _client: "this-one")
    monkeypatch.setattr(uninstall, "installed", lambda _client, releases: {*releases} & {"istio-system/grafana"})
    is_another = changes.get("cluster") == "another"
    with pytest.raises(WrongCluster, match="leads to another") if is_another else nullcontext():
        UninstallProvider().delete("lab/istio-system", {**recorded, **changes})
    assert removed == cleaned


def test_the_state_records_the_cluster():
    assert inputs(make_mesh(), "this-one")["cluster"] == "this-one"
