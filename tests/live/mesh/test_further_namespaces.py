"""The room beside a running mesh, and further namespaces: one with everything, one with nothing, both gone again."""

from collections.abc import Callable, Iterator

import pytest

from lab import calls, workloads
from lab.cluster.kubectl import get
from lab.cluster.names import CONTEXT
from lab.cluster.shell import LabError
from lab.workloads import SELF, Workload
from pi_mesh.budget.fit import fitting
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.checks.capacity import demand, placed, rooms
from pi_mesh.checks.preflight import room_for_the_mesh
from pi_mesh.cluster import snapshot
from tests.support import pods
from tests.support.factories import make_mesh
from tests.support.objects import present
from tests.support.project import Project
from tests.support.scheduler import accepted, decisions, probes

BUDGET = mesh_budget(make_mesh())
SIDECAR, TRADING = BUDGET.sidecar.requests, BUDGET.promises[0].row
LARGER = {half: {"cpu": "100m", "memory": "192Mi"} for half in ("requests", "limits")}


def findings(project: Project) -> dict[str, dict]:
    """Return what the preflight says, by the check's name; it must not refuse."""
    return {finding["id"]: finding for finding in project.operation("preflight", "--json").must().findings}


def test_trading_gets_the_pods_that_it_is_promised(mesh, figure):
    found = findings(mesh)[room_for_the_mesh.TRADING]
    assert (found["level"], found["number"]) == ("ok", TRADING.pods)
    assert accepted(TRADING.requests, TRADING.pods) == TRADING.pods
    figure(f"{TRADING.pods} of {TRADING.requests} promised and accepted beside the running mesh")


@pytest.mark.usefixtures("as_user")
def test_a_full_cluster_refuses_no_up_that_restarts_nothing(mesh, figure):
    live = snapshot.read(CONTEXT)
    count = fitting(rooms(live.nodes, live.pods), SIDECAR)
    with probes(SIDECAR, count + 1):
        assert decisions().count("False") == 1
        found = findings(mesh)
        again = mesh.must_up()
        mesh.set("istio.resources", LARGER)
        larger = mesh.preview()
    mesh.reset()
    assert found[room_for_the_mesh.ID]["level"] == "warning"
    assert found[room_for_the_mesh.TRADING]["number"] == 0
    assert "unchanged" in again.output
    refusal = larger.refused("with the surge of its rollouts, which do not fit").strip()
    figure(f"{count} sidecars fill the cluster: {found[room_for_the_mesh.ID]['message']}; a larger istiod: {refusal}")


OFF = {"injection": False, "workloads": 1, "bounds": {"quota": False, "limitRange": False, "sidecar": False}}
NAMESPACES = {"research": {"workloads": 3, "defaultDeny": {"enabled": True}}, "batch": OFF}
SERVER, INSIDE = Workload("server", "research"), Workload("inside", "research")
CALLER, JOB = Workload("caller"), Workload("job", "batch")
ALL = (SERVER, INSIDE, CALLER, JOB)
URL = "http://server.research"
LARGE = {half: {"cpu": "300m", "memory": "64Mi"} for half in ("requests", "limits")}


@pytest.fixture(scope="module")
def further(mesh: Project) -> Iterator[Project]:
    """Yield the mesh with both namespaces and a workload or two in each."""
    mesh.change({"namespaces": NAMESPACES, "trading.sidecarScope": ["./*", "research/*"]})
    mesh.must_up()
    everything = [item for one in ALL for item in workloads.manifests(one)]
    workloads.apply([*everything, workloads.service("server", {SELF: "server"}, "research", http=8080)])
    workloads.wait_for(*ALL)
    yield mesh
    workloads.delete(workloads.manifests(CALLER))
    mesh.must_hold_the_shipped_mesh()


def containers(workload: Workload) -> set[str]:
    (pod,) = get("pods", f"--namespace={workload.namespace}", f"--selector={SELF}={workload.name}")["items"]
    return set(pods.containers(pod))


