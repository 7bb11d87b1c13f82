"""The settings tree: accepted and refused values, and the messages."""

import pytest
from pydantic import ValidationError

from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.refusals import refusal, refusals
from tests.support.versions import NEWEST, SHIPPED

OLD = "https://istio-release.storage.googleapis.com"
LETTERS = "is not at most 63 small letters"


def profile(cpu: str = "100m", memory: str = "128Mi", cpu_limit: str = "500m", memory_limit: str = "256Mi") -> dict:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory_limit}}


@pytest.mark.row(19)
@pytest.mark.row(39)
@table(
    ("istio", {"resources": profile(memory="512mb")}, "istio.resources.requests.memory: '512mb': is not a memory"),
    ("istio", {"resources": profile(cpu="0.5m")}, "istio.resources.requests.cpu: '0.5m': is not a CPU quantity"),
    ("proxy", {"resources": profile(cpu="1")}, "proxy.resources: requests.cpu 1 is above limits.cpu 500m"),
    ("proxy", {"resources": profile(memory="1Gi")}, "requests.memory 1Gi is above limits.memory 256Mi"),
    ("istio", {"version": "latest"}, "istio.version: 'latest': is not an exact release such as"),
    ("istio", {"version": f"~{NEWEST}"}, f"istio.version: '~{NEWEST}': is not an exact release"),
    ("istio", {"version": "1.19.0"}, "istio.version: '1.19.0': is older than 1.20, the oldest supported version"),
    ("istio", {"namespace": ""}, f"istio.namespace: '': {LETTERS}"),
    ("istio", {"namespace": "Istio"}, f"istio.namespace: 'Istio': {LETTERS}"),
    ("trading", {"namespace": "a" * 64}, LETTERS),
    ("trading", {"namespace": "123456"}, f"trading.namespace: '123456': {LETTERS}"),
    ("trading", {"namespace": 123456}, "trading.namespace: 123456: is a number; put it in quotes, or write it"),
    ("trading", {"namespace": "tr\u00e4ding"}, LETTERS),
    ("istio", {"pilotReplicas": 0}, "istio.pilotReplicas: 0: is less than 1"),
    ("gatewayApi", {"mode": "on"}, "gatewayApi.mode: 'on': is not 'off', 'routes' or 'managed'"),
    ("gatewayApi", {"mode": "routes", "replicas": 2}, "gatewayApi: resources, replicas and serviceType need mode"),
    ("gatewayApi", {"mode": "off", "serviceType": "NodePort"}, "need mode: managed, and Istio 1.26 or newer"),
    ("ingress", {"replicas": -1}, "ingress.replicas: -1: is less than 1"),
    ("ingress", {"replicas": "2"}, "ingress.replicas: '2': is not a whole number; write it without quotes"),
    ("ingress", {"enabled": "on"}, "ingress.enabled: 'on': is neither true nor false"),
    ("mtls", {"mode": "DISABLE"}, "mtls.mode: 'DISABLE': is not 'STRICT' or 'PERMISSIVE'"),
    ("mtls", {"certificateLifetime": "1yr"}, "mtls.certificateLifetime: '1yr': is not whole hours or minutes"),
    ("cluster", {"architecture": "armhf"}, "cluster.architecture: 'armhf': is not 'arm64' or 'amd64'"),
    ("cluster", {"uid": "the blue one"}, "cluster.uid: 'the blue one': "),
    ("charts", {"source": f"{OLD}/charts"}, "https://blob.istio.io/istio-release/charts"),
    ("charts", {"source": "oci://gcr.io/istio-release/charts"}, "https://blob.istio.io/istio-release/charts"),
    ("images", {"hub": "gcr.io/istio-release"}, "docker.io/istio"),
    ("images", {"hub": "registry.istio.io/release"}, "docker.io/istio"),
    ("ingress", {"maxDrainSeconds": 19}, "ingress: maxDrainSeconds 19 is below drainSeconds 20"),
    ("egress", {"listenerDrainSeconds": 86401}, "egress.listenerDrainSeconds: 86401: is more than 86400"),
    ("istio", {"autoscaling": {"minReplicas": 3}}, "istio.autoscaling: minReplicas 3 is above maxReplicas 2"),
    ("egress", {"service": {"nodePorts": {"http2": 30080}, "type": "ClusterIP"}}, "nodePorts need a service"),
    ("ingress", {"service": {"nodePorts": {"http2": 80}}}, "ingress.service.nodePorts.http2: 80: is less than 3"),
)
def test_a_wrong_value_is_refused_with_its_path_and_what_is_allowed(branch, value, problem):
    assert problem in refusal(**{branch: value})


