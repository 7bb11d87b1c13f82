"""The verification's findings about a dry run of a pod in each workload namespace, and about its running pods."""

from dataclasses import replace

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import sidecar_injection
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.gateway_api import gateway, gateway_pod, mesh_with, with_objects
from tests.support.healthy_mesh import HEALTHY, component, found, in_cluster, make_verification

APP, PROXY = (Container("app"),), (Container("istio-proxy"),)
FAT = (Container("istio-proxy", Resources(100, 128 * MI), Resources(2000, 1024 * MI)),)
LABELLED = (Namespace("trading", {"istio-injection": "enabled"}),)
UNLABELLED = in_cluster(HEALTHY, namespaces=tuple(replace(one, labels={}) for one in HEALTHY.snapshot.namespaces))
BATCH = make_verification(make_mesh(namespaces={"batch": {"injection": False}}))
REVISION = make_mesh(istio={"tags": {"stable": "default"}}, trading={"revision": "stable"})
LABEL = "`kubectl label namespace trading {} --overwrite`"
REFUSED = found(HEALTHY, injections={"trading": "exceeded quota: workloads"})
FOLLOW = f"ERROR {LABEL.format('istio.io/rev=stable istio-injection-')}"
OUT = "comes out with istio-proxy, and namespaces.batch.injection is false"
OPTED_OUT = {"sidecar.istio.io/inject": "false"}
MESHED = Pod("trading", "a", containers=PROXY)
REPLACED = "`kubectl delete pod -n trading ledger-0`: ReplicaSet/ledger replaces it"
PROFILE, ODD = HEALTHY.settings.proxy.resources, Resources(1, MI)


def injected(containers: tuple, observed: Observation = HEALTHY, namespace: str = "trading") -> Observation:
    """Return the mesh where a pod of a namespace comes out with these containers."""
    pod = Pod(namespace, "injection-proof", containers=containers)
    return found(observed, injections={**observed.live.injections, namespace: pod})


@table(
    case("without its sidecar", injected(APP), "ERROR comes out without istio-proxy"),
    case("of another size", injected(FAT), "ERROR requests 100m / 128Mi, not 50m / 128Mi"),
    case("refused, with the API server's words", REFUSED, "ERROR exceeded quota: workloads"),
    case("no label", injected(APP, UNLABELLED), f"ERROR {LABEL.format('istio-injection=enabled')}"),
    case("no label of its revision", injected(APP, replace(HEALTHY, mesh=REVISION)), FOLLOW),
    case("the webhooks' problem", injected(APP, in_cluster(HEALTHY, namespaces=LABELLED)), "ERROR webhooks"),
    case("a namespace that is gone", injected(APP, in_cluster(HEALTHY, namespaces=())), f"ERROR {LABEL[:20]}"),
    case("a namespace without injection", BATCH, "OK \nOK "),
    case("a sidecar there", injected(PROXY, BATCH, "batch"), f"OK \nERROR {OUT}"),
)
def test_a_new_pod_of_a_namespace_must_come_out_with_its_sidecar(observed, line):
    assert_lines(sidecar_injection.check_new_pods(observed), line)


def bare(**pod: object) -> tuple[Pod, ...]:
    return (Pod("trading", "ledger-0", node="pi-1", containers=APP, **pod),)


@table(
    case("with a controller", bare(owner="ReplicaSet/ledger"), f"WARNING pod trading/ledger-0: …{REPLACED}"),
    case("without one", bare(), "WARNING create it again"),
    case("by label", bare(labels=OPTED_OUT), "WARNING sidecar.istio.io/inject: false"),
    case("by annotation", bare(annotations=OPTED_OUT), "WARNING sidecar.istio.io/inject: false"),
    case("no pods", (), "OK no pods yet"),
    case("1 pod", (MESHED,), "OK the 1 pod has"),
    case("2 pods", (MESHED, replace(MESHED, name="b")), "OK all 2 pods have"),
)
def test_a_running_pod_without_a_sidecar_is_named_with_what_to_do(pods, line):
    assert_lines(sidecar_injection.check_running_pods(in_cluster(HEALTHY, pods=pods)), line)


def test_only_a_pod_that_is_replaced_is_told_to_be_deleted_at_once():
    (row,) = sidecar_injection.check_running_pods(in_cluster(HEALTHY, pods=bare()))
    assert "kubectl delete" not in row.fix


def test_each_injected_namespace_is_looked_at_and_no_other():
    observed = make_verification(make_mesh(namespaces={"research": {}, "batch": {"injection": False}}))
    pods = tuple(Pod(name, "app-0", containers=APP) for name in ("trading", "research", "batch"))
    lines = "WARNING pod trading/app-0:\nWARNING pod research/app-0:"
    assert_lines(sidecar_injection.check_running_pods(in_cluster(observed, pods=pods)), lines)


def istiod(*resources: Resources, **more: object) -> Pod:
    containers = (Container("main", *resources),) if resources else component("istiod").containers
    return replace(component("istiod"), containers=containers, **more)


def sidecar(name: str = "app-1", limits: Resources = PROFILE.limits.resources, **more: object) -> Pod:
    """Return a trading pod whose sidecar has the profile's resources, or other limits."""
    proxy = Container("istio-proxy", PROFILE.requests.resources, limits)
    return replace(Pod("trading", name, {}, "pi-1", containers=(Container("app"), proxy)), **more)


FAT_ISTIOD = istiod(Resources(100, 128 * MI), Resources(900, 256 * MI))
OLD = sidecar("app-2", Resources(100, 64 * MI))


@table(
    case("a pod with the profile", [istiod()], "OK pod istio-system/istiod-0: requests 100m / "),
    case("another limit", [FAT_ISTIOD], "ERROR limits 900m / 256Mi, not 500m / 256Mi"),
    case("both differ", [istiod(ODD, Resources(2, MI))], "ERROR requests 1m / 1Mi, not …and limits 2m / 1Mi, not "),
    case("an old pod on its way out is not judged", [istiod(ODD, ending=True)], ""),
    case("two sidecars", [sidecar(), sidecar("b")], "OK=2 namespace trading: all 2 sidecars carry the profile$"),
    case("an earlier profile", [sidecar(), OLD], "ERROR pod trading/app-2: sidecar limits 100m / 64Mi, not "),
    case("a sidecar elsewhere", [sidecar(limits=ODD, namespace="other")], ""),
    case("one on its way out", [sidecar(limits=ODD, ending=True)], ""),
    case("no sidecar", [sidecar(containers=(Container("app"),))], ""),
)
def test_live_resources_must_be_those_of_the_profile(pods, lines):
    assert_lines(sidecar_injection.check_profile(in_cluster(HEALTHY, pods=tuple(pods))), lines)


SMALL = Container("istio-proxy", ODD)
IN_TRADING = with_objects(gateway(namespace="trading")).gateway_api
OF_GATEWAY = in_cluster(HEALTHY, gateway_api=IN_TRADING, pods=(replace(gateway_pod(SMALL), namespace="trading"),))


def test_a_gateways_pod_has_the_size_of_its_class_and_is_not_judged_as_a_workload_with_a_sidecar():
    amounts = {"cpu": "1", "memory": "1Gi"}
    mesh = mesh_with(OF_GATEWAY.snapshot, gatewayApi={"resources": {"requests": amounts, "limits": amounts}})
    told = "WARNING pod trading/web-istio-0: requests 1m / 1Mi, not 1 / 1Gi and limits 0 / 0Mi, not 1 / 1Gi; see infra"
    assert_lines(sidecar_injection.check_profile(replace(OF_GATEWAY, mesh=mesh)), told)
