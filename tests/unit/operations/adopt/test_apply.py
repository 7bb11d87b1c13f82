"""The order of an adoption's writes, and their reversal."""

import json
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import Mock

import pytest

from operations import pulumi
from operations.adopt import apply, entries
from operations.adopt.apply import NotOurs, Undo
from operations.adopt.existing_mesh import Proposal
from operations.pulumi import PulumiFailed
from operations.repair import backend_lock
from operations.repair.processes import Lock
from pi_mesh.checks.finding import Level
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Namespace
from pi_mesh.names import ADOPTED_ANNOTATION, owner
from tests.support.factories import STACK
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, RELEASE, existing, name_of, registered, resource, situation, state_with

QUOTA = Proposal("trading.bounds.quota", False, "")
STALE = Lock(7, "pi", "james", "today")


class Backend:
    """A backend with one state, which records its operations."""

    def __init__(self, state: dict) -> None:
        self.state, self.events = state, []
        self.steps: dict[str, str] = {}
        self.confirm = lambda _: self.events.append("confirm")
        self.give_way = lambda: self.events.append("give way")

    def import_(self, _: str, state: dict) -> None:
        self.events.append("import")
        self.state = state

    @contextmanager
    def held(self, _: object):
        self.events.append("lock")
        yield self
        self.events.append("unlock")


@pytest.fixture
def backend(monkeypatch) -> Backend:
    """Return the backend of the adoption, with the state that was read."""
    backend = Backend(existing().now.state)
    monkeypatch.setattr(backend_lock, "held_lock", backend.held)
    monkeypatch.setattr(Lock, "remove", lambda _: backend.events.append("remove the stale lock"))
    monkeypatch.setattr(apply, "Client", FakeClient())
    monkeypatch.setattr(pulumi, "export", lambda _: json.loads(json.dumps(backend.state)))
    monkeypatch.setattr(pulumi, "import_", backend.import_)
    monkeypatch.setattr(pulumi, "pending", lambda *_, **__: backend.steps)
    said = "{}={}, {}".format
    monkeypatch.setattr(pulumi, "set_config", lambda _, *value: backend.events.append(said(*value)))
    return backend


def secret_of(revision: int, time: str) -> dict:
    labels = {"name": "istiod", "version": str(revision), "status": "superseded"}
    return {"metadata": {"namespace": "istio-system", "labels": labels, "creationTimestamp": time}}


def carry_out():
    proposals = (Proposal("releases.names.istiod", "mesh", ""), Proposal("trading.adopt", True, ""), QUOTA)
    there = replace(existing(situation(locks=(STALE,))), proposals=proposals)
    return apply.carry_out_adoption(there, say=lambda _: None)


def test_the_stack_file_comes_first_and_the_state_at_once_under_the_lock(backend):
    backend.steps = {"urn::istiod-release": "update", "urn::mesh-mtls": "create"}
    done = carry_out()
    assert backend.events == [
        *("releases.names.istiod=mesh, string", "trading.adopt=true, bool", "trading.bounds.quota=false, bool"),
        *("lock", "confirm", "remove the stale lock", "give way", "import", "unlock"),
    ]
    assert done.message.endswith("1 to update, 1 to create, 0 to replace, 0 to delete")


@pytest.mark.parametrize("operation", ["replace", "delete", "create-replacement", "delete-replaced"])
def test_a_state_of_which_the_next_up_would_replace_or_delete_is_taken_back(backend, operation):
    before, backend.steps = backend.state, {"urn::istiod-release": operation}
    done = carry_out()
    assert (done.level, backend.state) == (Level.ERROR, before)
    assert f"{operation} istiod-release" in done.message


def test_a_run_that_was_quicker_is_left_its_state(backend):
    backend.state = state_with(registered()[0])
    with pytest.raises(NotOurs, match="changed by another run in the meantime"):
        carry_out()
    assert "import" not in backend.events


