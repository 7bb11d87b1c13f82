"""Settings that Kubernetes or Istio would refuse during an `up`, or silently ignore, and the small branches."""

import pytest

from pi_mesh.checks.finding import errors
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings
from tests.support.refusals import refusal, refusals
from tests.support.traffic_problems import run
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED

SHOP = {"shop": {"ports": [80]}}
CANARY = {"version": NEWEST, "revision": "next"}
OFF = {"enabled": False}


def node_ports(**ports: int) -> dict:
    return {"service": {"type": "NodePort", "nodePorts": ports}}


def legacy(**selector: str) -> dict:
    return {"traffic": {"legacy": {"old": {"selector": selector}}}}


def route(hosts: tuple[str, ...] = ("shop.example",), gateways: tuple[str, ...] = (), **rule: object) -> dict:
    routes = {"r": {"hosts": [*hosts], "gateways": [*gateways], "http": [{"to": [{"service": "shop"}], **rule}]}}
    return {"traffic": {"services": SHOP, "gateways": {name: {} for name in gateways}, "routes": routes}}


def gateway(**settings: object) -> dict:
    return {"traffic": {"gateways": {"g": settings}}}


def logs(**settings: object) -> dict:
    return {"observability": {"accessLogs": settings}}


REFUSED_LATER = {
    "one node port twice": {"ingress": node_ports(http2=30080, https=30080)},
    "a label's key that is none": legacy(**{"bad key!": "x"}),
    "a label's value that is none": legacy(app="x y"),
    "an empty label key": legacy(**{"": "x"}),
    "a label's value of 64 characters": legacy(app="v" * 64),
    "a label's prefix that is none": legacy(**{"Example.com/app": "x"}),
    "a route for every host without a gateway": route(hosts=("*",)),
    "a time for each of no retries": route(retries={"attempts": 0, "perTryTimeout": "2s"}),
    "a condition for retries that is none": route(retries={"attempts": 2, "retryOn": "nonsense"}),
    "conditions for retries with a blank": route(retries={"attempts": 2, "retryOn": "5xx, reset"}),
    "conditions for no retries": route(retries={"attempts": 0, "retryOn": "5xx"}),
    "a header without a name": route(headers={"": "x"}),
    "a header with a blank": route(headers={"x desk": "fx"}),
    "a host of 300 characters": gateway(hosts=["a." * 148 + "com"]),
    "a host with a label of 64 characters": gateway(hosts=["a" * 64 + ".com"]),
    "two protocols on one port": {"traffic": {"gateways": {"g": {}, "h": {"protocol": "TCP", "port": 80}}}},
    "a patch with a leading zero": {"istio": {"version": f"1.{NEWEST_MINOR}.01"}},
    "a version with a leading zero": {"istio": {"version": f"1.0{NEWEST_MINOR}.0"}},
}


@pytest.mark.parametrize("settings", REFUSED_LATER.values(), ids=REFUSED_LATER)
def test_what_would_be_refused_in_the_middle_of_an_up_is_refused_before(settings):
    try:
        parsed = make_settings(**settings)
    except SettingsError:
        return
    assert errors(run(parsed, None)) != []


ACCEPTED = {
    "node ports of two gateways": {"ingress": node_ports(http2=30080), "egress": node_ports(http2=30081)},
    "labels as Kubernetes has them": legacy(**{"app.kubernetes.io/name": "a_B.c-1", "empty": ""}),
    "conditions and status codes for retries": route(retries={"attempts": 2, "retryOn": "5xx,reset,503"}),
    "a header as it is written": route(headers={"X-Desk_1": "fx", ":authority": "a"}),
    "a host of 63 characters between dots": gateway(hosts=["a" * 63 + ".com"]),
    "every host at a gateway": route(hosts=("*",), gateways=("g",)),
    "a loadBalancerClass from 1.26 on": {
        "istio": {"version": "1.26.0"},
        "ingress": {"service": {"loadBalancerClass": "metallb.io/metallb"}},
    },
    "one node port of which one gateway is off": {
        "ingress": node_ports(http2=30080),
        "egress": {**node_ports(http2=30080), **OFF},
    },
    "logs of one gateway of which the other is off": {**logs(gateways=True), "ingress": OFF},
}


@pytest.mark.parametrize("settings", ACCEPTED.values(), ids=ACCEPTED)
def test_what_kubernetes_and_istio_take_is_accepted(settings):
    assert errors(run(make_settings(**settings), None)) == []


