"""Two control planes: a namespace moves to the second one and back, and no revision goes while proxies use it."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest

from lab.calls import settled
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.workloads import CONTROL, TRADING, Workload
from tests.live.traffic.cast import INGRESS_URL
from tests.live.traffic.load import must_lose_nothing, streams
from tests.live.traffic.shop import INSIDER, SHOP, VISITOR, open_shop
from tests.live.versions import LAB, LAB_BEFORE, install_older
from tests.support import proxies
from tests.support.objects import present
from tests.support.project import Project

MOVER = Workload("mover")
REVISION, TAG = "next", "stable"
GATEWAYS = ("istio-ingressgateway", "istio-egressgateway")
FIRST, SECOND = "istiod", f"istiod-{REVISION}"
AS_SHIPPED = {"istio.canary": None, "istio.tags": {}, "trading.revision": None}


@pytest.fixture
def mover(alone: Project) -> Iterator[Project]:
    """Yield the shipped stack lab, and a workload of its control plane."""
    alone.must_hold_the_shipped_mesh()
    with present([], MOVER):
        yield alone


@pytest.fixture
def older_shop(alone: Project, older_istio: Callable[[str], None]) -> Iterator[Project]:
    """Yield the stack lab with an older Istio, and workloads behind its ingress gateway."""
    older_istio(LAB_BEFORE)
    install_older(alone, LAB_BEFORE)
    with open_shop():
        yield alone


def revisions() -> dict[str, str]:
    """Return workload -> revision whose istiod injected its pods."""
    pods = [pod["metadata"] for pod in staying_pods(TRADING)]
    return {meta["name"].rsplit("-", 2)[0]: meta["annotations"]["istio.io/rev"] for meta in pods}


def led_by(istiod: str) -> set[str]:
    """Return the trading workloads whose proxies are connected to an istiod."""
    path = ("pilot-discovery", "request", "GET", "/debug/syncz")
    said = json.loads(kubectl("exec", f"--namespace={CONTROL}", f"deployment/{istiod}", "--", *path))
    names = (entry["proxy"].split(".") for entry in said)
    return {pod.rsplit("-", 2)[0] for pod, namespace in names if namespace == TRADING}


def there_and_back(project: Project, workloads: set[str]) -> str:
    """Move the workloads to a second control plane and back, remove it, and return its earlier refusal."""
    before = get("deployment", FIRST, f"--namespace={CONTROL}")["metadata"]["uid"]
    beside = {"istio.canary": {"version": LAB, "revision": REVISION}, "trading.revision": TAG}
    project.change({**beside, "istio.tags": {TAG: REVISION}})
    assert "replaced" not in project.must_up().output
    assert led_by(FIRST) == workloads
    project.operation("refresh", "--yes").must()
    assert revisions() == dict.fromkeys(workloads, REVISION)
    assert settled(lambda: led_by(SECOND), workloads) == workloads
    project.operation("verify").must()

    project.change(AS_SHIPPED)
    refused = project.up()
    line = refused.refused(f"would remove the revision {REVISION}").strip()
    assert get("deployment", SECOND, f"--namespace={CONTROL}")

    # The tag is the one setting that moves whoever follows it.
    move(project, {**beside, "istio.tags": {TAG: "default"}})
    assert revisions() == dict.fromkeys(workloads, "default")
    project.change(AS_SHIPPED)
    project.must_up()
    names = partial(kubectl, "get", "deployments", "--output=name", f"--namespace={CONTROL}")
    assert settled(lambda: SECOND in names(), False) is False
    assert get("deployment", FIRST, f"--namespace={CONTROL}")["metadata"]["uid"] == before
    return line


def move(project: Project, settings: Mapping[str, object]) -> None:
    """Change settings, and restart the workloads that they move."""
    project.change(settings)
    project.must_up()
    project.operation("refresh", "--yes").must()


def test_a_namespace_moves_and_comes_back_and_a_used_revision_stays(mover: Project, figure):
    figure(f"refused: {there_and_back(mover, {MOVER.name})}")


@pytest.mark.long
def test_no_request_is_lost_between_a_control_plane_and_a_newer_one_beside_it(older_shop: Project, figure):
    with streams(ingress=(VISITOR, INGRESS_URL)) as tallies:
        line = there_and_back(older_shop, {SHOP.name, INSIDER.name})
    figure(f"{LAB_BEFORE} and {LAB}: {must_lose_nothing(tallies)}; refused: {line}")
    older_shop.operation("verify").must()


@pytest.mark.long
def test_the_first_control_plane_follows_its_canary_and_no_request_is_lost(older_shop: Project, figure):
    """Take the steps of docs/upgrade.md: all moves, the first istiod is raised in place, and all comes back."""
    workloads = {SHOP.name, INSIDER.name}
    with streams(ingress=(VISITOR, INGRESS_URL)) as tallies:
        canary = {"istio.canary": {"version": LAB, "revision": REVISION}, "trading.revision": REVISION}
        move(older_shop, canary)
        assert settled(lambda: led_by(SECOND), workloads) == workloads
        older_shop.set("istio.version", LAB)
        older_shop.must_up()
        older_shop.operation("verify").must()
        move(older_shop, {"trading.revision": None})
        assert settled(lambda: led_by(FIRST), workloads) == workloads
        older_shop.change(AS_SHIPPED)
        older_shop.must_up()
    figure(f"{LAB_BEFORE}, then {LAB} beside it and in its place: {must_lose_nothing(tallies)}")
    older_shop.operation("verify").must()
    expected = {name: {LAB} for name in (*workloads, *GATEWAYS)}
    assert settled(lambda: proxies.versions(CONTROL, TRADING), expected) == expected
