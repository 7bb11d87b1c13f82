"""The limits of repair: a run under way, a release that may be under way, and a foreign living mesh stay unchanged."""

import signal
import time
from collections.abc import Iterator

import pytest

from lab import dead_run
from lab.cluster.kubectl import get, kubectl
from tests.live.reliability.test_refusals import FOREIGN_CRD
from tests.support.helm import wait_for_release
from tests.support.project import LARGER_ISTIOD, Project, kill_session, signal_session

RECORD = ("secret", "--namespace=istio-system", "--selector=owner=helm,name=istiod")


def test_a_run_that_is_going_on_is_not_repaired_and_finishes(whole):
    whole.change(LARGER_ISTIOD)
    run = whole.start_up()
    wait_for_release("istiod", "pending-upgrade")
    signal_session(run, signal.SIGSTOP)  # repair may take longer to begin than the upgrade to end
    refused = whole.operation("repair", "--yes")
    signal_session(run, signal.SIGCONT)
    assert refused.status == 1, refused.output
    assert "a run is going on" in refused.output
    assert run.wait(timeout=120) == 0
    whole.operation("repair").must()
    whole.must_be_unchanged()


@pytest.fixture
def young(whole: Project) -> Iterator[str]:  # noqa: ARG001 - first the mesh
    """Yield the Secret of an istiod that is being upgraded by hand."""
    name = get(*RECORD)["items"][-1]["metadata"]["name"]
    label = ("label", "secret", name, "--namespace=istio-system", "--overwrite")
    kubectl(*label, "status=pending-upgrade", f"modifiedAt={int(time.time())}")
    yield name
    kubectl(*label, "status=deployed", "modifiedAt-")


@pytest.mark.long
def test_a_release_that_is_younger_than_its_timeout_is_waited_for(whole, young):
    before = get("secret", young, "--namespace=istio-system")
    refused = whole.operation("repair", "--yes")
    assert refused.status == 1, refused.output
    assert "istio-system/istiod: is pending-upgrade, and may still be under way: wait for" in refused.output
    assert get("secret", young, "--namespace=istio-system") == before


@pytest.fixture
def living_mesh(empty: Project) -> Iterator[None]:  # noqa: ARG001 - nothing of ours is there
    """Yield an istiod of no release, with a CRD."""
    kubectl("delete", "crd", "--selector=app.kubernetes.io/part-of=istio", "--ignore-not-found")
    kubectl("apply", "--filename=-", stdin=FOREIGN_CRD)
    kubectl("create", "namespace", "mesh")
    kubectl("create", "deployment", "istiod", "--image=nowhere/istiod", "--namespace=mesh")
    yield
    kubectl("delete", "namespace", "mesh")
    kubectl("delete", "crd", "gateways.networking.istio.io")


@pytest.mark.long
@pytest.mark.usefixtures("living_mesh")
def test_the_crds_of_somebody_elses_living_mesh_stay_theirs(empty):
    refused = empty.up()
    assert refused.status != 0
    assert "deployment mesh/istiod: is another istiod" in refused.output
    assert "uninstall --purge" not in refused.output
    assert "operations repair" not in refused.output
    before = get("crd", "gateways.networking.istio.io")["metadata"]
    empty.operation("repair", "--yes").must()
    assert get("crd", "gateways.networking.istio.io")["metadata"] == before


@pytest.mark.long
def test_the_lab_clears_what_a_killed_run_of_its_stack_left(whole):
    whole.change(LARGER_ISTIOD)
    run = whole.start_up()
    wait_for_release("istiod", "pending-upgrade")
    kill_session(run)
    cleared = "\n".join(dead_run.clear(whole.environment))
    assert "is locked by a run that has ended" in cleared
    assert "release istio-system/istiod: is stuck in pending-upgrade" in cleared
    whole.must_up()
    whole.operation("verify").must()
    assert list(dead_run.clear(whole.environment)) == []
