"""The settings tree: accepted and refused values, and the messages."""

import pytest
from pydantic import ValidationError

from pi_mesh.settings import SettingsError, parse
from tests.support.factories import make_settings, raw_settings


def problems(**overrides: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        parse(raw_settings(**overrides))
    return refused.value.problems


def profile(cpu: str = "100m", memory: str = "128Mi", cpu_limit: str = "500m", memory_limit: str = "256Mi") -> dict:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory_limit}}


def test_the_least_settings_give_the_roles_defaults():
    settings = make_settings(istio={"version": "1.20.3"})
    assert settings.istio.resources.to_kubernetes() == profile()
    assert settings.proxy.resources.to_kubernetes() == profile("50m", "128Mi", "200m", "256Mi")
    assert settings.ingress.resources == settings.egress.resources == settings.istio.resources
    assert (settings.istio.namespace, settings.istio.pilot_replicas) == ("istio-system", 1)
    assert (settings.ingress.enabled, settings.egress.enabled) == (True, True)
    assert (settings.mtls.mode, settings.trading.namespace, settings.vault.enabled) == ("STRICT", "trading", False)
    assert not settings.istio.autoscaling.enabled


@pytest.mark.row(19)
@pytest.mark.row(39)
@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"istoi": {}}, "istoi: is not a setting; did you mean `istio`?"),
        ({"istio": {"pilotReplica": 2}}, "istio.pilotReplica: is not a setting; did you mean `pilotReplicas`?"),
        (
            {"istio": {"resources": profile(memory="512mb")}},
            "istio.resources.requests.memory: '512mb': is not a memory",
        ),
        ({"istio": {"resources": profile(cpu="0.5m")}}, "istio.resources.requests.cpu: '0.5m': is not a CPU quantity"),
        ({"proxy": {"resources": profile(cpu="1")}}, "proxy.resources: requests.cpu 1 is above limits.cpu 500m"),
        ({"proxy": {"resources": profile(memory="1Gi")}}, "requests.memory 1Gi is above limits.memory 256Mi"),
        ({"istio": {"version": "latest"}}, "istio.version: 'latest': is not an exact release such as \"1.20.3\""),
        ({"istio": {"version": "~1.30.0"}}, "istio.version: '~1.30.0': is not an exact release"),
        ({"istio": {"version": "1.19.0"}}, "istio.version: '1.19.0': is older than 1.20, the oldest supported version"),
        ({"istio": {"version": 1.3}}, "istio.version: 1.3: is a number in YAML, where 1.20 is 1.2; put it in quotes"),
        ({"istio": {"namespace": ""}}, "istio.namespace: '': is not at most 63 small letters"),
        ({"istio": {"namespace": "Istio"}}, "istio.namespace: 'Istio': is not at most 63 small letters"),
        ({"trading": {"namespace": "a" * 64}}, "is not at most 63 small letters"),
        ({"trading": {"namespace": "123456"}}, "trading.namespace: '123456': is not at most 63 small letters"),
        ({"trading": {"namespace": 123456}}, "trading.namespace: 123456: is a number in YAML; put it in quotes"),
        ({"trading": {"namespace": "tr\u00e4ding"}}, "is not at most 63 small letters"),
        ({"trading": {"namespace": "istio-system"}}, "trading.namespace and istio.namespace are both 'istio-system'"),
        ({"istio": {"pilotReplicas": 0}}, "istio.pilotReplicas: 0: input should be greater than or equal to 1"),
        ({"ingress": {"replicas": -1}}, "ingress.replicas: -1: input should be greater than or equal to 1"),
        ({"ingress": {"replicas": "2"}}, "ingress.replicas: '2': is not a whole number; write it without quotes"),
        ({"ingress": {"enabled": "on"}}, "ingress.enabled: 'on': is neither true nor false"),
        ({"mtls": {"mode": "strict"}}, "mtls.mode: 'strict': input should be 'STRICT' or 'PERMISSIVE'"),
        ({"mtls": {"mode": "DISABLE"}}, "mtls.mode: 'DISABLE': input should be 'STRICT' or 'PERMISSIVE'"),
        ({"mtls": {"certificateLifetime": "1yr"}}, "mtls.certificateLifetime: '1yr': is not whole hours or minutes"),
        ({"mtls": {"certificateLifetime": "2161h"}}, "mtls.certificateLifetime: '2161h': is not between 10m and 2160h"),
        ({"mtls": {"certificateLifetime": "9m"}}, "mtls.certificateLifetime: '9m': is not between 10m and 2160h"),
        ({"cluster": {"architecture": "armhf"}}, "cluster.architecture: 'armhf': input should be 'arm64' or 'amd64'"),
        ({"charts": {"source": "ftp://x"}}, "charts.source: 'ftp://x': is not an https:// repository"),
        ({"istio": {"autoscaling": {"minReplicas": 3}}}, "istio.autoscaling: minReplicas 3 is above maxReplicas 2"),
        ({"egress": {"service": {"nodePorts": {"http2": 30080}, "type": "ClusterIP"}}}, "nodePorts need a service"),
        (
            {"ingress": {"service": {"nodePorts": {"http2": 80}}}},
            "ingress.service.nodePorts.http2: 80: input should be",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_path_and_what_is_allowed(overrides, problem):
    (line,) = problems(**overrides)
    assert problem in line


@pytest.mark.row(39)
def test_all_problems_come_at_once():
    lines = problems(istoi={}, istio={"pilotReplicas": 0, "version": "latest"}, mtls={"mode": "off"})
    assert [line.partition(":")[0] for line in lines] == ["istio.version", "istio.pilotReplicas", "mtls.mode", "istoi"]


def test_what_is_required_is_named():
    with pytest.raises(SettingsError) as refused:
        parse({})
    assert refused.value.problems == ("cluster: is required", "istio: is required")


@pytest.mark.parametrize(
    "source",
    ["https://istio-release.storage.googleapis.com/charts", "oci://gcr.io/istio-release/charts"],
)
def test_a_retired_chart_source_is_refused_with_the_new_address(source):
    (line,) = problems(charts={"source": source})
    assert "https://blob.istio.io/istio-release/charts" in line


@pytest.mark.parametrize("hub", ["gcr.io/istio-release", "registry.istio.io/release"])
def test_a_retired_image_hub_is_refused_with_the_new_one(hub):
    (line,) = problems(images={"hub": hub})
    assert "docker.io/istio" in line


def test_settings_never_change_after_they_are_read():
    with pytest.raises(ValidationError, match="frozen"):
        make_settings().istio.pilot_replicas = 3


FEED = {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}


def node_ports(**ports: int) -> dict:
    return {
        "service": {"type": "NodePort", "nodePorts": {name.replace("_", "-"): port for name, port in ports.items()}}
    }


def test_a_listeners_port_may_have_a_node_port_of_its_own():
    settings = make_settings(ingress=node_ports(tcp_9000=30900), traffic=FEED)
    assert settings.ingress.service.node_ports == {"tcp-9000": 30900}


@pytest.mark.parametrize("gateway", ["ingress", "egress"])
def test_a_node_port_of_a_port_that_the_service_does_not_have_is_refused(gateway):
    with pytest.raises(SettingsError, match=f"{gateway}.service.nodePorts has tcp-9001; its Service has"):
        make_settings(traffic=FEED, **{gateway: node_ports(tcp_9001=30900)})


def test_the_egress_gateway_has_no_ports_of_listeners():
    with pytest.raises(SettingsError, match=r"egress\.service\.nodePorts has tcp-9000"):
        make_settings(traffic=FEED, egress=node_ports(tcp_9000=30900))


@pytest.mark.parametrize("version", ["1.20.3", "1.25.5"])
def test_a_class_is_refused_where_the_chart_would_ignore_it(version):
    service = {"service": {"loadBalancerClass": "metallb.io/metallb"}}
    with pytest.raises(SettingsError, match=r"loadBalancerClass needs Istio 1\.26 or newer"):
        make_settings(istio={"version": version}, ingress=service)
    assert make_settings(istio={"version": "1.26.0"}, ingress=service)


def test_the_node_ports_of_a_gateway_that_is_switched_off_are_not_compared():
    one = node_ports(http2=30080)
    with pytest.raises(SettingsError, match="both have 30080"):
        make_settings(ingress=one, egress=one)
    assert make_settings(ingress=one, egress={**one, "enabled": False})
