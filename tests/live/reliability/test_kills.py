"""Runs that are cut off: by a kill, a signal, the loss of the API server or a node, and a plain `up` that goes on."""

import os
import random
import signal
import subprocess
import time

import pytest

from lab.cluster.faults import api_server_down, start_node, stop_node
from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from tests.support.helm import releases, wait_for_release
from tests.support.project import LARGER_ISTIOD, Project, kill_group, kill_session

REPAIR = "`python -m operations repair -s STACK --yes`"
TIMES = 20


def repaired(project: Project) -> str:
    """Repair, check that `up` works, the mesh verifies and nothing is left to repair, and return repair's output."""
    shown = project.operation("repair")
    assert shown.status == 1, shown.output
    project.must_recover()
    project.must_be_unchanged()
    project.operation("repair").must()
    return shown.output


def start_installing(project: Project, release: str = "istiod") -> "subprocess.Popen[str]":
    """Start an `up`, and return it in the middle of a release's install."""
    run = project.start_up()
    wait_for_release(release, "pending-install")
    return run


def is_locked(project: Project) -> bool:
    return any((project.folder / ".lab" / "state" / ".pulumi" / "locks").rglob("*.json"))


@pytest.mark.row(6)
@pytest.mark.long
@pytest.mark.parametrize("release", ["istio-base", "istiod", "istio-ingressgateway"])
def test_a_power_cut_during_an_install(empty, told, release):
    kill_session(start_installing(empty, release))
    again = empty.up()
    line = again.refused("pulumi cancel")
    assert f"{release} is stuck in pending-install" in repaired(empty)
    told(again.status, line, f"{REPAIR}, then `pulumi up`")


@pytest.mark.row(7)
def test_a_power_cut_during_an_upgrade(whole, told):
    whole.change(LARGER_ISTIOD)
    run = whole.start_up()
    wait_for_release("istiod", "pending-upgrade")
    kill_session(run)
    again = whole.preview()
    line = again.refused("istio-system/istiod: is pending-upgrade")
    assert "istiod is stuck in pending-upgrade" in repaired(whole)
    told(again.status, line, f"{REPAIR}, then `pulumi up`")


@pytest.mark.row(8)
@pytest.mark.long
def test_plugins_that_outlive_their_run_finish_first_and_are_ended_then(empty, told):
    kill_group(start_installing(empty))
    shown = empty.operation("repair")
    line = shown.line_with("pulumi-resource-kubernetes) outlived")
    repaired(empty)
    told(shown.status, line, f"{REPAIR} waits for it, and ends it")


@pytest.mark.row(9)
@pytest.mark.long
def test_a_stale_lock_is_named_with_its_remedy(whole, told):
    run = whole.start_up()
    wait_until("a lock", lambda: is_locked(whole) or run.poll() is not None, 120)
    kill_session(run)
    refused = whole.up()
    told(refused.status, refused.refused("pulumi cancel"), REPAIR)
    repaired(whole)


@pytest.mark.row(41)
@pytest.mark.long
def test_of_two_runs_at_once_the_second_is_refused_and_the_first_finishes(empty, told):
    first = empty.start_up()
    wait_until("the first run's lock", lambda: is_locked(empty), 120)
    second = empty.up()
    line = second.refused("locked")
    assert empty.operation("repair", "--yes").status == 1
    assert first.wait(timeout=300) == 0
    empty.operation("verify").must()
    told(second.status, line, "waiting; repair refuses too while the first runs")


@pytest.mark.row(4)
@pytest.mark.long
def test_one_interrupt_ends_the_run_in_order(empty, told):
    run = start_installing(empty)
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
    run = start_installing(empty)
    for number in signals:
        os.kill(run.pid, number)
        time.sleep(0.5)
    assert run.wait(timeout=120) != 0
    empty.must_recover()
    told(run.returncode, "the run ends at once", f"{REPAIR}, then `pulumi up`")


@pytest.mark.long
@pytest.mark.row(15)
def test_an_api_server_that_goes_down_in_the_middle(empty, told):
    run = start_installing(empty)
    with api_server_down():
        assert run.wait(timeout=300) != 0
    empty.must_recover()
    told(run.returncode, "the release that was under way fails", f"{REPAIR}, `pulumi up`")


@pytest.mark.long
@pytest.mark.row(24)
def test_a_node_that_is_lost_in_the_middle(empty, told):
    run = empty.start_up()
    wait_for_release("istio-base", "deployed")
    stop_node("pi-3")
    status = run.wait(timeout=600)
    # Whether istiod was there before its node went is chance: a first install needs all nodes, an installed mesh not.
    installed = "istiod" in releases()
    again = empty.up()
    assert (again.status == 0) == installed
    start_node("pi-3")
    empty.must_recover()
    told(status, again.line_with("at least 3 needed"), "`pulumi up` when the node is back")


def cut(project: Project, within: float, seed: int) -> None:
    """Kill all of an `up` at a random moment, after which repair and a plain `up` restore the mesh."""
    run = project.start_up()
    time.sleep(random.Random(seed).uniform(0.5, within))
    kill_session(run)
    project.must_recover()


@pytest.fixture(scope="module")
def seconds(project: Project) -> float:
    """Return the duration of an install on this machine."""
    project.operation("repair", "--yes").must()
    project.destroy("--refresh").must()
    start = time.monotonic()
    project.must_up()
    return time.monotonic() - start


@pytest.mark.long
@pytest.mark.row(6)
@pytest.mark.parametrize("seed", range(TIMES))
def test_a_first_install_is_cut_off(seconds, empty, seed):
    cut(empty, seconds, seed)


@pytest.mark.long
@pytest.mark.row(7)
@pytest.mark.parametrize("seed", range(TIMES))
def test_an_upgrade_is_cut_off(seconds, whole, seed):
    kubectl("create", "configmap", f"ledger-{seed}", "--namespace=trading", "--from-literal=balance=17")
    trading = get("namespace", "trading")["metadata"]["uid"]
    for app in ("istio", "ingress", "egress"):
        whole.set(f"{app}.resources.requests", {"cpu": f"{101 + seed}m", "memory": "128Mi"})
        whole.set(f"{app}.resources.limits", {"cpu": "500m", "memory": "256Mi"})
    cut(whole, seconds, seed)
    assert get("namespace", "trading")["metadata"]["uid"] == trading
    assert get("configmap", f"ledger-{seed}", "--namespace=trading")["data"] == {"balance": "17"}
