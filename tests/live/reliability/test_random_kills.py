"""Power cuts at random moments: after repair and `up` the mesh verifies, and trading is unchanged."""

import random
import time

import pytest

from lab.cluster.kubectl import get, kubectl
from tests.support.project import Project, kill_session

pytestmark = pytest.mark.long
TIMES = 20


def cut(project: Project, within: float, seed: int) -> None:
    """Start an `up` and kill all of it at a random moment."""
    run = project.start_up()
    time.sleep(random.Random(seed).uniform(0.5, within))
    kill_session(run)


def goes_on(project: Project) -> None:
    """Assert that after repair a plain `up` works and the mesh verifies."""
    project.operation("repair", "--yes").must()
    project.must_up()
    project.operation("verify").must()


@pytest.fixture(scope="module")
def seconds(project: Project) -> float:
    """Return the duration of an install on this machine."""
    project.operation("repair", "--yes").must()
    project.destroy("--refresh").must()
    start = time.monotonic()
    project.must_up()
    return time.monotonic() - start


@pytest.mark.row(6)
@pytest.mark.parametrize("seed", range(TIMES))
def test_a_first_install_is_cut_off(seconds, empty, seed):
    cut(empty, seconds, seed)
    goes_on(empty)


@pytest.mark.row(7)
@pytest.mark.parametrize("seed", range(TIMES))
def test_an_upgrade_is_cut_off(seconds, whole, seed):
    kubectl("create", "configmap", f"ledger-{seed}", "--namespace=trading", "--from-literal=balance=17")
    trading = get("namespace", "trading")["metadata"]["uid"]
    for app in ("istio", "ingress", "egress"):
        whole.set(f"{app}.resources.requests", {"cpu": f"{101 + seed}m", "memory": "128Mi"})
        whole.set(f"{app}.resources.limits", {"cpu": "500m", "memory": "256Mi"})
    cut(whole, seconds, seed)
    goes_on(whole)
    assert get("namespace", "trading")["metadata"]["uid"] == trading
    assert get("configmap", f"ledger-{seed}", "--namespace=trading")["data"] == {"balance": "17"}