def bounds(namespace: str) -> set[str]:
    found = get("limitranges,resourcequotas,sidecars.networking.istio.io", f"--namespace={namespace}")["items"]
    return {item["kind"] for item in found}


@pytest.mark.usefixtures("further")
def test_each_namespace_has_what_its_settings_ask_for_and_nothing_else(figure):
    assert "istio-proxy" in containers(SERVER)
    assert bounds("research") == {"LimitRange", "ResourceQuota", "Sidecar"}
    # The workload's own label asks for a sidecar, and the namespace has the last word.
    assert containers(JOB) == {SELF}
    assert bounds("batch") == set()
    figure("research: sidecar, LimitRange, ResourceQuota, Sidecar; batch: none of them")


@pytest.mark.usefixtures("further")
def test_the_quota_of_a_further_namespace_refuses_what_is_too_large(figure):
    with pytest.raises(LabError, match="exceeded quota") as refusal:
        pods.injected(pods.pod("research", "large", pods.idle(resources={"requests": {"cpu": "250m"}})))
    used = get("resourcequota", "workloads", "--namespace=research")["status"]["used"]
    assert (used["pods"], used["requests.memory"]) == ("2", "320Mi")
    figure(str(refusal.value).partition("exceeded quota: ")[2])


@pytest.mark.usefixtures("further")
def test_the_default_deny_of_a_further_namespace_admits_that_namespace_alone(figure):
    inside = calls.settled(lambda: calls.status(INSIDE, URL), 200)
    outside = calls.settled(lambda: calls.status(CALLER, URL), 403)
    assert (inside, outside, calls.status(JOB, URL)) == (200, 403, calls.REFUSED)
    figure(f"from research {inside}, from trading {outside}, from batch without a sidecar no answer")


def test_verify_and_the_budget_know_both(further, figure):
    rows = {(one["id"], one["name"]): one for one in further.operation("verify", "--all", "--json").must().findings}
    assert "with istio-proxy" in rows["sidecar injection", "research"]["message"]
    assert "without istio-proxy, as the settings ask" in rows["sidecar injection", "batch"]["message"]
    assert ("workloads", "research") in rows
    budget = further.operation("budget", "--json").must().report["budget"]
    counted = {one["component"]: one["pods"] for one in budget["namespaces"]}
    assert counted == {"workloads of research": 3, "workloads of batch": 1}
    figure(f"verify: {rows['sidecar injection', 'batch']['message']}; budget: {counted}")


def test_both_are_removed_again_and_the_mesh_is_as_it_was(further, figure):
    workloads.delete(workloads.manifests(CALLER))
    further.reset()
    removed = further.must_up()
    assert not {*NAMESPACES} & {item["metadata"]["name"] for item in get("namespaces")["items"]}
    assert bounds("trading") == {"LimitRange", "ResourceQuota", "Sidecar"}
    figure(removed.line_with("deleted").strip())


@pytest.mark.long
@pytest.mark.usefixtures("mesh", "as_user")
def test_the_scheduler_accepts_as_many_pods_of_a_further_namespace_as_preflight_says(figure: Callable[[str], None]):
    wanted = make_mesh(
        cluster={"context": CONTEXT, "architecture": "amd64"},
        trading={"workloads": 1},
        namespaces={"research": {"workloads": 500, "workload": LARGE}},
    )
    with present([], CALLER):
        live = snapshot.read(CONTEXT)
        asked = demand(wanted, live)
        left, pending = placed(asked.coming, live.nodes, asked.nodes)
        assert pending == []
        _, research = room_for_the_mesh.promise_findings(wanted, live, (*left, *asked.others))
        predicted = int(research.number or 0)
        requests = room_for_the_mesh.promises(wanted.settings)[1].row.requests
        assert accepted(requests, predicted + 2) == predicted > 0
    figure(f"{predicted} of {requests} promised and accepted, 2 more left Pending")
