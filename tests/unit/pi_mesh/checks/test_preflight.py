"""The preflight's findings about a whole cluster, and those of its smallest checks."""

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks import registry
from pi_mesh.checks.finding import NEXT, Finding
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import gateway_service, metrics_server, network_policies, overridden_settings, rights
from pi_mesh.cluster.objects import Crd, Deployment, Namespace
from pi_mesh.cluster.pods import Pod
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation, problems
from tests.support.snapshots import installed_mesh, make_node, make_snapshot, state_of
from tests.support.versions import NEWEST

FACTS = facts_of(NEWEST)
CHANGES = ("update secrets", "update pods", "delete pods")
WHO, OPERATED = "context test: may not", {"observability": {"prometheus": {"enabled": True, "mode": "operator"}}}
KINDS = tuple(Crd(f"{kind}.monitoring.coreos.com") for kind in ("servicemonitors", "podmonitors", "prometheusrules"))
SERVER, SCALED = Deployment("kube-system", "metrics-server", {"k8s-app": "metrics-server"}), {"enabled": True}
NETWORKS = {"networkPolicies": {"enabled": True}}
COREDNS = Pod("kube-system", "coredns", labels={"k8s-app": "kube-dns"})
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
cluster.unreachableSeconds: is 60
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


def test_our_own_running_mesh_is_no_problem():
    assert problems(make_snapshot(**installed_mesh()), state_of()) == []


def test_every_problem_is_in_one_report():
    node = make_node(architecture="arm")
    assert len(problems(make_snapshot(version="v1.28.0", nodes=(node,), namespaces=(Namespace("trading"),)))) >= 5


def test_the_report_on_a_healthy_cluster_without_a_mesh_is_one_row_for_each_check():
    mesh = make_mesh(cluster={"unreachableSeconds": 60})
    report = registry.findings(registry.PREFLIGHT, Observation(mesh, make_snapshot()), calls=False)
    assert {finding.level for finding in report} == {"ok"}
    rows = [f"{finding}{f' [{finding.number}]' if finding.number is not None else ''}" for finding in report]
    assert rows == HEALTHY.strip().splitlines()


@table(
    case("kinds that may not be listed", rights.check, {"unreadable": ("releases",)}, {}, f"error {WHO} list releases"),
    case("kinds that may not be created", rights.check, {"missing_rights": ("namespaces", "pods")}, {},
        f"error {WHO} create namespaces, pods; "),
    case("changes that may not be made, for one version", rights.check, {"missing_changes": CHANGES}, {},
        f"warning {WHO} update secrets, pods; delete pods; pi-mesh {NEXT} "),
    case("an autoscaler with a metrics server", metrics_server.check, {"deployments": (SERVER,)},
        {"ingress": {"autoscaling": SCALED}}, "ok cluster: is there"),
    case("an autoscaler without", metrics_server.check, {}, {"ingress": {"autoscaling": SCALED}},
        "warning ingress.autoscaling"),
    case("a kind of the Prometheus operator that is not there", metrics_server.check_prometheus_operator,
        {"crds": KINDS[:2]}, OPERATED, f"error crd {KINDS[2].name}: is not there"),
    case("the Prometheus operator", metrics_server.check_prometheus_operator, {"crds": KINDS}, OPERATED,
        "ok cluster: is there"),
    case("no Prometheus operator", metrics_server.check_prometheus_operator, {}, {}, "ok cluster: is not needed"),
    case("NetworkPolicies with CoreDNS", network_policies.check, {"pods": (COREDNS,)}, NETWORKS, "ok networkPolicies"),
    case("NetworkPolicies with a DNS server on the nodes", network_policies.check, {},
        {"networkPolicies": {"enabled": True, "alsoTo": ["10.250.0.1"]}}, "ok networkPolicies.enabled: leaves"),
    case("NetworkPolicies that leave no way to a DNS server", network_policies.check, {}, NETWORKS,
        "error networkPolicies.enabled: kube-system has no pod k8s-app=kube-dns: "),
    case("gateways inside the cluster ask for no address", gateway_service.check_address, {},
        {"ingress": {"service": {"type": "ClusterIP"}}}, "ok cluster: no gateway asks for an address"),
)  # fmt: skip
def test_a_small_check_tells_what_it_finds(check, cluster, settings, line):
    assert_told(check(observation(make_snapshot(**cluster), **settings)), line)


def of_misspelt(check, source: str) -> list[Finding]:
    istio = {"version": charts.versions()[-1], "values": {"pilot": {"resuorces": {"limits": {"cpu": "1"}}}}}
    return [*check(observation(make_snapshot(), istio=istio, charts={"source": source}))]


@table((overridden_settings.check_unread, "warning"), (overridden_settings.check_applied, "error"))
def test_an_extra_value_that_no_template_reads_stops_no_up_but_fails_a_verification(check, level):
    (finding,) = of_misspelt(check, str(charts.folder()))
    assert (finding.level, finding.name) == (level, "istio.values.pilot.resuorces")
    assert "no template of the chart istiod" in finding.message


def test_of_charts_in_a_repository_nothing_is_claimed():
    assert of_misspelt(overridden_settings.check_unread, "https://charts.example") == []
