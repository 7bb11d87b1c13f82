"""Older proxies are named, and restarted while they are used."""

import json
import time
from collections.abc import Callable, Iterator

import pytest
import yaml

from lab.calls import settled, status
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.waiting import wait_until
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL, TRADING, Workload, apply, delete, manifests, service, wait_for
from tests.live.traffic.load import streams
from tests.support import pods

OLDER = Workload("older", labels={"app": "older"}, replicas=2, stop_seconds=5)
CALLER = Workload("caller")
LONELY = pods.pod(TRADING, "lonely", pods.idle())
SERVICE = service("older-service", {"app": "older"}, http=8080)
URL = f"http://older-service.{TRADING}"
AFTERMATH = 8
"""Seconds: pods that were told to stop drain on when the rollout is done."""


@pytest.fixture(scope="module")
def older(mesh) -> Iterator[None]:  # noqa: ARG001
    """A workload and a pod of no workload that got one thread for their proxies, where the mesh gives two by now."""
    made_older = [SERVICE, LONELY, *manifests(OLDER)]
    shipped = get("configmap", "istio", "-n", CONTROL)["data"]["mesh"]
    one_thread = yaml.safe_load(shipped)
    one_thread["defaultConfig"]["concurrency"] = 1
    try:
        inject(yaml.safe_dump(one_thread), threads=1)
        apply(made_older)
        wait_for(OLDER)
        inject(shipped, threads=2)
        apply(manifests(CALLER))
        wait_for(CALLER)
        pods.wait_ready(TRADING, "lonely")
        assert settled(lambda: status(CALLER, URL), 200) == 200
        yield
    finally:
        inject(shipped, threads=2)
        delete([*made_older, *manifests(CALLER)])


def inject(mesh_config: str, threads: int) -> None:
    """Give istiod a mesh config, and wait until it injects so many threads."""
    patch = json.dumps({"data": {"mesh": mesh_config}})
    kubectl("patch", "configmap", "istio", "-n", CONTROL, "--type=merge", "-p", patch)
    asked = json.dumps(pods.pod(TRADING, "asked", pods.idle()))

    def injected() -> bool:
        made = json.loads(kubectl("create", "-f", "-", "--dry-run=server", "-o", "json", stdin=asked))
        every = [*made["spec"]["containers"], *made["spec"].get("initContainers", [])]
        config = next(one["value"] for each in every for one in each.get("env", []) if one["name"] == "PROXY_CONFIG")
        return json.loads(config)["concurrency"] == threads

    wait_until(f"istiod injects {threads} threads", injected)


def told(mesh, *arguments: str, status: int = 0) -> dict:
    """Return the report of an operation."""
    done = mesh.operation(*arguments, "--json")
    assert done.status == status, done.output
    return json.loads(done.output.splitlines()[-1])


@pytest.fixture
def uids() -> Callable[[], set[str]]:
    return lambda: {pod["metadata"]["uid"] for pod in staying_pods(TRADING, "fortio=older")}


@pytest.mark.usefixtures("older")
def test_every_proxy_is_shown_and_the_older_ones_are_named(mesh):
    report = told(mesh, "proxies")
    rows = {row["proxy"]: row for row in report["proxies"]}
    older = {name for name, row in rows.items() if row["older"]}
    assert {name.rpartition("/")[2].partition("-")[0] for name in older} == {"older", "lonely"}
    assert all(rows[name]["older"] == ["concurrency 1, now 2"] for name in older)
    assert all(row["connected"] and row["version"] == ISTIO and row["behind"] == 0 for row in rows.values())
    certificates = [row["certificate"] for row in rows.values()]
    assert all(one["trusted"] and 0 < one["days"] < 0.1 and len(one["roots"]) == 1 for one in certificates)


@pytest.mark.usefixtures("older")
def test_refresh_restarts_them_while_they_are_used_and_no_request_is_lost(mesh, uids, figure):
    before = uids()
    planned = told(mesh, "refresh", "--dry-run")
    assert [finding["name"] for finding in planned["findings"]] == [f"{TRADING}/older", f"{TRADING}/lonely"]
    assert uids() == before
    with streams(sidecars=(CALLER, URL)) as tallies:
        done = told(mesh, "refresh")
        time.sleep(AFTERMATH)
    restarted, lonely = done["findings"]
    assert (restarted["name"], restarted["level"]) == (f"{TRADING}/older", "ok")
    assert (lonely["name"], lonely["level"]) == (f"{TRADING}/lonely", "warning")
    assert lonely["message"].startswith("has no controller, and nothing would replace it")
    assert not before & uids()
    figure(str(tallies["sidecars"]))
    assert tallies["sidecars"].failed == {}
    left = {row["proxy"] for row in told(mesh, "proxies")["proxies"] if row["older"]}
    assert left == {f"{TRADING}/lonely"}


@pytest.mark.usefixtures("older")
def test_a_second_run_restarts_nothing(mesh, uids):
    before = uids()
    (lonely,) = told(mesh, "refresh")["findings"]
    assert lonely["name"] == f"{TRADING}/lonely"
    assert uids() == before
