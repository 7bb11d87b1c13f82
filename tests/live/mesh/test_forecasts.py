"""The forecasts of a pull request's comment and of the budget, beside the engine's words and what an `up` does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.cluster.kubectl import get, staying_pods
from lab.workloads import CONTROL, TRADING, Workload
from tests.support import checkouts
from tests.support.kinds_of_change import KINDS, leaves
from tests.support.objects import present
from tests.support.project import STACK, STACK_FILE, Project

ROW = re.compile(r"^\| `([^`]+)` \(\w+\) \| \**(\w+)", re.MULTILINE)
"""A resource of the comment's table: its name and what happens to it."""
RESTARTS = re.compile(r"^- (.+) restarts?: ", re.MULTILINE)
LEFT_BY_UP = "applied"
"""ConfigMap of the applied releases: its content comes from the cluster, which the comment does not read."""
IGNORED = ("pulumi:pulumi:Stack", "pulumi:providers:")
REPLACED = ("create-replacement", "delete-replaced", "same", "read", "refresh")
"""Parts of a replacement, and what changes nothing."""
SIDECAR = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "384Mi"}}
ROUTE = {"hosts": ["shop.example"], "http": [{"to": [{"service": "shop", "port": 80}], "timeout": "5s"}]}
CHANGES: dict[str, dict[str, Any]] = {
    "a trading namespace of another name": {"trading.namespace": "trades"},
    "no egress gateway": {"egress.enabled": False},
    "plain text accepted": {"mtls.mode": "PERMISSIVE"},
    "a larger sidecar": {"proxy.resources": SIDECAR},
    "a first route": {"traffic": {"services": {"shop": {"ports": [80]}}, "routes": {"shop": ROUTE}}},
    "workloads and sidecars that reach further": {"trading.workloads": 20, "trading.sidecarScope": ["*/*"]},
}
SHORT = ("a trading namespace of another name", "workloads and sidecars that reach further")
"""The changes in `make test`: a replacement, and a change that `verify` may have advised to patch before."""
CASES = [pytest.param(what, marks=() if what in SHORT else pytest.mark.long) for what in CHANGES]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    return checkouts.clone(tmp_path_factory.mktemp("pull-request") / "clone")


@pytest.fixture
def changed(mesh: Project, clone: Path) -> Iterator[Any]:
    """Yield `changed({"egress.enabled": False})`: change the stack file, and return the comment on that change."""

    def change(settings: dict[str, Any]) -> str:
        mesh.change(settings)
        (clone / STACK_FILE).write_text((mesh.folder / STACK_FILE).read_text())
        status, comment = checkouts.comment(clone, "--stack", STACK)
        assert comment, status
        return comment

    yield change
    mesh.reset()


def engines_answer(mesh: Project) -> dict[str, str]:
    """Return the engine's operation on each resource by name."""
    operations = {}
    for step in mesh.steps():
        name = step["urn"].rpartition("::")[2]
        state = step.get("newState") or step["oldState"]
        if state.get("custom") and not state["type"].startswith(IGNORED) and step["op"] not in REPLACED:
            operations[name] = step["op"]
    operations.pop(LEFT_BY_UP, None)
    return operations


@pytest.mark.parametrize("what", CASES)
def test_the_comment_says_of_each_resource_what_the_engine_says_on_the_cluster(what, changed, mesh, figure):
    named = dict(ROW.findall(changed(CHANGES[what])))
    assert named == engines_answer(mesh)
    figure(f"{what}: {len(named)} of {len(named)} resources alike")


def template_revisions() -> dict[str, str]:
    """Return the number of each Deployment's pod template, which counts the rollouts."""
    found = [one["metadata"] for one in get("deployments", f"--namespace={CONTROL}")["items"]]
    number = "deployment.kubernetes.io/revision"
    return {f"Deployment {one['namespace']}/{one['name']}": one["annotations"][number] for one in found}


@pytest.mark.long
def test_exactly_the_workloads_that_the_comment_names_restart(changed, mesh, figure):
    comment = changed({"ingress.drainSeconds": 21, "istio.pilotReplicas": 2, "proxy.resources": SIDECAR})
    before = template_revisions()
    mesh.must_up()
    after = template_revisions()
    restarted = {name for name in before if before[name] != after[name]}
    assert {name for line in RESTARTS.findall(comment) for name in re.findall(r"`(.+?)`", line)} == restarted
    mesh.must_hold_the_shipped_mesh()
    figure(", ".join(sorted(restarted)))


NAMED = re.compile(r"(?:Deployment|Namespace) ([^,; ]+)")


@pytest.fixture(scope="module")
def running(mesh: Project) -> Iterator[Project]:
    """Yield the shipped mesh with a workload, which keeps the changes of all tests until the last is done."""
    with present([], Workload("beside")):
        yield mesh
    mesh.must_hold_the_shipped_mesh()


def deployments() -> dict[str, str]:
    """Return the Deployment, as NAMESPACE/NAME, of each pod that is not about to end, by the pod's UID."""
    found = [pod["metadata"] for pod in (*staying_pods(CONTROL), *staying_pods(TRADING))]
    return {one["uid"]: f"{one['namespace']}/{one['ownerReferences'][0]['name'].rpartition('-')[0]}" for one in found}


def forecast(mesh: Project) -> set[str]:
    """Return the Deployments, as NAMESPACE/NAME, and namespaces whose pods `budget` says that an `up` replaces."""
    told = mesh.operation("budget", "--json").must().findings
    (message,) = [finding["message"] for finding in told if finding["id"] == "restart forecast"]
    return set(NAMED.findall(message))


@pytest.mark.long
@pytest.mark.parametrize("what", [what for what, change in KINDS.items() if change.runs])
def test_exactly_the_pods_of_the_forecast_are_made_anew(what, running, figure):
    running.change(dict(leaves(KINDS[what].settings)))
    told, before = forecast(running), deployments()
    named = {one for one in before.values() if told & {one, one.partition("/")[0]}}
    assert told <= {*before.values(), *(one.partition("/")[0] for one in before.values())}
    running.must_up()
    now = deployments()
    remade = {deployment for uid, deployment in before.items() if uid not in now}
    assert remade == named
    figure(f"{what}: {', '.join(sorted(remade)) or 'none'}")
