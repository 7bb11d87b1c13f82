"""The stack `kind` and the cluster of docs/kind.yaml belong together, and preflight has nothing against them."""

import re
from pathlib import Path

import yaml

from lab.toolchain.istio_parts import ISTIO
from pi_mesh import inventory
from pi_mesh.checks.finding import errors
from pi_mesh.settings.stack_file import load_file
from tests.support.clusters import snapshot_of
from tests.support.preflight_problems import run

ROOT = Path(__file__).parents[2]
CLUSTER = yaml.safe_load((ROOT / "docs" / "kind.yaml").read_text())
SETTINGS = load_file(ROOT / "Pulumi.kind.yaml")
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "kind.yml").read_text())
README = (ROOT / "README.md").read_text()


def names() -> list[str]:
    """Return the nodes' names as kind gives them: the second worker is worker2."""
    roles = [node["role"] for node in CLUSTER["nodes"]]
    counts = [roles[: place + 1].count(role) for place, role in enumerate(roles)]
    return [f"{CLUSTER['name']}-{role}{count if count > 1 else ''}" for role, count in zip(roles, counts, strict=True)]


def test_the_stack_is_of_the_context_that_kind_makes():
    assert SETTINGS.cluster.context == f"kind-{CLUSTER['name']}"


def test_the_cluster_has_as_many_nodes_as_the_stack_wants():
    assert len(CLUSTER["nodes"]) == SETTINGS.cluster.nodes


def test_the_port_of_this_machine_leads_to_the_gateways_node_port():
    (port,) = CLUSTER["nodes"][0]["extraPortMappings"]
    assert SETTINGS.ingress.service.node_ports == {"http2": port["containerPort"]}
    assert f"http://{port['listenAddress']}:{port['hostPort']}" in README


def test_preflight_installs_on_such_a_cluster():
    snapshot = snapshot_of("kind")
    assert [node.name for node in snapshot.nodes] == names()
    assert errors(run(inventory.mesh_inventory(SETTINGS, "kind"), snapshot)) == []


def test_the_stack_has_the_version_that_the_local_cluster_runs():
    assert SETTINGS.istio.version == ISTIO


def test_the_workflow_types_what_the_readme_says():
    typed = {line for step in WORKFLOW["jobs"]["kind"]["steps"] for line in step.get("run", "").splitlines()}
    (block,) = re.findall(r"```sh\n(kind create.*?)```", README, re.DOTALL)
    assert [command for line in block.splitlines() if (command := line.partition("  ")[0]) not in typed] == []
