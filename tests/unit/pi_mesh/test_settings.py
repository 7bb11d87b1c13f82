"""Settings that Kubernetes or Istio would refuse during an `up`, or silently ignore, and the small branches."""

import pytest

from pi_mesh.checks.finding import errors
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.refusals import refusals
from tests.support.traffic_problems import run
from tests.support.versions import NEWEST, NEWEST_MINOR

SHOP = {"shop": {"ports": [80]}}
CANARY = {"version": NEWEST, "revision": "next"}
TAGGED = {"canary": CANARY, "tags": {"stable": "default", "new": "next"}}
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


@table(
    case("one node port twice", {"ingress": node_ports(http2=30080, https=30080)}),
    case("a label's key that is none", legacy(**{"bad key!": "x"})),
    case("a label's value that is none", legacy(app="x y")),
    case("an empty label key", legacy(**{"": "x"})),
    case("a label's value of 64 characters", legacy(app="v" * 64)),
    case("a label's prefix that is none", legacy(**{"Example.com/app": "x"})),
    case("a route for every host without a gateway", route(hosts=("*",))),
    case("a time for each of no retries", route(retries={"attempts": 0, "perTryTimeout": "2s"})),
    case("a condition for retries that is none", route(retries={"attempts": 2, "retryOn": "nonsense"})),
    case("conditions for retries with a blank", route(retries={"attempts": 2, "retryOn": "5xx, reset"})),
    case("conditions for no retries", route(retries={"attempts": 0, "retryOn": "5xx"})),
    case("a header without a name", route(headers={"": "x"})),
    case("a header with a blank", route(headers={"x desk": "fx"})),
    case("a host of 300 characters", gateway(hosts=["a." * 148 + "com"])),
    case("a host with a label of 64 characters", gateway(hosts=["a" * 64 + ".com"])),
    case("two protocols on one port", {"traffic": {"gateways": {"g": {}, "h": {"protocol": "TCP", "port": 80}}}}),
    case("a patch with a leading zero", {"istio": {"version": f"1.{NEWEST_MINOR}.01"}}),
    case("a version with a leading zero", {"istio": {"version": f"1.0{NEWEST_MINOR}.0"}}),
)
def test_what_would_be_refused_in_the_middle_of_an_up_is_refused_before(settings):
    try:
        parsed = make_settings(**settings)
    except SettingsError:
        return
    assert errors(run(parsed, None)) != []


@table(
    case("node ports of two gateways", {"ingress": node_ports(http2=30080), "egress": node_ports(http2=30081)}),
    case("labels as Kubernetes has them", legacy(**{"app.kubernetes.io/name": "a_B.c-1", "empty": ""})),
    case("conditions and status codes for retries", route(retries={"attempts": 2, "retryOn": "5xx,reset,503"})),
    case("a header as it is written", route(headers={"X-Desk_1": "fx", ":authority": "a"})),
    case("a host of 63 characters between dots", gateway(hosts=["a" * 63 + ".com"])),
    case("every host at a gateway", route(hosts=("*",), gateways=("g",))),
    case("a loadBalancerClass from 1.26 on", {"istio": {"version": "1.26.0"}, "ingress": {"service": CLASS}}),
    case("one node port of which one gateway is off", {"ingress": PORT, "egress": {**PORT, **OFF}}),
    case("a tag and a revision", {"istio": TAGGED, "trading": {"revision": "stable"}, "ingress": {"revision": "next"}}),
    case("logs of one gateway of which the other is off", {**logs(gateways=True), "ingress": OFF}),
    case("a node port of a listener's own port", {"ingress": node_ports(**{"tcp-9000": 30900}), "traffic": FEED}),
    *(case(f"a certificate's {life}", {"mtls": {"certificateLifetime": life}}) for life in ("10m", "2160h", "129600m")),
)
def test_what_kubernetes_and_istio_take_is_accepted(settings):
    assert errors(run(make_settings(**settings), None)) == []


@pytest.mark.parametrize("service", [{}, {"nodePorts": {}}])
def test_the_egress_gateway_stays_inside_unless_its_type_is_given(service):
    assert make_settings(egress={"service": service}).egress.service.type == "ClusterIP"


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


@table(
    *(({"ingress": {"service": service}}, said) for said, service in SERVICES.items()),
    ({"istio": {"version": "1.25.5"}, "ingress": {"service": CLASS}}, "loadBalancerClass needs Istio 1.26 or newer"),
    ({"ingress": PORT, "egress": PORT}, "both have 30080"),
    ({"traffic": FEED, "ingress": node_ports(**{"tcp-9001": 30900})}, "ingress.service.nodePorts has tcp-9001; its"),
    ({"traffic": FEED, "egress": node_ports(**{"tcp-9000": 30900})}, "egress.service.nodePorts has tcp-9000; its"),
    *(({"mtls": {"certificateLifetime": life}}, "is not between 10m and 2160h") for life in ("9m", "2161h", "129601m")),
    ({"istio": {"tags": {"stable": "next"}}}, "istio.tags.stable is 'next'; there is default"),
    ({"istio": {"tags": {"default": "default"}}}, "istio.tags has default, the name of a revision"),
    ({"istio": {"canary": CANARY, "tags": {"next": "next"}}}, "istio.tags has next, the name of a revision"),
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
)
def test_what_no_gateway_certificate_revision_or_log_could_be_is_refused(settings, said):
    assert said in "; ".join(refusals(**settings))
