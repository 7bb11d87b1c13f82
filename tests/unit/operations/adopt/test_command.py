"""The command: its output, and its writes."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from operations.__main__ import app
from operations.adopt import apply, existing_mesh, obstacles, plan
from operations.adopt.apply import Undo
from operations.adopt.plan import Effects
from pi_mesh.checks.finding import Subject, error, ok
from tests.support.factories import STACK
from tests.support.helm_mesh import existing, resource, situation

OBSTACLE = error("not adopted", Subject("release", "istio-system/istiod"), "is pending-upgrade", "wait")
DONE = ok("next preview", Subject("stack", STACK), "is adopted")


@pytest.fixture
def invoke(monkeypatch):
    """Return `invoke(*options)`: the command's status, its output, and its writes."""
    wrote: list[str] = []

    def run(*options: str, there=None, back=None) -> tuple[int, str, list[str]]:
        monkeypatch.setattr(existing_mesh, "read", lambda _: there or existing())
        monkeypatch.setattr(apply, "read_undo", lambda _: back)
        monkeypatch.setattr(plan, "effects_of_up", lambda _: Effects(restarts={}))
        monkeypatch.setattr(apply, "carry_out_adoption", lambda *_: wrote.append("adopted") or DONE)
        monkeypatch.setattr(apply, "carry_out_undo", lambda _: wrote.append("undone"))
        done = CliRunner().invoke(app, ["adopt", "--stack", STACK, *options])
        return done.exit_code, done.stdout, wrote

    return run


def test_without_yes_the_plan_is_shown_and_nothing_is_written(invoke):
    status, shown, wrote = invoke()
    assert (status, wrote) == (0, [])
    assert "release istio-system/istiod: istiod 1.31.0, revision 1, is adopted as istiod" in shown
    assert "Nothing was changed. To carry out this plan: python -m operations adopt -s test --yes" in shown


def test_with_yes_it_is_carried_out(invoke):
    status, shown, wrote = invoke("--yes")
    assert (status, wrote) == (0, ["adopted"])
    assert "stack test: is adopted" in shown


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_an_obstacle_is_one_line_with_what_to_do_and_nothing_is_written(options, invoke):
    status, shown, wrote = invoke(*options, there=replace(existing(), obstacles=(OBSTACLE,)))
    assert (status, wrote) == (1, [])
    assert "release istio-system/istiod: is pending-upgrade\n      -> wait" in shown
    assert "taken over" not in shown


def test_a_mesh_that_the_state_knows_needs_no_adoption(invoke):
    status, shown, wrote = invoke("--yes", there=replace(existing(), releases=()))
    assert (status, wrote) == (0, [])
    assert "already has every resource of its mesh in its state" in shown


def test_json_is_all_that_is_printed(invoke):
    _, shown, _ = invoke("--yes", "--json")
    report = json.loads(shown)
    assert report["operation"] == "adopt"
    assert {"releases", "restarts", "added", "next preview"} <= {row["id"] for row in report["findings"]}


@pytest.mark.parametrize(("options", "written"), [((), []), (("--yes",), ["undone"])])
def test_an_undo_is_shown_first_and_carried_out_with_yes(options, written, invoke):
    entry = resource("kubernetes:helm.sh/v3:Release", "istiod-release", id="istio-system/istiod")
    back = Undo(situation(), (entry,), (), ("trading",), {"istio-system/istiod": 3})
    status, shown, wrote = invoke("--undo", *options, back=back)
    assert (status, wrote) == (0, written)
    assert "release istio-system/istiod: leaves the state, and stays in the cluster as it is" in shown
    assert "`helm rollback istiod 3 -n istio-system --wait`" in shown


def test_an_undo_waits_for_whoever_has_locked_the_stack(invoke, monkeypatch):
    monkeypatch.setattr(obstacles, "lock_obstacles", lambda _: [OBSTACLE])
    status, _, wrote = invoke("--undo", "--yes", back=Undo(situation(), (), (), (), {}))
    assert (status, wrote) == (1, [])
