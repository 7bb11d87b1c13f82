"""The order of an adoption's writes, and their reversal."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from operations import pulumi
from operations.adopt import apply, entries
from operations.adopt.apply import ChangedMeanwhile
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
from tests.support.helm_mesh import PEER, existing, registered, resource, situation

PROPOSALS = (Proposal("releases.names.istiod", "mesh", ""), Proposal("trading.adopt", True, ""))


class Backend:
    """A backend with one state, which records its operations."""

    def __init__(self, state: dict) -> None:
        self.state, self.events = state, []
        self.steps: dict[str, str] = {}

    def import_(self, _: str, state: dict) -> None:
        self.events.append("import")
        self.state = state

    @contextmanager
    def held(self, _: object):
        self.events.append("lock")
        yield self
        self.events.append("unlock")

    def confirm(self, _: object) -> None:
        self.events.append("confirm")

    def give_way(self) -> None:
        self.events.append("give way")


@pytest.fixture
def backend(monkeypatch) -> Backend:
    """Return the backend of the adoption, with the state that was read."""
    found = Backend(existing().now.state)
    monkeypatch.setattr(backend_lock, "held_lock", found.held)
    monkeypatch.setattr(apply, "Client", FakeClient())
    monkeypatch.setattr(pulumi, "export", lambda _: json.loads(json.dumps(found.state)))
    monkeypatch.setattr(pulumi, "import_", found.import_)
    monkeypatch.setattr(pulumi, "pending", lambda *_, **__: found.steps)
    monkeypatch.setattr(pulumi, "set_config", lambda _, path, value: found.events.append(f"{path}={value}"))
    return found


def carry_out():
    return apply.carry_out_adoption(replace(existing(), proposals=PROPOSALS), say=lambda _: None)


def test_the_stack_file_comes_first_and_the_state_at_once_under_the_lock(backend):
    backend.steps = {"urn::istiod-release": "update", "urn::mesh-mtls": "create"}
    done = carry_out()
    assert backend.events == [
        "releases.names.istiod=mesh",
        "trading.adopt=true",
        "lock",
        "confirm",
        "give way",
        "import",
        "unlock",
    ]
    assert done.message.endswith("1 to update, 1 to create, 0 to replace, 0 to delete")


@pytest.mark.parametrize("operation", ["replace", "delete", "create-replacement", "delete-replaced"])
def test_a_state_of_which_the_next_up_would_replace_or_delete_is_taken_back(backend, operation):
    before, backend.steps = backend.state, {"urn::istiod-release": operation}
    done = carry_out()
    assert done.level is Level.ERROR
    assert f"{operation} istiod-release" in done.message
    assert backend.state == before


def test_a_run_that_was_quicker_is_left_its_state(backend):
    backend.state = {"version": 3, "deployment": {"resources": registered()[:1]}}
    with pytest.raises(ChangedMeanwhile, match="changed by another run in the meantime"):
        carry_out()
    assert "import" not in backend.events


def test_a_program_that_does_not_preview_yet_is_said_and_keeps_the_state(backend, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PulumiFailed("pulumi preview", "failed: Preflight found 1 problem", "")

    monkeypatch.setattr(pulumi, "pending", refuse)
    done = carry_out()
    assert done.level is Level.UNKNOWN
    assert "does not preview yet: Preflight found 1 problem" in done.message
    assert backend.state["deployment"]["resources"]


def test_the_lock_that_an_interrupted_adoption_left_is_taken_away_under_the_own_one(backend, monkeypatch):
    monkeypatch.setattr(Lock, "remove", lambda _: backend.events.append("remove the stale lock"))
    there = existing(replace(existing().now, locks=(Lock(7, "pi", "james", "today"),)))
    apply.carry_out_adoption(there, say=lambda _: None)
    assert backend.events.index("lock") < backend.events.index("remove the stale lock") < backend.events.index("import")


@pytest.mark.usefixtures("backend")
def test_the_policies_do_not_judge_the_preview_of_an_adoption(monkeypatch):
    asked = []
    monkeypatch.setattr(pulumi, "pending", lambda *_, **how: asked.append(how) or {})
    assert carry_out().number == 0
    assert asked == [{"judged": False}]


@pytest.mark.parametrize(("value", "written"), [(True, "true"), (False, "false"), ("mesh", "mesh")])
def test_a_proposal_is_written_as_pulumi_reads_it(backend, value, written):
    apply.carry_out_adoption(replace(existing(), proposals=(Proposal("x.y", value, ""),)), say=lambda _: None)
    assert backend.events[0] == f"x.y={written}"


ADOPTED = {"annotations": {ADOPTED_ANNOTATION: owner(STACK)}}
MADE = "2026-11-25T16:45:46.235699958Z"


@pytest.fixture
def read(monkeypatch):
    """Return `read(state, revisions, **snapshot)`: the undo of a stack; revisions of istiod are (number, time)."""

    def of(state: dict, revisions: tuple[tuple[int, str], ...] = (), **snapshot) -> apply.Undo:
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
        monkeypatch.setattr(apply.stacks, "load", lambda _: None)
        monkeypatch.setattr(apply.observed_state, "read", lambda *_: situation(state, known))
        monkeypatch.setattr(apply, "Client", FakeClient({helm_releases.SECRETS_PATH: {"items": items}}))
        return apply.read_undo(STACK)

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
    adopted = entries.state_with_entries(existing(situation(state), peer=PEER))
    assert adopted != state
    assert list(read(adopted).kept) == state["deployment"]["resources"]


def test_after_an_up_what_it_made_stays_with_its_component_and_depends_on_nothing_that_is_gone(read):
    state = entries.state_with_entries(existing())
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
    assert any("PeerAuthentication istio-system/default" in row.message for row in apply.undo_plan(back))


def test_the_way_back_is_the_last_revision_before_the_adoption(read):
    state = entries.state_with_entries(existing())
    history = ((1, "2020-01-01T00:00:00Z"), (2, "2020-01-02T00:00:00Z"), (3, "2100-01-01T00:00:00Z"))
    (row,) = [row for row in apply.undo_plan(read(state, history)) if row.id == apply.BACK]
    assert row.message == "`helm rollback istiod 2 -n istio-system --wait`"


def test_a_release_that_this_program_never_changed_needs_no_way_back(read):
    state = entries.state_with_entries(existing())
    assert not read(state, ((1, "2020-01-01T00:00:00Z"),)).revisions


def test_where_helm_no_longer_keeps_that_revision_it_is_said(read):
    state = entries.state_with_entries(existing())
    (row,) = [row for row in apply.undo_plan(read(state, ((9, "2100-01-01T00:00:00Z"),))) if row.id == apply.BACK]
    assert "no longer keeps" in row.message


def test_only_this_stacks_marks_are_taken_away(read):
    others = Namespace("theirs", annotations={ADOPTED_ANNOTATION: owner("another")})
    mine = Namespace("trading", annotations=ADOPTED["annotations"])
    assert read(before(), namespaces=(others, mine)).marked == ("trading",)


def test_a_stack_that_adopted_nothing_says_so(read):
    state = {"version": 3, "deployment": {"resources": [{**resource("a:b:C", "made"), "created": MADE}]}}
    (row,) = apply.undo_plan(read(state))
    assert row.message == "contains no adopted resource"


def test_a_stack_that_has_adopted_resources_or_marks_alone_does_not_say_so(read):
    mine = Namespace("trading", annotations=ADOPTED["annotations"])
    for undone in (read(entries.state_with_entries(existing())), read(before(), namespaces=(mine,))):
        assert bool(undone.released) != bool(undone.marked)
        assert "contains no adopted resource" not in [row.message for row in apply.undo_plan(undone)]


@pytest.fixture
def carried_out(monkeypatch):
    """Return `carried_out(undo, live)`: the written states and the writes to a cluster with that PeerAuthentication."""

    def run(back: apply.Undo, live: dict | None = None) -> tuple[list[dict], list[tuple[str, str]]]:
        path = "/apis/security.istio.io/v1beta1"
        known = {
            path: {"resources": [{"kind": "PeerAuthentication", "name": "peerauthentications", "namespaced": True}]}
        }
        client = FakeClient({**known, f"{path}/namespaces/istio-system/peerauthentications/default": live})
        client.patch_json = lambda path, operations: client.wrote.append((path, operations))
        states: list[dict] = []
        monkeypatch.setattr(apply, "write_state", lambda _, state: states.append(state))
        monkeypatch.setattr(apply, "Client", client)
        monkeypatch.setattr(
            apply.entries, "give_back_patch", lambda live: [{"op": "remove"}] if live.get("held") else []
        )
        apply.carry_out_undo(back)
        return states, client.wrote

    return run


RELEASED = resource("kubernetes:helm.sh/v3:Release", "istiod-release", id="istio-system/istiod", outputs=PEER)
POLICY = resource("kubernetes:security.istio.io/v1beta1:PeerAuthentication", "peer", outputs=PEER)


def test_the_state_keeps_what_stays_and_the_namespaces_lose_their_marks(carried_out):
    now = situation({"version": 3, "deployment": {"manifest": {}, "resources": [RELEASED, POLICY]}})
    states, wrote = carried_out(apply.Undo(now, (RELEASED,), (POLICY,), ("trading",), {}))
    assert states == [{"version": 3, "deployment": {"manifest": {}, "resources": [POLICY]}}]
    assert wrote == [("patch", "/api/v1/namespaces/trading")]


def test_a_state_without_adopted_resources_is_not_written(carried_out):
    assert carried_out(apply.Undo(situation(), (), (POLICY,), ("trading",), {}))[0] == []


def test_the_fields_of_a_released_object_are_given_back_to_their_manager(carried_out):
    now = situation({"version": 3, "deployment": None})
    states, wrote = carried_out(apply.Undo(now, (POLICY,), (), (), {}), live={**PEER, "held": True})
    assert states == [{"version": 3, "deployment": {"resources": []}}]
    assert wrote == [
        ("/apis/security.istio.io/v1beta1/namespaces/istio-system/peerauthentications/default", [{"op": "remove"}])
    ]


@pytest.mark.parametrize("live", [None, PEER])
def test_an_object_without_held_fields_is_left_as_it_is(carried_out, live):
    assert carried_out(apply.Undo(situation(), (POLICY,), (), (), {}), live=live)[1] == []


def test_the_fields_of_a_release_are_helms_own(carried_out):
    assert carried_out(apply.Undo(situation(), (RELEASED,), (), (), {}), live={**PEER, "held": True})[1] == []
