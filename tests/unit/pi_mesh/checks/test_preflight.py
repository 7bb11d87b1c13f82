"""The preflight's findings about a whole cluster."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.cluster.objects import Namespace
from tests.support.preflight_problems import findings, problems
from tests.support.snapshots import installed_mesh, make_node, make_snapshot, state_of


def test_our_own_running_mesh_is_no_problem():
    assert problems(make_snapshot(**installed_mesh()), state_of()) == []


def test_every_problem_is_in_one_report():
    snapshot = make_snapshot(
        version="v1.28.0", nodes=(make_node(architecture="arm"),), namespaces=(Namespace("trading"),)
    )
    assert len(problems(snapshot)) >= 5


HEALTHY = """
context test: may read, create, change and delete all that an `up` does
Kubernetes v1.35.2: is in the range of Istio 1.31.0: 1.32 to 1.36
istio.version: 1.31.0 gets fixes until 2027-03-31
charts.source: https://blob.istio.io/istio-release/charts, trusted unseen: charts.lock.yaml does not have this stack
cluster.nodes: 3 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2, pi-3 [3]
cluster.architecture: arm64: pi-1, pi-2, pi-3
nodes: no stock Raspberry Pi OS kernel, as Istio 1.31.0 asks
nodes: at least 2Gi of memory are free on each
nodes: the mesh and the surge of its rollouts, 600m CPU and 768Mi, fit
trading.workloads: 30 pods with sidecars, which it promises, fit beside the mesh [30]
node pi-1: all that must run still fits if it dies [0]
node pi-2: all that must run still fits if it dies [0]
node pi-3: all that must run still fits if it dies [0]
limits: the memory limits are enough for 0 services [0]
ingress.service.type: is auto and becomes NodePort: nothing in this cluster gives addresses, and none is needed
ingress.service: fits the cluster
egress.service: fits the cluster
cluster: is not there, and no autoscaler needs it
cluster: is not needed
cluster: no release of this stack is stuck [0]
cluster: no other control plane
cluster: none but this stack's own
cluster: none there yet [0]
cluster: has no release of this mesh that the state does not know
namespace istio-system: is not there yet
namespace trading: is not there yet
mtls.mode: every pod in trading has its sidecar
"""


def test_the_report_on_a_healthy_cluster_without_a_mesh_is_one_row_for_each_check():
    found = findings(make_snapshot())
    assert {finding.level for finding in found} == {Level.OK}
    rows = [f"{finding}{f' [{finding.number}]' if finding.number is not None else ''}" for finding in found]
    assert rows == HEALTHY.strip().splitlines()


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({}, "cluster.nodes: 3 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2, pi-3"),
        ({}, "cluster: no release of this stack is stuck"),
        ({"crds": ()}, "cluster: none there yet"),
    ],
)
def test_a_running_mesh_has_its_rows_too(changes, row):
    snapshot = make_snapshot(**{**installed_mesh(), **changes})
    assert row in {str(finding) for finding in findings(snapshot, state_of()) if finding.level is Level.OK}


def test_gateways_inside_the_cluster_ask_for_no_address():
    inside = {"service": {"type": "ClusterIP"}}
    rows = [str(finding) for finding in findings(make_snapshot(), ingress=inside) if finding.id == "load balancer"]
    assert rows == ["cluster: no gateway asks for an address"]
