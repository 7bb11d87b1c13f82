"""The command: its output, and its writes."""

import json
from dataclasses import replace

import pytest

from operations.adopt import apply, existing_mesh, obstacles, plan
from operations.adopt.apply import Undo
from operations.adopt.plan import Effects
from pi_mesh.checks.finding import Subject, error, ok
from tests.support.command_line import run_command
from tests.support.factories import STACK
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import RELEASE, existing, resource, situation
from tests.support.versions import NEWEST

OBSTACLE = error("not adopted", Subject("release", "istio-system/istiod"), "is pending-upgrade", "wait")
TRIED = error("not adopted", Subject("deployment", "istio-system/edge"), "is refused", "set ingress.labels")
HINDERED, KNOWN = replace(existing(), obstacles=(OBSTACLE,)), replace(existing(), releases=())
TAKEN = resource(RELEASE, "istiod-release", id="istio-system/istiod")
BACK = Undo(situation(), (TAKEN,), (), ("trading",), {"istio-system/istiod": 3})
ADOPTED = f"release istio-system/istiod: istiod {NEWEST}, revision 1, is adopted as istiod"
REFUSED = "release istio-system/istiod: is pending-upgrade\n      -> wait"
RELEASED = "release istio-system/istiod: leaves the state, and stays in the cluster as it is"
TO_CARRY_OUT = "Nothing was changed. To carry out this plan: python -m operations adopt -s test"


@pytest.fixture
def invoke(monkeypatch):
    """Return `invoke(*options)`: the command's status, its output, and its writes."""
    writes: list[str] = []

    def run(
        *options: str,
        there=None,
        back=BACK,
        effects=Effects(restarts={}),  # noqa: B008 - frozen
    ) -> tuple[int, str, list[str]]:
        monkeypatch.setattr(existing_mesh, "read", lambda _: there or existing())
        monkeypatch.setattr(apply, "read_undo", lambda _: back)
        monkeypatch.setattr(plan, "effects_of_up", lambda _: effects)
        done = ok("next preview", Subject("stack", STACK), "is adopted")
        monkeypatch.setattr(apply, "carry_out_adoption", lambda *_: writes.append("adopted") or done)
        monkeypatch.setattr(apply, "carry_out_undo", lambda _: writes.append("undone"))
        ended = run_command("adopt", "--stack", STACK, *options)
        return ended.exit_code, ended.stdout, writes

    return run


@pytest.mark.parametrize(("options", "there", "status", "written", "lines"), [
    pytest.param((), None, 0, [], (ADOPTED, f"{TO_CARRY_OUT} --yes"), id="the plan is shown"),
    pytest.param(("--dry-run", "--yes"), None, 0, [], (ADOPTED,), id="a dry run shows it and writes nothing"),
    pytest.param(("--yes",), None, 0, ["adopted"], (ADOPTED, "stack test: is adopted"), id="yes carries it out"),
    pytest.param((), HINDERED, 1, [], (REFUSED,), id="an obstacle is one line with what to do"),
    pytest.param(("--yes",), HINDERED, 1, [], (REFUSED,), id="an obstacle stops the writes"),
    pytest.param(("--yes",), KNOWN, 0, [], ("already has every resource of its mesh in its state",), id="nothing left"),
    pytest.param(("--undo",), None, 0, [], (RELEASED, "`helm rollback istiod 3 -n istio-system --wait`",
                                            f"{TO_CARRY_OUT} --undo --yes"), id="an undo is shown first"),
    pytest.param(("--undo", "--yes"), None, 0, ["undone"], (RELEASED,), id="an undo is carried out with yes"),
])  # fmt: skip
def test_the_plan_is_shown_and_written_with_yes_alone(invoke, options, there, status, written, lines):
    exit_code, shown, writes = invoke(*options, there=there)
    assert (exit_code, writes) == (status, written)
    assert [line for line in lines if line not in shown] == []
    assert (ADOPTED in shown) is (ADOPTED in lines)
    assert (TO_CARRY_OUT in shown) is (TO_CARRY_OUT in "".join(lines))


def test_a_refusal_of_the_api_server_is_shown_above_the_plan_and_stops_the_writes(invoke, monkeypatch):
    monkeypatch.setattr(obstacles, "refusals", lambda *_: [TRIED])
    monkeypatch.setattr(plan, "Client", FakeClient())
    status, shown, writes = invoke("--yes", effects=Effects(restarts={}, rendered={"istio-system/istiod": {}}))
    assert (status, writes) == (1, [])
    assert "  x deployment istio-system/edge: is refused\n      -> set ingress.labels\nReleases" in shown


def test_json_is_all_that_is_printed(invoke):
    report = json.loads(invoke("--yes", "--json")[1])
    assert report["operation"] == "adopt"
    assert {"releases", "restarts", "added", "next preview"} <= {row["id"] for row in report["findings"]}


def test_an_undo_waits_for_whoever_has_locked_the_stack(invoke, monkeypatch):
    monkeypatch.setattr(obstacles, "lock_obstacles", lambda _: [OBSTACLE])
    status, _, writes = invoke("--undo", "--yes")
    assert (status, writes) == (1, [])


def test_where_nothing_was_adopted_an_undo_has_nothing_to_carry_out(invoke):
    assert TO_CARRY_OUT not in invoke("--undo", back=Undo(situation(), (), (), (), {}))[1]
