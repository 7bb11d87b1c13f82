"""The comment on a pull request beside what the engine says of it, and does, on the local cluster."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.cluster.kubectl import get
from tests.support import pull_request
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


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    return pull_request.clone(tmp_path_factory.mktemp("pull-request") / "clone")


@pytest.fixture
def changed(mesh: Project, clone: Path) -> Iterator[Any]:
    """Yield `changed({"egress.enabled": False})`: change the stack file, and return the comment on that change."""

    def change(settings: dict[str, Any]) -> str:
        for path, value in settings.items():
            mesh.set(path, value)
        (clone / STACK_FILE).write_text((mesh.folder / STACK_FILE).read_text())
        status, comment = pull_request.comment(clone, "--stack", STACK)
        assert comment, status
        return comment

    yield change
    mesh.reset()


def engines_answer(mesh: Project) -> dict[str, str]:
    """Return the engine's operation on each resource by name."""
    output = mesh.preview("--json").must().output
    steps = json.loads(output[output.index("{") :])["steps"]
    found = {}
    for step in steps:
        name = step["urn"].rpartition("::")[2]
        state = step.get("newState") or step["oldState"]
        if state.get("custom") and not state["type"].startswith(IGNORED) and step["op"] not in REPLACED:
            found[name] = step["op"]
    found.pop(LEFT_BY_UP, None)
    return found


def template_revisions() -> dict[str, str]:
    """Return the number of each Deployment's pod template, which counts the rollouts."""
    found = [one["metadata"] for one in get("deployments", "--namespace=istio-system")["items"]]
    return {
        f"Deployment {one['namespace']}/{one['name']}": one["annotations"]["deployment.kubernetes.io/revision"]
        for one in found
    }


@pytest.mark.parametrize(
    "what", [what if what in SHORT else pytest.param(what, marks=pytest.mark.long) for what in CHANGES]
)
def test_the_comment_says_of_each_resource_what_the_engine_says_on_the_cluster(what, changed, mesh, figure):
    comment = changed(CHANGES[what])
    named = dict(ROW.findall(comment))
    assert named == engines_answer(mesh)
    figure(f"{what}: {len(named)} of {len(named)} resources alike")


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
