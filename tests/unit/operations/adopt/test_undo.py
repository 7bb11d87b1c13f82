"""The removed and the kept resources of an undo."""

import pytest

from operations.adopt import entries, undo
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.names import ADOPTED_ANNOTATION, owner
from tests.support.factories import STACK
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, existing, registered, resource, situation

ADOPTED = {"annotations": {ADOPTED_ANNOTATION: owner(STACK)}}
MADE = "2026-11-25T16:45:46.235699958Z"


@pytest.fixture
def read(monkeypatch):
    """Return `read(state, revisions, **snapshot)`: the undo of a stack; revisions of istiod are (number, time)."""

    def of(state: dict, revisions: tuple[tuple[int, str], ...] = (), **snapshot) -> undo.Undo:
        items = [
            {
                "metadata": {
                    "namespace": "istio-system",
                    "labels": {"name": "istiod", "version": str(number), "status": "superseded"},
                    "creationTimestamp": time,
                }
            }
            for number, time in revisions
        ]
        latest = max((number for number, _ in revisions), default=1)
        known = {"releases": (ReleaseRecord("istio-system", "istiod", latest),), **snapshot}
        monkeypatch.setattr(undo.stacks, "load", lambda _: None)
        monkeypatch.setattr(undo.observed_state, "read", lambda *_: situation(state, known))
        monkeypatch.setattr(undo, "Client", FakeClient({undo.release_records.LIST: {"items": items}}))
        return undo.read(STACK)

    return of


def after_up(state: dict, *made: dict) -> dict:
    """Return the state after an `up`, which keeps the dates of existing entries."""
    entries_ = [*state["deployment"]["resources"], *({**entry, "created": MADE} for entry in made)]
    return {**state, "deployment": {**state["deployment"], "resources": entries_}}


def before() -> dict:
    half = [{**entry, "id": "old", "created": MADE} for entry in registered()[:3]]
    return {"version": 3, "deployment": {"resources": half}}


@pytest.mark.parametrize("state", [{"version": 3, "deployment": {"resources": []}}, before()], ids=["new", "half"])
def test_before_the_first_up_the_resources_are_those_of_before_to_the_byte(read, state):
    adopted = entries.state_with(existing(situation(state), peer=PEER))
    assert adopted != state
    assert list(read(adopted).kept) == state["deployment"]["resources"]


def test_after_an_up_what_it_made_stays_with_its_component_and_depends_on_nothing_that_is_gone(read):
    state = entries.state_with(existing())
    mtls, peer = registered()[5:]
    release = registered()[4]["urn"]
    peer = {
        **peer,
        "id": "istio-system/default",
        "dependencies": [release],
        "propertyDependencies": {"spec": [release]},
    }
    back = read(after_up(state, mtls, peer))
    assert [entry["id"] for entry in back.released] == ["istio-system/istiod"]
    assert [entry["urn"].rpartition("::")[2] for entry in back.kept] == [
        f"pi-mesh-{STACK}",
        "cluster",
        "mesh-mtls",
        "peer",
    ]
    assert back.kept[-1]["dependencies"] == []
    assert back.kept[-1]["propertyDependencies"] == {"spec": []}
    assert any("PeerAuthentication istio-system/default" in row.message for row in undo.plan(back))


def test_the_way_back_is_the_last_revision_before_the_adoption(read):
    state = entries.state_with(existing())
    history = ((1, "2020-01-01T00:00:00Z"), (2, "2020-01-02T00:00:00Z"), (3, "2100-01-01T00:00:00Z"))
    (row,) = [row for row in undo.plan(read(state, history)) if row.id == undo.BACK]
    assert row.message == "`helm rollback istiod 2 -n istio-system --wait`"


def test_a_release_that_this_program_never_changed_needs_no_way_back(read):
    state = entries.state_with(existing())
    assert not read(state, ((1, "2020-01-01T00:00:00Z"),)).revisions