def test_a_program_that_does_not_preview_yet_is_said_and_keeps_the_state(backend, monkeypatch):
    refusal = PulumiFailed("pulumi preview", "failed: Preflight found 1 problem", "")
    monkeypatch.setattr(pulumi, "pending", Mock(side_effect=refusal))
    done = carry_out()
    assert done.level is Level.UNKNOWN
    assert "does not preview yet: Preflight found 1 problem" in done.message
    assert backend.state["deployment"]["resources"]


@pytest.mark.usefixtures("backend")
def test_the_policies_do_not_judge_the_preview_of_an_adoption(monkeypatch):
    pending = Mock(return_value={})
    monkeypatch.setattr(pulumi, "pending", pending)
    assert carry_out().number == 0
    pending.assert_called_once_with(STACK, judged=False)


CREATED = "2026-11-25T16:45:46.235699958Z"
"""A date as the engine writes it."""
EARLIER, EARLY, LATER = "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "2100-01-01T00:00:00Z"
HALF = state_with(*({**entry, "id": "old", "created": CREATED} for entry in registered()[:3]))
OWN = Namespace("trading", annotations={ADOPTED_ANNOTATION: owner(STACK)})
OF_OTHERS = Namespace("theirs", annotations={ADOPTED_ANNOTATION: owner("another")})


def read(monkeypatch, state: dict, revisions: dict[int, str] | None = None, **snapshot) -> Undo:
    """Return the undo of a stack, where `revisions` are the times of istiod's."""
    secrets = [secret_of(number, time) for number, time in (revisions or {}).items()]
    latest = ReleaseRecord("istio-system", "istiod", max(revisions or {1: ""}))
    monkeypatch.setattr(apply.stacks, "load", lambda _: None)
    now = situation(state, {"releases": (latest,), **snapshot})
    monkeypatch.setattr(apply.observed_state, "read", lambda *_: now)
    monkeypatch.setattr(apply, "Client", FakeClient({helm_releases.SECRETS_PATH: {"items": secrets}}))
    return apply.read_undo(STACK)


def rows(undo: Undo, check: str) -> list[str]:
    return [row.message for row in apply.undo_plan(undo) if row.id == check]


@pytest.mark.parametrize("state", [state_with(), HALF], ids=["new", "half"])
def test_before_the_first_up_the_resources_are_those_of_before_to_the_byte(monkeypatch, state):
    adopted = entries.state_with_entries(existing(situation(state), peer=PEER))
    assert adopted != state
    assert list(read(monkeypatch, adopted).kept) == state["deployment"]["resources"]


def test_after_an_up_what_it_made_stays_with_its_component_and_depends_on_nothing_that_is_gone(monkeypatch):
    *_, release, mtls, peer = registered()
    depending = {"dependencies": [release["urn"]], "propertyDependencies": {"spec": [release["urn"]]}}
    state = entries.state_with_entries(existing())
    state["deployment"]["resources"] += [
        {**mtls, "created": CREATED},
        {**peer, **depending, "id": "istio-system/default", "created": CREATED},
    ]
    undo = read(monkeypatch, state)
    assert [entry["id"] for entry in undo.released] == ["istio-system/istiod"]
    assert list(map(name_of, undo.kept)) == [f"pi-mesh-{STACK}", "cluster", "mesh-mtls", "peer"]
    assert undo.kept[-1]["dependencies"] == []
    assert undo.kept[-1]["propertyDependencies"] == {"spec": []}
    assert "PeerAuthentication istio-system/default" in rows(undo, apply.STAYS)[0]


