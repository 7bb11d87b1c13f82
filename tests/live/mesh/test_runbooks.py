"""The runbooks: each after its own fault, with the commands of its page, line by line."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cluster import faults, power
from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CONTEXT
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, TRADING
from operations.istiod_certificates import issuer
from pi_mesh.waiting import until
from tests.live.vault.mesh import roots
from tests.live.vault.tls import handshake
from tests.live.versions import LAB, LAB_BEFORE, install_older
from tests.support import pods
from tests.support.helm import wait_for_release
from tests.support.project import STACK, STACK_FILE, Outcome, Project, kill_session

PAGE = (Path(__file__).parents[3] / "docs" / "runbooks.md").read_text()
DEAD = "pi-3"

pytestmark = pytest.mark.long


def blocks(title: str) -> list[list[str]]:
    """Return the commands of a runbook, block by block."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    assert found, title
    return [[line.strip() for line in block.splitlines()] for block in found]


def run(project: Project, line: str) -> Outcome:
    """Run a line of the page for the stack lab, the dead node and the lab's version, and agree to what it asks."""
    words = [{"STACK": STACK, "NODE": DEAD, "VERSION": LAB}.get(word, word) for word in line.split()]
    asks = line.startswith("pulumi up") or (
        "operations upgrade" in line and not {"--plan", "--dry-run", "--yes"} & {*words}
    )
    return project.run(*words, *(["--yes"] if asks else []))


def must_run(project: Project, *blocks: list[str]) -> None:
    for block in blocks:
        for line in block:
            run(project, line).must()


@pytest.fixture
def dead_node(alone: Project) -> Iterator[Project]:
    """Yield the stack lab with the mesh, of which a node has lost its power."""
    alone.must_up()
    with faults.node_down(DEAD):
        yield alone


def test_a_dead_pi(dead_node: Project, figure):
    see, delete, look = blocks("A Pi is dead")
    must_run(dead_node, see, delete)
    wait_until("the mesh on the nodes that are left", _all_available, 180)
    dead_node.must_up()
    must_run(dead_node, look)
    figure(f"{DEAD} deleted; the mesh runs on the other nodes, and `up` and `verify` are well")


def _all_available() -> bool:
    deployments = get("deployments", f"--namespace={CONTROL}")["items"]
    return all(item["status"].get("availableReplicas") == item["spec"]["replicas"] for item in deployments)


@pytest.fixture
def installed(alone: Project) -> Iterator[Project]:
    """Yield the stack lab with the mesh, which goes afterwards with its namespaces, though the test adopts them."""
    alone.must_up()
    yield alone
    alone.destroy().must()
    kubectl("delete", "namespaces", CONTROL, TRADING, "--ignore-not-found")


@pytest.mark.parametrize("backup", [True, False], ids=["with a backup", "without a backup"])
def test_a_lost_state(installed: Project, figure, backup: bool):
    uids = pods.uids(CONTROL)
    installed.pulumi("stack", "export", "--file", str(installed.folder / "backup.json")).must()
    installed.pulumi("stack", "rm", "--force", "--yes", "--preserve-config").must()
    with_backup, without = blocks("The state is lost")
    must_run(installed, with_backup if backup else without)
    installed.operation("verify").must()
    kept = pods.uids(CONTROL)
    figure(f"{len(kept.keys() & uids.keys())} of {len(uids)} pods kept")
    assert kept == uids


def test_the_power_was_cut(alone: Project, figure):
    alone.must_up()
    power.off()
    power.on([])
    look, clocks = *blocks("The power was cut"), *blocks("A clock is wrong")
    until(lambda: alone.operation("verify").status, 180, 5, done=lambda status: status == 0)
    must_run(alone, look, clocks)
    figure("every pod is back by itself; verify is well")


@pytest.fixture
def burnt_boards(alone: Project, as_user: None) -> Iterator[Project]:  # noqa: ARG001 - for istiod's certificates
    """Yield the stack lab with the mesh; new boards and an empty cluster stay in the lab afterwards."""
    alone.must_up()
    yield alone
    alone.reset()
    alone.destroy().must()


def test_all_boards_are_dead(burnt_boards: Project, figure):
    write, restore = blocks("All boards are dead")
    must_run(burnt_boards, write)
    file = burnt_boards.folder / "mesh.age"
    with issuer(CONTEXT, CONTROL, TRADING) as istiod:
        client = istiod.issue()
    trusted = roots()
    assert not re.search(rb"PRIVATE|istio|lab", file.read_bytes().partition(b"---")[2])
    power.burn()
    burnt_boards.pulumi("stack", "rm", "--force", "--yes", "--preserve-config").must()
    (burnt_boards.folder / STACK_FILE).unlink()
    began = time.monotonic()
    must_run(burnt_boards, restore)
    seconds = time.monotonic() - began
    with issuer(CONTEXT, CONTROL, TRADING) as istiod:
        server = istiod.issue()
    assert handshake(client, server, trusted) == f"spiffe://cluster.local/ns/{TRADING}/sa/default"
    again = burnt_boards.operation("restore", "mesh.age", "--yes")
    assert (again.status, "has this mesh already" in again.output) == (1, True), again.output
    figure(f"{seconds:.0f} s from the first command to a verified mesh, 2 commands; a client of before is trusted")


def test_a_certificate_that_is_about_to_end(alone: Project, figure):
    alone.must_up()
    (look,) = blocks("A certificate is about to end")
    must_run(alone, look)
    figure("each proxy with the end of its certificate; verify is well")


@pytest.fixture
def killed_upgrade(alone: Project, older_istio: Callable[[str], None]) -> Project:
    """Return the stack lab with an upgrade that was killed in the middle of istiod's."""
    older_istio(LAB_BEFORE)
    install_older(alone, LAB_BEFORE)
    killed = alone.start_operation("upgrade", "--to", LAB, "--yes")
    wait_for_release("istiod", "pending-upgrade")
    kill_session(killed)
    return alone


def test_an_upgrade_that_is_stuck(killed_upgrade: Project, figure):
    (commands,) = blocks("An upgrade is stuck")
    left, *others = commands
    assert "istiod is stuck in pending-upgrade" in run(killed_upgrade, left).output
    must_run(killed_upgrade, others)
    killed_upgrade.operation("verify").must()
    figure("what the killed upgrade left is named and repaired, and the upgrade goes on to its end")


def test_a_gateway_without_an_address(alone: Project, figure):
    alone.must_up()
    look, node_port = blocks("The gateway has no address")
    must_run(alone, look, node_port)
    service = get("service", "istio-ingressgateway", "--namespace=istio-system")
    figure(f"type {service['spec']['type']}")
    assert service["spec"]["type"] == "NodePort"