@pytest.mark.parametrize("branch", ["proxy", "ingress", "egress"])
def test_istio_before_1_22_drains_listeners_for_an_hour_at_most(branch):
    def settings(version: str, seconds: int) -> dict:
        return {"istio": {"version": version}, branch: {"listenerDrainSeconds": seconds}}

    problem = f"{branch}.listenerDrainSeconds is 3601; Istio 1.21.6 accepts at most 3600"
    assert refusals(**settings("1.21.6", 3601)) == (problem,)
    for version, seconds in (("1.21.6", 3600), ("1.22.0", 86400)):
        assert make_settings(**settings(version, seconds))


MOST, HUGE = {"cpu": "1", "memory": "200Mi"}, {"cpu": "4", "memory": "4Gi"}
EVICTED = {"scheduling": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}}
POLICY = "scheduling.unhealthyPodEvictionPolicy"
EXISTS = {"key": "disk", "operator": "Exists", "values": ["ssd"]}
AFFINITY = "scheduling.nodeAffinity[0]: operator"
TELEMETRY = "trading.telemetry"
ALONE, WIDE = {"injection": False}, profile(cpu_limit="2", memory_limit="128Mi")


@table(
    case("a condition without values", {"egress": {"scheduling": {"nodeAffinity": [{"key": "disk"}]}}},
        f"egress.{AFFINITY} In needs values"),
    case("a condition with values for nothing", {"istio": {"scheduling": {"nodeAffinity": [EXISTS]}}},
        f"istio.{AFFINITY} Exists takes no values"),
    case("an eviction policy of a single pod", {"ingress": EVICTED},
        f"ingress.{POLICY}: a single pod has no PodDisruptionBudget; remove it"),
    case("an eviction policy that the chart ignores", {"istio": {"version": SHIPPED, "pilotReplicas": 2, **EVICTED}},
        f"istio.{POLICY}: needs Istio 1.27, not {SHIPPED}; remove it"),
    case("a max without a LimitRange", {"trading": {"bounds": {"quota": False, "limitRange": False, "max": HUGE}}},
        "trading.bounds: max is a bound of the LimitRange, and limitRange is false; remove one of them"),
    case("a sidecar above the max", {"trading": {"bounds": {"max": MOST}, "workload": profile(memory_limit="200Mi")}},
        "proxy.resources.limits.memory 256Mi is above trading.bounds.max.memory 200Mi: no pod starts"),
    case("workloads above the max", {"namespaces": {"lab": {**ALONE, "bounds": {"max": MOST}, "workload": WIDE}}},
        "namespaces.lab.workload.limits.cpu 2 is above namespaces.lab.bounds.max.cpu 1"),
    case("telemetry without sidecars", {"trading": {**ALONE, "telemetry": {"disabledMetrics": ["ALL_METRICS"]}}},
        "trading: telemetry is that of sidecars, and injection is false; remove one of them"),
    case("a share of a log that nobody writes", {"trading": {"telemetry": {"accessLogSampling": 1.0}}},
        f"{TELEMETRY}.accessLogSampling is given, but observability.accessLogs.namespaces lacks 'trading'; add it"),
    case("traces without Jaeger", {"trading": {"telemetry": {"traceSampling": 1.0}}},
        f"{TELEMETRY}.traceSampling needs observability.jaeger.enabled: true"),
)  # fmt: skip
def test_settings_that_could_not_work_are_refused(settings, problem):
    (line,) = refusals(**settings)
    assert line.startswith(problem)


def test_settings_never_change_after_they_are_read():
    with pytest.raises(ValidationError, match="frozen"):
        make_settings().istio.pilot_replicas = 3


@pytest.mark.parametrize("own", [{"resources": profile()}, {"replicas": 2}, {"serviceType": "NodePort"}])
def test_defaults_of_a_gateways_class_need_an_istiod_that_reads_them(own):
    assert make_settings(gatewayApi={"mode": "managed", **own}).gateway_api.has_defaults
    line = refusal(istio={"version": "1.25.5"}, gatewayApi=own)
    assert line.startswith("gatewayApi: resources, replicas and serviceType need mode: managed, and Istio 1.26")
