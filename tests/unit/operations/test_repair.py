"""The command `repair`: which differences it takes for drift."""

from types import SimpleNamespace

import pytest

from operations import repair
from operations.repair.observed_state import ObservedState
from pi_mesh.checks import observe
from pi_mesh.cluster.live_objects import Pair
from tests.support.factories import STACK, make_settings
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot

OWN = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "own", "namespace": "a"},
    "spec": {"type": "ClusterIP"},
}
OTHER = {**OWN, "spec": {"type": "NodePort"}}


@pytest.fixture
def drift(monkeypatch):
    """Return `drift(pair, applied)`: the objects that repair would undo, where the state has these inputs."""

    def read(pair: Pair, applied: dict | None) -> tuple[Pair, ...]:
        monkeypatch.setattr(observe, "observe", lambda *_: SimpleNamespace(live=SimpleNamespace(pairs=(pair,))))
        entry = {"urn": "urn:pulumi:a::b::c::own", "type": "kubernetes:core/v1:Service", "inputs": applied or {}}
        state = {"deployment": {"resources": [entry]}}
        return repair._with_drift(ObservedState(STACK, make_settings(), make_snapshot(), state)).drift

    return read


@table(
    case("as applied", Pair("", OWN, OWN), OWN, False),
    case("changed by hand", Pair("", OWN, OTHER), OWN, True),
    case("deleted by hand", Pair("", OWN, None), OWN, True),
    case("not to be read", Pair("", OWN, None, refusal="forbidden"), OWN, False),
    case("a setting that no up has applied yet", Pair("", OWN, OTHER), OTHER, False),
    case("an object that no up has made yet", Pair("", OWN, None), None, False),
    case("of a release, changed by hand", Pair("a/b", OWN, OTHER), None, True),
    case("what may be a default of the server", Pair("a/b", OWN, {**OWN, "data": {"x": "y"}}), None, False),
)
def test_drift_is_what_differs_from_what_was_applied(drift, pair, applied, drifted):
    assert drift(pair, applied) == ((pair,) if drifted else ())