@pytest.mark.parametrize("service", [{}, {"nodePorts": {}}])
def test_the_egress_gateway_stays_inside_unless_its_type_is_given(service):
    assert make_settings(egress={"service": service}).egress.service.type == "ClusterIP"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"type": "ClusterIP", "externalTrafficPolicy": "Local"}, "externalTrafficPolicy needs a service of type"),
        ({"type": "NodePort", "address": "192.0.2.1"}, "address: only a service of type LoadBalancer or auto"),
        ({"type": "ClusterIP", "sourceRanges": ["192.0.2.0/24"]}, "sourceRanges: only a service of type LoadBalancer"),
        ({"addressBy": "MetalLB"}, "addressBy needs address"),
        ({"address": "2001:db8::1"}, "is not an IPv4 address"),
        ({"loadBalancerClass": "not a class"}, 'is not a class such as "metallb.io/metallb"'),
        ({"nodePorts": {"web": 30080}}, "web"),
    ],
    ids=str,
)
def test_a_service_that_nobody_could_serve_is_refused(service, said):
    assert said in refusal(ingress={"service": service})


@pytest.mark.parametrize("version", [SHIPPED, "1.25.5"])
def test_a_class_is_refused_where_the_chart_would_ignore_it(version):
    service = {"loadBalancerClass": "metallb.io/metallb"}
    assert "loadBalancerClass needs Istio 1.26 or newer" in refusal(
        istio={"version": version}, ingress={"service": service}
    )


def test_a_node_port_of_both_gateways_is_refused():
    assert "both have 30080" in refusal(ingress=node_ports(http2=30080), egress=node_ports(http2=30080))


FEED = {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}


def test_a_listeners_port_may_have_a_node_port_of_its_own():
    settings = make_settings(ingress=node_ports(**{"tcp-9000": 30900}), traffic=FEED)
    assert settings.ingress.service.node_ports == {"tcp-9000": 30900}


@pytest.mark.parametrize(("gateway", "port"), [("ingress", "tcp-9001"), ("egress", "tcp-9001"), ("egress", "tcp-9000")])
def test_a_node_port_of_a_port_that_the_service_does_not_have_is_refused(gateway, port):
    line = refusal(traffic=FEED, **{gateway: node_ports(**{port: 30900})})
    assert line.startswith(f"{gateway}.service.nodePorts has {port}; its Service has")


@pytest.mark.parametrize("lifetime", ["10m", "11m", "1h", "2160h", "129600m"])
def test_a_certificate_may_live_from_ten_minutes_to_ninety_days(lifetime):
    assert make_settings(mtls={"certificateLifetime": lifetime}).mtls.certificate_lifetime == lifetime


@pytest.mark.parametrize("lifetime", ["9m", "1m", "2161h", "129601m"])
def test_a_shorter_or_longer_certificate_is_refused(lifetime):
    assert "is not between 10m and 2160h" in refusal(mtls={"certificateLifetime": lifetime})


def test_a_namespace_and_a_gateway_may_follow_a_revision_a_tag_or_none():
    istio = {"canary": CANARY, "tags": {"stable": "default", "new": "next"}}
    settings = make_settings(istio=istio, trading={"revision": "stable"}, ingress={"revision": "next"})
    assert (settings.trading.revision, settings.ingress.revision, settings.egress.revision) == ("stable", "next", None)


@pytest.mark.parametrize(
    ("istio", "said"),
    [
        ({"tags": {"stable": "next"}}, "istio.tags.stable is 'next'; there is default"),
        ({"canary": CANARY, "tags": {"default": "next"}}, "istio.tags has default, the name of a revision"),
        ({"canary": CANARY, "tags": {"next": "next"}}, "istio.tags has next, the name of a revision"),
        ({"canary": {**CANARY, "revision": "default"}}, "the first control plane's"),
    ],
)
def test_a_tag_and_a_revision_have_names_of_their_own_and_a_tag_needs_its_revision(istio, said):
    assert said in "; ".join(refusals(istio=istio))


@pytest.mark.parametrize("key", ["trading", "ingress", "egress"])
def test_who_follows_what_is_not_there_is_told_what_is(key):
    line = refusal(istio={"canary": CANARY}, **{key: {"revision": "nxt"}})
    assert line.startswith(f"{key}.revision is 'nxt'; there are default, next")


def test_the_settings_of_the_canary_are_those_of_the_first_but_for_the_version():
    settings = make_settings(istio={"version": BEFORE, "canary": CANARY, "pilotReplicas": 2})
    assert (settings.of_canary.istio.version, settings.of_canary.istio.pilot_replicas) == (NEWEST, 2)


def test_nothing_is_logged_by_default():
    assert make_settings().observability.access_logs.enabled is False


NO_SIDECARS = "accessLogs.namespaces has '{}', which is no namespace of workloads with sidecars"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({**logs(namespaces=["trading"]), "trading": {"injection": False}}, NO_SIDECARS.format("trading")),
        (logs(namespaces=["trading", "nowhere"]), "'nowhere'"),
        ({**logs(gateways=True), "ingress": OFF, "egress": OFF}, "gateways is true, but neither gateway is enabled"),
        (logs(paths=True), "accessLogs.paths is true, but nothing is logged"),
        (logs(gateways=True, sampling=-1), "sampling"),
        (logs(gateways=True, sampling=101), "sampling"),
    ],
)
def test_access_logs_that_no_proxy_could_write_are_refused(settings, said):
    assert said in refusal(**settings)
