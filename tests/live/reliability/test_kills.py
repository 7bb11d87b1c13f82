"""Killed runs: their remains, the repair, and a plain `up` that goes on."""

import os
import signal
import time

import pytest

from tests.live.reliability.looking import has
from tests.support.project import Project, kill_group, kill_session, wait_for


def repaired(project: Project) -> str:
    """Repair, check that `up` works, the mesh verifies and nothing is left to repair, and return repair's output."""
    shown = project.operation("repair")
    assert shown.status == 1, shown.output
    project.operation("repair", "--yes").must()
    project.must_up()
    project.operation("verify").must()
    project.preview("--expect-no-changes").must()
    project.operation("repair").must()
    return shown.output


@pytest.mark.row(6)
@pytest.mark.long
@pytest.mark.parametrize("release", ["istio-base", "istiod", "istio-ingressgateway"])
def test_a_power_cut_during_an_install(empty, told, release):
    run = empty.start_up()
    wait_for(f"{release} in the middle of its install", has(release, "pending-install"))
    kill_session(run)
    again = empty.up()
    assert again.status != 0
    line = again.line_with("pulumi cancel")
    assert f"{release} is stuck in pending-install" in repaired(empty)
    told(again.status, line, "`python -m operations repair -s STACK --yes`, then `pulumi up`")


@pytest.mark.row(7)
def test_a_power_cut_during_an_upgrade(whole, told):
    whole.set("istio.resources.requests", {"cpu": "110m", "memory": "128Mi"})
    whole.set("istio.resources.limits", {"cpu": "500m", "memory": "256Mi"})
    run = whole.start_up()
    wait_for("istiod in the middle of its upgrade", has("istiod", "pending-upgrade"))
    kill_session(run)
    again = whole.preview()
    assert again.status != 0
    line = again.line_with("istio-system/istiod: is pending-upgrade")
    assert "istiod is stuck in pending-upgrade" in repaired(whole)
    told(again.status, line, "`python -m operations repair -s STACK --yes`, then `pulumi up`")


@pytest.mark.row(8)
@pytest.mark.long
def test_plugins_that_outlive_their_run_finish_first_and_are_ended_then(empty, told):
    run = empty.start_up()
    wait_for("istiod in the middle of its install", has("istiod", "pending-install"))
    kill_group(run)
    found = empty.operation("repair")
    line = found.line_with("pulumi-resource-kubernetes) outlived")
    repaired(empty)
    told(found.status, line, "`python -m operations repair -s STACK --yes` waits for it, and ends it")


@pytest.mark.row(9)
@pytest.mark.long
def test_a_stale_lock_is_named_with_its_remedy(whole, told):
    run = whole.start_up()
    wait_for("a lock", lambda: "is locked by" in _locks(whole) or run.poll() is not None)
    kill_session(run)
    refused = whole.up()
    assert refused.status != 0
    told(refused.status, refused.line_with("pulumi cancel"), "`python -m operations repair -s STACK --yes`")
    repaired(whole)


def _locks(project: Project) -> str:
    folder = project.folder / ".lab" / "state" / ".pulumi" / "locks"
    return "is locked by" if any(folder.rglob("*.json")) else ""


@pytest.mark.row(41)
@pytest.mark.long
def test_of_two_runs_at_once_the_second_is_refused_and_the_first_finishes(empty, told):
    first = empty.start_up()
    wait_for("the first run's lock", lambda: _locks(empty))
    second = empty.up()
    assert second.status != 0
    assert empty.operation("repair", "--yes").status == 1
    assert first.wait(timeout=300) == 0
    empty.operation("verify").must()
    told(second.status, second.line_with("locked"), "waiting; repair refuses too while the first runs")


@pytest.mark.row(4)
@pytest.mark.long
def test_one_interrupt_ends_the_run_in_order(empty, told):
    run = empty.start_up()
    wait_for("istiod in the middle of its install", has("istiod", "pending-install"))
    asked = time.monotonic()
    os.kill(run.pid, signal.SIGINT)
    assert run.wait(timeout=60) != 0
    took = time.monotonic() - asked
    empty.operation("repair").must()
    empty.must_up()
    empty.operation("verify").must()
    told(run.returncode, f"the run ends in order {took:.0f} s later, with no lock and nothing pending", "`pulumi up`")


@pytest.mark.row(5)
@pytest.mark.long
@pytest.mark.parametrize(
    "signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)], ids=["SIGTERM", "SIGINT twice"]
)
def test_a_run_that_is_cut_short_by_a_ci_system(empty, told, signals):
    run = empty.start_up()
    wait_for("istiod in the middle of its install", has("istiod", "pending-install"))
    for number in signals:
        os.kill(run.pid, number)
        time.sleep(0.5)
    assert run.wait(timeout=120) != 0
    empty.operation("repair", "--yes").must()
    empty.must_up()
    empty.operation("verify").must()
    told(run.returncode, "the run ends at once", "`python -m operations repair -s STACK --yes`, then `pulumi up`")
