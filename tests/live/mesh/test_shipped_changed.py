"""The shipped mesh alone: what it watches, where its charts come from, its limits."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.calls import settled
from lab.cluster.kubectl import kubectl, staying_pods
from lab.workloads import CONTROL, TRADING, Workload, apply, delete, manifests, namespace, service, wait_for
from tests.live.traffic.load import steady
from tests.live.versions import LAB
from tests.support import pods
from tests.support.chart_servers import ChartServer, package, serving
from tests.support.helm import helm
from tests.support.project import Project
from tests.support.proxies import Proxy


@pytest.fixture
def shipped(alone: Project) -> Project:
    """Return the shipped mesh with no workload of other tests."""
    alone.must_hold_the_shipped_mesh()
    return alone


ELSEWHERE, QUIET = "elsewhere", "quiet"


@pytest.mark.long
def test_another_namespace_is_unknown_and_is_named_once_it_asks_for_sidecars(shipped: Project, figure):
    """Other tests' workloads are gone: preflight names each of their namespaces too."""
    apply([namespace(ELSEWHERE), service(QUIET, {"app": QUIET}, ELSEWHERE, http=8080)])
    try:
        before = settled(gateway_knows, True)
        shipped.set("istio.discovery", {"limited": True})
        shipped.must_up()
        limited = settled(gateway_knows, False)
        verified = shipped.operation("verify").status
        kubectl("label", "namespace", ELSEWHERE, "istio-injection=enabled")
        refused = shipped.preview()
        shipped.set("istio.discovery", {"limited": True, "also": [ELSEWHERE]})
        shipped.must_up()
        kept = settled(gateway_knows, True)
    finally:
        kubectl("delete", "namespace", ELSEWHERE, "--wait=false")
    assert (before, limited, verified, kept) == (True, False, 0, True)
    assert f"add {ELSEWHERE} to istio.discovery.also" in refused.refused(f"namespace {ELSEWHERE}:")
    figure("the ingress gateway knew the Service, did not while limited, and did again with `also`; verify 0")


def gateway_knows() -> bool:
    """Return True if the ingress gateway's proxy has a cluster for port 80 of the Service."""
    (pod,) = staying_pods(CONTROL, "app=istio-ingressgateway")
    try:
        Proxy(CONTROL, pod["metadata"]["name"]).cluster(f"outbound|80||{QUIET}.{ELSEWHERE}.svc.cluster.local")
    except StopIteration:
        return False
    return True


CHARTS = ("base", "istiod", "gateway")


@pytest.fixture
def server(shipped: Project) -> Iterator[ChartServer]:
    """Yield a registry on loopback with the lab's charts, from which the stack lab has locked its own."""
    with serving() as server:
        for chart in CHARTS:
            server.charts[chart, LAB] = (shipped.folder / ".lab" / "charts" / f"{chart}-{LAB}.tgz").read_bytes()
        shipped.set("charts.source", server.registry)
        shipped.operation("charts", "lock").must()
        yield server
    for kept in ("charts.lock.yaml", "charts"):
        path = shipped.folder / kept
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def another_checkout(project: Project, folder: Path) -> Project:
    """Return a second folder with the same stack file, lock and charts."""
    other = Project(folder)
    for name in ("Pulumi.lab.yaml", "charts.lock.yaml"):
        shutil.copy(project.folder / name, folder / name)
    shutil.copytree(project.folder / "charts", folder / "charts")
    return other


def test_the_locked_files_are_installed_in_any_checkout_and_no_others(server, shipped, tmp_path, figure):
    before = pods.uids(CONTROL)
    server.asked.clear()
    shipped.must_up()
    assert server.asked == []
    assert pods.uids(CONTROL) == before
    istiod = shipped.folder / "charts" / f"istiod-{LAB}.tgz"
    assert "chart sha256:" in helm("history", "istiod", "--max=1")
    # The state knows files by relative paths: elsewhere nothing differs.
    another_checkout(shipped, tmp_path / "second").must_be_unchanged()
    istiod.write_bytes(package(tmp_path, "istiod", LAB, "tampered"))
    line = shipped.preview().refused(f"istiod-{LAB}.tgz has the sha256")
    server.charts["istiod", LAB] = istiod.read_bytes()
    changed = shipped.operation("charts", "vendor")
    assert changed.status == 1
    assert "has sha256" in changed.output
    figure(f"no pod made anew, no request to the registry, a second checkout unchanged; tampered: {line.strip()}")


WINDOW = 30
SERVER, CLIENT = Workload("busy"), Workload("busy-client")
OBJECTS = [*manifests(SERVER), *manifests(CLIENT), service("busy", {"fortio": "busy"}, http=8080)]


def under_load(project: Project, limit: str) -> dict:
    """Return what `verify` finds about the server's sidecar, with such a CPU limit and requests going through it."""
    sizes = {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"cpu": limit, "memory": "256Mi"}}
    project.set("proxy.resources", sizes)
    project.must_up()
    apply(OBJECTS)
    try:
        wait_for(SERVER, CLIENT, seconds=300)
        with steady(CLIENT, f"http://busy.{TRADING}"):
            outcome = project.operation("verify", "--json", "--window", str(WINDOW))
    finally:
        delete(OBJECTS)
    findings = [one for one in outcome.findings if one["id"] == "cpu throttling"]
    for one in findings:
        print(f"{limit}: {one['level']} {one['name']}: {one['message']} -> {one['fix']}")
    return next((one for one in findings if one["name"] == f"{TRADING}/busy"), findings[0])


@pytest.mark.long
def test_a_sidecar_at_20m_is_throttled_and_one_at_500m_is_not(shipped: Project, figure):
    throttled = under_load(shipped, "20m")
    assert (throttled["level"], throttled["fix"]) == ("warning", "raise proxy.resources.limits.cpu")
    assert "at 20m, counted over" in throttled["message"]
    enough = under_load(shipped, "500m")
    assert enough["level"] == "ok", enough["message"]
    figure(f"20m: {throttled['message']}; 500m: {enough['message']}")
