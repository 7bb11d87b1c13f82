"""Settings that Kubernetes or Istio would refuse during an `up`, or silently ignore, and the small branches."""

import pytest

from pi_mesh.checks.finding import errors
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings
from tests.support.refusals import refusals
from tests.support.traffic_problems import run
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED

SHOP = {"shop": {"ports": [80]}}
CANARY = {"version": NEWEST, "revision": "next"}
OFF = {"enabled": False}
FEED = {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}


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


PORT, CLASS = node_ports(http2=30080), {"loadBalancerClass": "metallb.io/metallb"}
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
    "a loadBalancerClass from 1.26 on": {"istio": {"version": "1.26.0"}, "ingress": {"service": CLASS}},
    "one node port of which one gateway is off": {"ingress": PORT, "egress": {**PORT, **OFF}},
    "logs of one gateway of which the other is off": {**logs(gateways=True), "ingress": OFF},
    "a node port of a listener's own port": {"ingress": node_ports(**{"tcp-9000": 30900}), "traffic": FEED},
    **{
        f"a certificate that lives for {lifetime}": {"mtls": {"certificateLifetime": lifetime}}
        for lifetime in ("10m", "11m", "1h", "2160h", "129600m")
    },
}


@pytest.mark.parametrize("settings", ACCEPTED.values(), ids=ACCEPTED)
def test_what_kubernetes_and_istio_take_is_accepted(settings):
    assert errors(run(make_settings(**settings), None)) == []


@pytest.mark.parametrize("service", [{}, {"nodePorts": {}}])
def test_the_egress_gateway_stays_inside_unless_its_type_is_given(service):
    assert make_settings(egress={"service": service}).egress.service.type == "ClusterIP"


def test_a_namespace_and_a_gateway_may_follow_a_revision_a_tag_or_none():
    istio = {"canary": CANARY, "tags": {"stable": "default", "new": "next"}}
    settings = make_settings(istio=istio, trading={"revision": "stable"}, ingress={"revision": "next"})
    assert (settings.trading.revision, settings.ingress.revision, settings.egress.revision) == ("stable", "next", None)


def test_the_settings_of_the_canary_are_those_of_the_first_but_for_the_version():
    settings = make_settings(istio={"version": BEFORE, "canary": CANARY, "pilotReplicas": 2})
    assert (settings.of_canary.istio.version, settings.of_canary.istio.pilot_replicas) == (NEWEST, 2)


NO_SIDECARS = "accessLogs.namespaces has 'trading', which is no namespace of workloads with sidecars"
SERVICES = {
    "externalTrafficPolicy needs a service of type": {"type": "ClusterIP", "externalTrafficPolicy": "Local"},
    "address: only a service of type LoadBalancer or auto": {"type": "NodePort", "address": "192.0.2.1"},
    "sourceRanges: only a service of type LoadBalancer": {"type": "ClusterIP", "sourceRanges": ["192.0.2.0/24"]},
    "addressBy needs address": {"addressBy": "MetalLB"},
    "is not an IPv4 address": {"address": "2001:db8::1"},
    'is not a class such as "metallb.io/metallb"': {"loadBalancerClass": "not a class"},
    "nodePorts.web": {"nodePorts": {"web": 30080}},
}
REFUSED = [
    *(({"ingress": {"service": service}}, said) for said, service in SERVICES.items()),
    *(
        ({"istio": {"version": version}, "ingress": {"service": CLASS}}, "loadBalancerClass needs Istio 1.26 or newer")
        for version in (SHIPPED, "1.25.5")
    ),
    ({"ingress": PORT, "egress": PORT}, "both have 30080"),
    *(
        ({"traffic": FEED, gateway: node_ports(**{port: 30900})}, f"{gateway}.service.nodePorts has {port}; its")
        for gateway, port in (("ingress", "tcp-9001"), ("egress", "tcp-9001"), ("egress", "tcp-9000"))
    ),
    *(
        ({"mtls": {"certificateLifetime": lifetime}}, "is not between 10m and 2160h")
        for lifetime in ("9m", "1m", "2161h", "129601m")
    ),
    ({"istio": {"tags": {"stable": "next"}}}, "istio.tags.stable is 'next'; there is default"),
    *(
        ({"istio": {"canary": CANARY, "tags": {tag: "next"}}}, f"istio.tags has {tag}, the name of a revision")
        for tag in ("default", "next")
    ),
    ({"istio": {"canary": {**CANARY, "revision": "default"}}}, "the first control plane's"),
    *(
        ({"istio": {"canary": CANARY}, key: {"revision": "nxt"}}, f"{key}.revision is 'nxt'; there are default, next")
        for key in ("trading", "ingress", "egress")
    ),
    ({**logs(namespaces=["trading"]), "trading": {"injection": False}}, NO_SIDECARS),
    (logs(namespaces=["trading", "nowhere"]), "'nowhere'"),
    ({**logs(gateways=True), "ingress": OFF, "egress": OFF}, "gateways is true, but neither gateway is enabled"),
    (logs(paths=True), "accessLogs.paths is true, but nothing is logged"),
    *((logs(gateways=True, sampling=sampling), "sampling") for sampling in (-1, 101)),
]


@pytest.mark.parametrize(("settings", "said"), REFUSED, ids=str)
def test_what_no_gateway_certificate_revision_or_log_could_be_is_refused(settings, said):
    assert said in "; ".join(refusals(**settings))