@pytest.mark.parametrize(("revisions", "back"), [
    pytest.param({1: EARLIER, 2: EARLY, 3: LATER}, ["`helm rollback istiod 2 -n istio-system --wait`"], id="the last"),
    pytest.param({2: EARLY, 1: EARLIER, 3: LATER}, ["`helm rollback istiod 2 -n istio-system --wait`"], id="any order"),
    pytest.param({1: EARLIER}, [], id="a release that this program never changed"),
    pytest.param({9: LATER}, ["Helm no longer keeps its earlier revision: run `helm upgrade` with the earlier values"],
                 id="helm no longer keeps it"),
])  # fmt: skip
def test_the_way_back_is_the_last_revision_before_the_adoption(monkeypatch, revisions, back):
    assert rows(read(monkeypatch, entries.state_with_entries(existing()), revisions), apply.BACK) == back


def test_only_this_stacks_marks_are_taken_away_and_a_stack_without_any_has_adopted_nothing(monkeypatch):
    marked = read(monkeypatch, HALF, namespaces=(OF_OTHERS, OWN))
    adopted = read(monkeypatch, entries.state_with_entries(existing()))
    assert (marked.marked, marked.released, adopted.marked) == (("trading",), (), ())
    assert rows(marked, apply.LETS_GO) == []
    assert rows(adopted, apply.LETS_GO) == ["leaves the state, and stays in the cluster as it is"]
    (row,) = apply.undo_plan(
        read(monkeypatch, state_with({**resource("a:b:C", "x"), "created": CREATED}), namespaces=(OF_OTHERS,))
    )
    assert row.message == "contains no adopted resource"


RELEASED = resource(RELEASE, "istiod-release", id="istio-system/istiod", outputs=PEER)
POLICY = resource("kubernetes:security.istio.io/v1beta1:PeerAuthentication", "peer", outputs=PEER)
SECURITY = "/apis/security.istio.io/v1beta1"
LIVE_PATH = f"{SECURITY}/namespaces/istio-system/peerauthentications/default"
HELD = {**PEER, "held": True}


def carried_out(monkeypatch, undo: Undo, live: dict | None = None) -> tuple[list[dict], list[tuple[str, str]]]:
    """Return the written states and the writes to a cluster with that PeerAuthentication."""
    kinds = [{"kind": "PeerAuthentication", "name": "peerauthentications", "namespaced": True}]
    client = FakeClient({SECURITY: {"resources": kinds}, LIVE_PATH: live})
    client.patch_json = lambda path, operations: client.wrote.append((path, operations))
    states: list[dict] = []
    monkeypatch.setattr(apply, "write_state", lambda _, state: states.append(state))
    monkeypatch.setattr(apply, "Client", client)
    patch = [{"op": "remove"}]
    monkeypatch.setattr(apply.entries, "give_back_patch", lambda live: patch if live.get("held") else [])
    apply.carry_out_undo(undo)
    return states, client.wrote


def test_the_state_keeps_what_stays_and_the_namespaces_lose_their_marks(monkeypatch):
    now = situation({"version": 3, "deployment": {"manifest": {}, "resources": [RELEASED, POLICY]}})
    states, writes = carried_out(monkeypatch, Undo(now, (RELEASED,), (POLICY,), ("trading",), {}))
    assert states == [{"version": 3, "deployment": {"manifest": {}, "resources": [POLICY]}}]
    assert writes == [("patch", "/api/v1/namespaces/trading")]


@pytest.mark.parametrize(("released", "live", "states", "writes"), [
    pytest.param((), HELD, [], [], id="a state without adopted resources is not written"),
    pytest.param((POLICY,), HELD, [state_with()], [(LIVE_PATH, [{"op": "remove"}])], id="fields are given back"),
    pytest.param((POLICY,), None, [state_with()], [], id="an object that is gone"),
    pytest.param((POLICY,), PEER, [state_with()], [], id="an object without held fields is left as it is"),
    pytest.param((RELEASED,), HELD, [state_with()], [], id="the fields of a release are helm's own"),
])  # fmt: skip
def test_the_fields_of_a_released_object_are_given_back_to_their_manager(monkeypatch, released, live, states, writes):
    now = situation({"version": 3, "deployment": None})
    assert carried_out(monkeypatch, Undo(now, released, (), (), {}), live) == (states, writes)