def test_where_helm_no_longer_keeps_that_revision_it_is_said(read):
    state = entries.state_with(existing())
    (row,) = [row for row in undo.plan(read(state, ((9, "2100-01-01T00:00:00Z"),))) if row.id == undo.BACK]
    assert "no longer keeps" in row.message


def test_only_this_stacks_marks_are_taken_away(read):
    others = Namespace("theirs", annotations={ADOPTED_ANNOTATION: owner("another")})
    mine = Namespace("trading", annotations=ADOPTED["annotations"])
    assert read(before(), namespaces=(others, mine)).marked == ("trading",)


def test_a_stack_that_adopted_nothing_says_so(read):
    state = {"version": 3, "deployment": {"resources": [{**resource("a:b:C", "made"), "created": MADE}]}}
    (row,) = undo.plan(read(state))
    assert row.message == "contains no adopted resource"


def test_a_stack_that_has_adopted_resources_or_marks_alone_does_not_say_so(read):
    mine = Namespace("trading", annotations=ADOPTED["annotations"])
    for undone in (read(entries.state_with(existing())), read(before(), namespaces=(mine,))):
        assert bool(undone.released) != bool(undone.marked)
        assert "contains no adopted resource" not in [row.message for row in undo.plan(undone)]


@pytest.fixture
def carried_out(monkeypatch):
    """Return `carried_out(undo, live)`: the written states and the writes to a cluster with that PeerAuthentication."""

    def run(back: undo.Undo, live: dict | None = None) -> tuple[list[dict], list[tuple[str, str]]]:
        path = "/apis/security.istio.io/v1beta1"
        known = {
            path: {"resources": [{"kind": "PeerAuthentication", "name": "peerauthentications", "namespaced": True}]}
        }
        client = FakeClient({**known, f"{path}/namespaces/istio-system/peerauthentications/default": live})
        client.patch_json = lambda path, operations: client.wrote.append((path, operations))
        states: list[dict] = []
        monkeypatch.setattr(undo.adopt_apply, "write", lambda _, state: states.append(state))
        monkeypatch.setattr(undo, "Client", client)
        monkeypatch.setattr(undo.held_fields, "given_back", lambda live: [{"op": "remove"}] if live.get("held") else [])
        undo.carry_out(back)
        return states, client.wrote

    return run


RELEASED = resource("kubernetes:helm.sh/v3:Release", "istiod-release", id="istio-system/istiod", outputs=PEER)
POLICY = resource("kubernetes:security.istio.io/v1beta1:PeerAuthentication", "peer", outputs=PEER)


def test_the_state_keeps_what_stays_and_the_namespaces_lose_their_marks(carried_out):
    now = situation({"version": 3, "deployment": {"manifest": {}, "resources": [RELEASED, POLICY]}})
    states, wrote = carried_out(undo.Undo(now, (RELEASED,), (POLICY,), ("trading",), {}))
    assert states == [{"version": 3, "deployment": {"manifest": {}, "resources": [POLICY]}}]
    assert wrote == [("patch", "/api/v1/namespaces/trading")]


def test_a_state_without_adopted_resources_is_not_written(carried_out):
    assert carried_out(undo.Undo(situation(), (), (POLICY,), ("trading",), {}))[0] == []


def test_the_fields_of_a_released_object_are_given_back_to_their_manager(carried_out):
    now = situation({"version": 3, "deployment": None})
    states, wrote = carried_out(undo.Undo(now, (POLICY,), (), (), {}), live={**PEER, "held": True})
    assert states == [{"version": 3, "deployment": {"resources": []}}]
    assert wrote == [
        ("/apis/security.istio.io/v1beta1/namespaces/istio-system/peerauthentications/default", [{"op": "remove"}])
    ]


@pytest.mark.parametrize("live", [None, PEER])
def test_an_object_without_held_fields_is_left_as_it_is(carried_out, live):
    assert carried_out(undo.Undo(situation(), (POLICY,), (), (), {}), live=live)[1] == []


def test_the_fields_of_a_release_are_helms_own(carried_out):
    assert carried_out(undo.Undo(situation(), (RELEASED,), (), (), {}), live={**PEER, "held": True})[1] == []
