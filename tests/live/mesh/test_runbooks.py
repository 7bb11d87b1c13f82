"""The runbooks: each after its own fault, with the commands of its page, line by line."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cluster import faults
from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from lab.toolchain.istio_parts import ISTIO
from tests.live.reliability.looking import has
from tests.support.project import STACK, Outcome, Project, kill_session, wait_for

PAGE = (Path(__file__).parents[3] / "docs" / "runbooks.md").read_text()
DEAD = "pi-3"
OLDER = "1.30.0"

pytestmark = pytest.mark.long


def blocks(title: str) -> list[list[str]]:
    """Return the commands of a runbook, block by block."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    assert found, title
    return [[line.strip() for line in block.splitlines()] for block in found]


def run(project: Project, line: str) -> Outcome:
    """Run a line of the page for the stack lab, the dead node and the lab's version, and agree to what it asks."""
    words = [{"STACK": STACK, "NODE": DEAD, "VERSION": ISTIO}.get(word, word) for word in line.split()]
    return project.run(*words, *(["--yes"] if line.startswith("pulumi up") else []))


@pytest.fixture
def dead_node(alone: Project) -> Iterator[Project]:
    """Yield the stack lab with the mesh, of which a node has lost its power."""
    alone.must_up()
    with faults.node_down(DEAD):
        yield alone


def test_a_dead_pi(dead_node: Project, figure):
    see, delete, look = blocks("A Pi is dead")
    for line in (*see, *delete):
        run(dead_node, line).must()
    wait_until("the mesh on the nodes that are left", lambda: _all_available("istio-system"), 180)
    dead_node.must_up()
    for line in look:
        run(dead_node, line).must()
    figure(f"{DEAD} deleted; the mesh runs on the other nodes, and `up` and `verify` are well")


def _all_available(namespace: str) -> bool:
    deployments = get("deployments", f"--namespace={namespace}")["items"]
    return all(item["status"].get("availableReplicas") == item["spec"]["replicas"] for item in deployments)


@pytest.fixture
def installed(alone: Project) -> Iterator[Project]:
    """Yield the stack lab with the mesh, which goes afterwards with its namespaces, though the test adopts them."""
    alone.must_up()
    yield alone
    alone.destroy().must()
    kubectl("delete", "namespaces", "istio-system", "trading", "--ignore-not-found")


@pytest.mark.parametrize("backup", [True, False], ids=["with a backup", "without a backup"])
def test_a_lost_state(installed: Project, figure, backup: bool):
    uids = {item["metadata"]["uid"] for item in get("pods", "--namespace=istio-system")["items"]}
    installed.pulumi("stack", "export", "--file", str(installed.folder / "backup.json")).must()
    installed.pulumi("stack", "rm", "--force", "--yes", "--preserve-config").must()
    with_backup, without = blocks("The state is lost")
    for line in with_backup if backup else without:
        run(installed, line).must()
    installed.operation("verify").must()
    kept = {item["metadata"]["uid"] for item in get("pods", "--namespace=istio-system")["items"]}
    figure(f"{len(kept & uids)} of {len(uids)} pods kept")
    assert kept == uids


def test_a_certificate_that_is_about_to_end(alone: Project, figure):
    alone.must_up()
    (look,) = blocks("A certificate is about to end")
    for line in look:
        run(alone, line).must()
    figure("each proxy with the end of its certificate; verify is well")


@pytest.fixture
def killed_upgrade(alone: Project, older_istio: Callable[[str], None]) -> Project:
    """Return the stack lab with an upgrade that was killed in the middle of istiod's."""
    older_istio(OLDER)
    alone.must_hold_nothing()
    kubectl("delete", "crds", "--selector=app=istio-pilot")
    alone.set("istio.version", OLDER)
    alone.must_up()
    killed = alone.start("python", "-m", "operations", "upgrade", "--to", ISTIO, "--yes", "--stack", STACK)
    wait_for("istiod in the middle of its upgrade", has("istiod", "pending-upgrade"))
    kill_session(killed)
    return alone


def test_an_upgrade_that_is_stuck(killed_upgrade: Project, figure):
    (commands,) = blocks("An upgrade is stuck")
    left, *others = commands
    assert "istiod is stuck in pending-upgrade" in run(killed_upgrade, left).output
    for line in others:
        run(killed_upgrade, line).must()
    killed_upgrade.operation("verify").must()
    figure("what the killed upgrade left is named and repaired, and the upgrade goes on to its end")


def test_a_gateway_without_an_address(alone: Project, figure):
    alone.must_up()
    look, node_port = blocks("The gateway has no address")
    for line in (*look, *node_port):
        run(alone, line).must()
    service = get("service", "istio-ingressgateway", "--namespace=istio-system")
    figure(f"type {service['spec']['type']}")
    assert service["spec"]["type"] == "NodePort"
