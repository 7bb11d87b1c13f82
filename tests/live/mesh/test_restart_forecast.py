"""The restart forecast beside the pods that a real `up` recreates, one kind of change after another."""

import json
import re
from collections.abc import Iterator

import pytest

from lab.cluster.kubectl import staying_pods
from lab.workloads import CONTROL, TRADING, Workload, apply, delete, manifests, wait_for
from tests.support.kinds_of_change import KINDS, leaves
from tests.support.project import Project

SIDECAR = Workload("beside")
NAMED = re.compile(r"(?:Deployment|Namespace) ([^,; ]+)")


@pytest.fixture(scope="module")
def running(mesh: Project) -> Iterator[Project]:
    """Yield the shipped mesh with a workload, which keeps the changes of all tests until the last is done."""
    apply(manifests(SIDECAR))
    wait_for(SIDECAR)
    yield mesh
    delete(manifests(SIDECAR))
    mesh.must_hold_the_shipped_mesh()


def pods() -> dict[str, str]:
    """Return the Deployment, as NAMESPACE/NAME, of each pod that is not about to end, by the pod's UID."""
    found = [pod["metadata"] for pod in (*staying_pods(CONTROL), *staying_pods(TRADING))]
    return {one["uid"]: f"{one['namespace']}/{_deployment(one['ownerReferences'][0]['name'])}" for one in found}


def _deployment(replica_set: str) -> str:
    return replica_set.rpartition("-")[0]


def forecast(mesh: Project) -> set[str]:
    """Return the Deployments, as NAMESPACE/NAME, and namespaces whose pods `budget` says that an `up` replaces."""
    told = json.loads(mesh.operation("budget", "--json").must().output.splitlines()[-1])["findings"]
    (message,) = [finding["message"] for finding in told if finding["id"] == "restart forecast"]
    return set(NAMED.findall(message))


@pytest.mark.long
@pytest.mark.parametrize("what", [what for what, change in KINDS.items() if change.runs])
def test_exactly_the_pods_of_the_forecast_are_made_anew(what, running, figure):
    for path, value in leaves(KINDS[what].settings):
        running.set(path, value)
    told, before = forecast(running), pods()
    named = {one for one in before.values() if told & {one, one.partition("/")[0]}}
    assert told <= {*before.values(), *(one.partition("/")[0] for one in before.values())}
    running.must_up()
    now = pods()
    changed = {deployment for uid, deployment in before.items() if uid not in now}
    assert changed == named
    figure(f"{what}: {', '.join(sorted(changed)) or 'none'}")
