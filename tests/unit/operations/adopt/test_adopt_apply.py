"""The order of an adoption's writes, and their reversal."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from operations import pulumi
from operations.adopt import adopt_apply
from operations.adopt.adopt_apply import ChangedMeanwhile
from operations.adopt.proposals import Proposal
from operations.pulumi import PulumiFailed
from operations.repair import backend_lock
from operations.repair.locks import Lock
from pi_mesh.checks.finding import Level
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import existing, registered

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
    monkeypatch.setattr(backend_lock, "held", found.held)
    monkeypatch.setattr(adopt_apply, "Client", FakeClient())
    monkeypatch.setattr(pulumi, "export", lambda _: json.loads(json.dumps(found.state)))
    monkeypatch.setattr(pulumi, "import_", found.import_)
    monkeypatch.setattr(pulumi, "pending", lambda *_, **__: found.steps)
    monkeypatch.setattr(pulumi, "set_config", lambda _, path, value: found.events.append(f"{path}={value}"))
    return found


def carry_out():
    return adopt_apply.carry_out(replace(existing(), proposals=PROPOSALS), say=lambda _: None)


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
    adopt_apply.carry_out(there, say=lambda _: None)
    assert backend.events.index("lock") < backend.events.index("remove the stale lock") < backend.events.index("import")


@pytest.mark.usefixtures("backend")
def test_the_policies_do_not_judge_the_preview_of_an_adoption(monkeypatch):
    asked = []
    monkeypatch.setattr(pulumi, "pending", lambda *_, **how: asked.append(how) or {})
    assert carry_out().number == 0
    assert asked == [{"judged": False}]


@pytest.mark.parametrize(("value", "written"), [(True, "true"), (False, "false"), ("mesh", "mesh")])
def test_a_proposal_is_written_as_pulumi_reads_it(backend, value, written):
    adopt_apply.carry_out(replace(existing(), proposals=(Proposal("x.y", value, ""),)), say=lambda _: None)
    assert backend.events[0] == f"x.y={written}"
