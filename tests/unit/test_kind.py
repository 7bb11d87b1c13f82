"""The stack `kind` and the cluster of docs/kind.yaml belong together, and preflight has nothing against them."""

import re
from collections import Counter

import yaml

from lab.toolchain.istio_parts import ISTIO
from pi_mesh import inventory
from pi_mesh.checks.finding import errors
from pi_mesh.settings.stack_file import load_file
from tests.support.clusters import snapshot_of
from tests.support.preflight_problems import run
from tests.support.shape import ROOT

CLUSTER = yaml.safe_load((ROOT / "docs" / "kind.yaml").read_text())
SETTINGS = load_file(ROOT / "Pulumi.kind.yaml")
README = (ROOT / "README.md").read_text()


def test_the_stack_has_the_clusters_context_its_nodes_and_the_version_that_the_local_cluster_runs():
    assert SETTINGS.cluster.context == f"kind-{CLUSTER['name']}"
    assert SETTINGS.cluster.nodes == len(CLUSTER["nodes"])
    assert SETTINGS.istio.version == ISTIO


def test_the_port_of_this_machine_leads_to_the_gateways_node_port():
    (port,) = CLUSTER["nodes"][0]["extraPortMappings"]
    assert SETTINGS.ingress.service.node_ports == {"http2": port["containerPort"]}
    assert f"http://{port['listenAddress']}:{port['hostPort']}" in README


def test_preflight_installs_on_such_a_cluster():
    snapshot = snapshot_of("kind")
    # kind names the second worker "worker2".
    roles = Counter(re.sub(r"\d+$", "", node.name.removeprefix(f"{CLUSTER['name']}-")) for node in snapshot.nodes)
    assert roles == Counter(node["role"] for node in CLUSTER["nodes"])
    assert errors(run(inventory.mesh_inventory(SETTINGS, "kind"), snapshot)) == []


def test_the_workflow_types_what_the_readme_says():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "kind.yml").read_text())
    typed = {line for step in workflow["jobs"]["kind"]["steps"] for line in step.get("run", "").splitlines()}
    (block,) = re.findall(r"```sh\n(kind create.*?)```", README, re.DOTALL)
    assert [command for line in block.splitlines() if (command := line.partition("  ")[0]) not in typed] == []
