"""Stale proxies, which are named, and restarted while they are used."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import yaml

from lab.calls import settled, status
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, SELF, TRADING, Workload, apply, delete, manifests, service, wait_for
from tests.live.traffic.load import must_lose_nothing, streams
from tests.live.versions import LAB
from tests.support import pods
from tests.support.objects import present

OLDER = Workload("older", labels={"app": "older"}, replicas=2, stop_seconds=5)
CALLER = Workload("caller")
LONELY = pods.pod(TRADING, "lonely", pods.idle())
SERVICE = service("older-service", {"app": "older"}, http=8080)
URL = f"http://older-service.{TRADING}"
AFTERMATH = 8  # seconds in which stopping pods drain after the rollout


@contextmanager
def older_proxies(objects: list[dict], *workloads: Workload) -> Iterator[None]:
    """Run these workloads with proxies that got one thread, where the mesh now gives two."""
    shipped = get("configmap", "istio", "-n", CONTROL)["data"]["mesh"]
    one_thread = yaml.safe_load(shipped)
    one_thread["defaultConfig"]["concurrency"] = 1
    try:
        inject(yaml.safe_dump(one_thread), threads=1)
        apply(objects)
        wait_for(*workloads)
        inject(shipped, threads=2)
        yield
    finally:
        inject(shipped, threads=2)
        delete(objects)


@pytest.fixture(scope="module")
def older(mesh) -> Iterator[None]:  # noqa: ARG001
    """Run a workload and a bare pod with stale proxies, and a caller with a new one."""
    with older_proxies([SERVICE, LONELY, *manifests(OLDER)], OLDER), present([], CALLER):
        pods.wait_ready(TRADING, "lonely")
        assert settled(lambda: status(CALLER, URL), 200) == 200
        yield


def inject(mesh_config: str, threads: int) -> None:
    """Give istiod a mesh config, and wait until it injects that number of threads."""
    patch = json.dumps({"data": {"mesh": mesh_config}})
    kubectl("patch", "configmap", "istio", "-n", CONTROL, "--type=merge", "-p", patch)

    def injected() -> int:
        containers = pods.containers(pods.injected(pods.pod(TRADING, "asked", pods.idle())))
        variables = {one["name"]: one.get("value") for one in containers["istio-proxy"]["env"]}
        return json.loads(variables["PROXY_CONFIG"])["concurrency"]

    wait_until(f"istiod injects {threads} threads", lambda: injected() == threads)


def told(mesh, *arguments: str, status: int = 0) -> dict:
    """Return the report of an operation."""
    done = mesh.operation(*arguments, "--json")
    assert done.status == status, done.output
    return done.report


def uids(*workloads: Workload) -> list[set[str]]:
    """Return the UIDs of the pods of each workload."""
    return [set(pods.uids(TRADING, selector=f"{SELF}={one.name}")) for one in workloads]


@pytest.mark.usefixtures("older")
def test_every_proxy_is_shown_and_the_older_ones_are_named(mesh):
    # A test before may have ended istiod: Envoy connects again within 30 seconds.
    wait_until("every proxy is connected", lambda: mesh.operation("proxies", "--json").status == 0, 90)
    report = told(mesh, "proxies")
    rows = {row["proxy"]: row for row in report["proxies"]}
    older = {name for name, row in rows.items() if row["older"]}
    assert {name.rpartition("/")[2].partition("-")[0] for name in older} == {"older", "lonely"}
    assert all(rows[name]["older"] == ["concurrency 1, now 2"] for name in older)
    assert all(row["connected"] and row["version"] == LAB and row["behind"] == 0 for row in rows.values())
    certificates = [row["certificate"] for row in rows.values()]
    assert all(one["trusted"] and 0 < one["days"] < 0.1 and len(one["roots"]) == 1 for one in certificates)


@pytest.mark.usefixtures("older")
def test_refresh_restarts_them_while_they_are_used_and_no_request_is_lost(mesh, figure):
    (before,) = uids(OLDER)
    planned = told(mesh, "refresh", "--dry-run")
    assert [finding["name"] for finding in planned["findings"]] == [f"{TRADING}/older", f"{TRADING}/lonely"]
    assert uids(OLDER) == [before]
    with streams(sidecars=(CALLER, URL)) as tallies:
        done = told(mesh, "refresh", "--yes")
        time.sleep(AFTERMATH)
    restarted, lonely = done["findings"]
    assert (restarted["name"], restarted["level"]) == (f"{TRADING}/older", "ok")
    assert (lonely["name"], lonely["level"]) == (f"{TRADING}/lonely", "warning")
    assert lonely["message"].startswith("has no controller, so nothing would replace it")
    assert not before & uids(OLDER)[0]
    figure(must_lose_nothing(tallies))
    left = {row["proxy"] for row in told(mesh, "proxies")["proxies"] if row["older"]}
    assert left == {f"{TRADING}/lonely"}


@pytest.mark.usefixtures("older")
def test_a_second_run_restarts_nothing(mesh):
    before = uids(OLDER)
    (lonely,) = told(mesh, "refresh", "--yes")["findings"]
    assert lonely["name"] == f"{TRADING}/lonely"
    assert uids(OLDER) == before


BOUNDED = Workload("bounded", labels={"app": "bounded"}, replicas=2)
STUCK, THIRD = Workload("stuck"), Workload("third")
UNREADY = Workload("unready", labels={"app": "bounded"}, sidecar=False)
ONE_BY_ONE = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}


def without_surge(workload: Workload) -> list[dict]:
    """Return a workload whose rollout takes a pod away before the next one is there."""
    account, deployment = manifests(workload)
    return [account, {**deployment, "spec": {**deployment["spec"], "strategy": ONE_BY_ONE}}]


def never_ready(workload: Workload) -> list[dict]:
    account, deployment = manifests(workload)
    probe = {"readinessProbe": {"tcpSocket": {"port": 1}}}
    deployment["spec"]["template"]["spec"]["containers"][0].update(probe)
    return [account, deployment]


def budget(**spec: int) -> dict:
    selected = {"selector": {"matchLabels": dict(BOUNDED.labels)}, **spec}
    metadata = {"name": "bounded", "namespace": TRADING}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": selected}


def wait_until_it_allows(disruptions: int) -> None:
    def allows() -> bool:
        live = get("poddisruptionbudget", "bounded", "-n", TRADING)
        current = live["status"].get("observedGeneration") == live["metadata"]["generation"]
        return current and live["status"]["disruptionsAllowed"] == disruptions

    wait_until(f"a budget that allows {disruptions}", allows)


def rows(report: dict) -> dict[str, dict]:
    """Return the findings by the name of their workload."""
    return {one["name"].partition("/")[2]: one for one in report["findings"]}


def ready(workload: Workload) -> int:
    found = staying_pods(TRADING, f"{SELF}={workload.name}")
    states = [one for pod in found for one in pod["status"].get("conditions", []) if one["type"] == "Ready"]
    return sum(one["status"] == "True" for one in states)


@pytest.mark.long
def test_budgets_are_kept_and_a_workload_that_does_not_come_up_ends_the_run_until_the_next(mesh, figure):
    made = [budget(minAvailable=2), *without_surge(BOUNDED), *manifests(STUCK), *manifests(THIRD)]
    with older_proxies(made, BOUNDED, STUCK, THIRD):
        before = uids(BOUNDED, STUCK, THIRD)
        wait_until_it_allows(0)
        assert rows(told(mesh, "refresh", "--dry-run"))["bounded"]["message"].startswith(
            "takes 1 pod away at once in a rollout, and PodDisruptionBudget bounded allows 0 pods"
        )

        kubectl("delete", "poddisruptionbudget", "bounded", "-n", TRADING)
        apply([budget(maxUnavailable=1), *never_ready(UNREADY)])
        wait_until_it_allows(0)
        waited = rows(told(mesh, "refresh", "--yes", "--wait", "8", status=1))
        assert waited["bounded"]["message"] == (
            "is not restarted after 8 s: PodDisruptionBudget bounded allows 0 of its pods to go now; "
            "nothing after it was restarted"
        )
        assert uids(BOUNDED, STUCK, THIRD) == before

        delete(never_ready(UNREADY))
        kubectl("delete", "serviceaccount", STUCK.name, "-n", TRADING)
        wait_until_it_allows(1)
        with ThreadPoolExecutor() as pool:
            refreshing = pool.submit(told, mesh, "refresh", "--yes", "--wait", "40", status=1)
            least = BOUNDED.replicas
            while not refreshing.done():
                least = min(least, ready(BOUNDED))
        seen = rows(refreshing.result())
        assert (seen["bounded"]["level"], least) == ("ok", 1)
        bounded, *others = uids(BOUNDED, STUCK, THIRD)
        assert not before[0] & bounded
        assert 'serviceaccount "stuck" not found; nothing after it was restarted' in seen["stuck"]["message"]
        assert others == before[1:]

        apply(manifests(STUCK)[:1])
        went_on = rows(told(mesh, "refresh", "--yes"))
        assert (went_on["stuck"]["level"], went_on["third"]["level"]) == ("ok", "ok")
        assert not set.union(*before[1:]) & set.union(*uids(STUCK, THIRD))
        figure(f"at least {least} of {BOUNDED.replicas} pods ready; then: {seen['stuck']['message']}")
