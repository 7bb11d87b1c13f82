"""The preflight's findings about a whole cluster, and those of its smallest checks."""

import pytest

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import NEXT, Finding
from pi_mesh.checks.preflight import extra_values, metrics_server, prometheus_operator, rights
from pi_mesh.cluster.objects import Crd, Deployment, Namespace
from tests.support import charts
from tests.support.preflight_problems import findings, observation, problems
from tests.support.snapshots import installed_mesh, make_node, make_snapshot, state_of
from tests.support.versions import NEWEST

FACTS = facts_of(NEWEST)


def test_our_own_running_mesh_is_no_problem():
    assert problems(make_snapshot(**installed_mesh()), state_of()) == []


def test_every_problem_is_in_one_report():
    node = make_node(architecture="arm")
    snapshot = make_snapshot(version="v1.28.0", nodes=(node,), namespaces=(Namespace("trading"),))
    assert len(problems(snapshot)) >= 5


HEALTHY = f"""
context test: may read, create, change and delete all that an `up` does
Kubernetes v1.35.2: is in the range of Istio {NEWEST}: 1.{FACTS.kubernetes[0]} to 1.{FACTS.kubernetes[1]}
istio.version: {NEWEST} gets fixes until {FACTS.end_of_life}
charts.source: https://blob.istio.io/istio-release/charts, trusted unseen: charts.lock.yaml does not have this stack
cluster.nodes: 3 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2, pi-3 [3]
cluster.architecture: arm64: pi-1, pi-2, pi-3
nodes: no stock Raspberry Pi OS kernel, as Istio {NEWEST} asks
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
    report = findings(make_snapshot())
    assert {finding.level for finding in report} == {"ok"}
    rows = [f"{finding}{f' [{finding.number}]' if finding.number is not None else ''}" for finding in report]
    assert rows == HEALTHY.strip().splitlines()


def test_gateways_inside_the_cluster_ask_for_no_address():
    inside = {"service": {"type": "ClusterIP"}}
    rows = [str(finding) for finding in findings(make_snapshot(), ingress=inside) if finding.id == "load balancer"]
    assert rows == ["cluster: no gateway asks for an address"]


CHANGES = ("update secrets", "update pods", "delete pods")
RIGHTS = {
    "kinds that may not be listed": ({"unreadable": ("releases",)}, "error", "may not list releases: "),
    "kinds that may not be created":
        ({"missing_rights": ("namespaces", "pods")}, "error", "may not create namespaces, pods"),
    "changes that may not be made, for one version":
        ({"missing_changes": CHANGES}, "warning", f"may not update secrets, pods; delete pods; pi-mesh {NEXT}"),
}  # fmt: skip


@pytest.mark.parametrize(("cluster", "level", "words"), RIGHTS.values(), ids=RIGHTS)
def test_missing_rights_are_listed(cluster, level, words):
    (finding,) = rights.check(observation(make_snapshot(**cluster)))
    assert finding.level == level
    assert finding.message.startswith(words)


SERVER = (Deployment("kube-system", "metrics-server", {"k8s-app": "metrics-server"}),)


@pytest.mark.parametrize(("deployments", "level"), [(SERVER, "ok"), ((), "warning")])
def test_an_autoscaler_without_a_metrics_server_is_a_warning(deployments, level):
    autoscaled = {"autoscaling": {"enabled": True}}
    (finding,) = metrics_server.check(observation(make_snapshot(deployments=deployments), ingress=autoscaled))
    assert finding.level == level


KINDS = tuple(Crd(f"{kind}.monitoring.coreos.com") for kind in ("servicemonitors", "podmonitors", "prometheusrules"))
OPERATOR = {"prometheus": {"enabled": True, "mode": "operator"}}


@pytest.mark.parametrize(
    ("observability", "crds", "level", "subject"),
    [(OPERATOR, KINDS[:2], "error", f"crd {KINDS[2].name}"), (OPERATOR, KINDS, "ok", ""), ({}, (), "ok", "cluster")],
    ids=["a kind is not there", "every kind is there", "not needed"],
)
def test_the_operator_of_prometheus_must_have_its_kinds(observability, crds, level, subject):
    (finding,) = prometheus_operator.check(observation(make_snapshot(crds=crds), observability=observability))
    assert finding.level == level
    assert str(finding.subject).startswith(subject)


def of_misspelt(check, source: str) -> list[Finding]:
    values = {"pilot": {"resuorces": {"limits": {"cpu": "1"}}}}
    istio = {"version": charts.versions()[-1], "values": values}
    return [*check(observation(make_snapshot(), istio=istio, charts={"source": source}))]


@pytest.mark.parametrize(("check", "level"), [(extra_values.check, "warning"), (extra_values.check_applied, "error")])
def test_an_extra_value_that_no_template_reads_stops_no_up_but_fails_a_verification(check, level):
    (finding,) = of_misspelt(check, str(charts.folder()))
    assert (finding.level, finding.name) == (level, "istio.values.pilot.resuorces")
    assert "no template of the chart istiod" in finding.message


def test_of_charts_in_a_repository_nothing_is_claimed():
    assert of_misspelt(extra_values.check, "https://charts.example") == []
