"""The early refusal of settings that Kubernetes or Istio would refuse during an `up`, or silently ignore."""

import pytest

from pi_mesh.checks.finding import errors
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings
from tests.support.traffic_problems import run

SHOP = {"shop": {"ports": [80]}}


def node_ports(**ports: int) -> dict:
    return {"service": {"type": "NodePort", "nodePorts": ports}}


def legacy(**selector: str) -> dict:
    return {"traffic": {"legacy": {"old": {"selector": selector}}}}


def external_port(port: int) -> dict:
    return {"traffic": {"external": {"e": {"hosts": ["a.example"], "protocol": "TCP", "port": port}}}}


def route(hosts: tuple[str, ...] = ("shop.example",), **rule: object) -> dict:
    http = [{"to": [{"service": "shop"}], **rule}]
    return {"traffic": {"services": SHOP, "routes": {"r": {"hosts": list(hosts), "http": http}}}}


def gateway(**settings: object) -> dict:
    return {"traffic": {"gateways": {"g": settings}}}


def external(host: str) -> dict:
    return {"traffic": {"external": {"e": {"hosts": [host]}}}}


REFUSED_LATER = {
    "one node port twice": {
        "ingress": {"service": {"type": "NodePort", "nodePorts": {"http2": 30080, "https": 30080}}}
    },
    "one node port in both gateways": {"ingress": node_ports(http2=30080), "egress": node_ports(http2=30080)},
    "a label's key that is none": legacy(**{"bad key!": "x"}),
    "a label's value that is none": legacy(app="x y"),
    "an empty label key": legacy(**{"": "x"}),
    "a label's value of 64 characters": legacy(app="v" * 64),
    "a route for every host without a gateway": route(hosts=("*",)),
    "a time for each of no retries": route(retries={"attempts": 0, "perTryTimeout": "2s"}),
    "a condition for retries that is none": route(retries={"attempts": 2, "retryOn": "nonsense"}),
    "a header without a name": route(headers={"": "x"}),
    "a host of 300 characters": gateway(hosts=["a." * 148 + "com"]),
    "a host with a label of 64 characters": gateway(hosts=["a" * 64 + ".com"]),
    "two protocols on one port": {"traffic": {"gateways": {"g": {}, "h": {"protocol": "TCP", "port": 80}}}},
    "the gateway's status port": gateway(port=15021),
    "HTTP and HTTPS on one port": gateway(port=443, tls={"secret": "certificate"}),
    "a cluster service as an outside host": external("kubernetes.default.svc.cluster.local"),
    "an address as an outside host": external("10.0.0.1"),
    "a port of the proxy for outside hosts": external_port(15001),
    "a header with a blank": route(headers={"x desk": "fx"}),
    "conditions for retries with a blank": route(retries={"attempts": 2, "retryOn": "5xx, reset"}),
    "conditions for no retries": route(retries={"attempts": 0, "retryOn": "5xx"}),
    "a label's prefix that is none": legacy(**{"Example.com/app": "x"}),
    "a patch with a leading zero": {"istio": {"version": "1.31.01"}},
    "a version with a leading zero": {"istio": {"version": "1.020.3"}},
}


@pytest.mark.parametrize("case", REFUSED_LATER)
def test_what_would_be_refused_in_the_middle_of_an_up_is_refused_before(case):
    try:
        settings = make_settings(**REFUSED_LATER[case])
    except SettingsError:
        return
    assert errors(run(settings, None)) != []


ACCEPTED = {
    "node ports of two gateways": {"ingress": node_ports(http2=30080), "egress": node_ports(http2=30081)},
    "one node port, one gateway off": {
        "ingress": node_ports(http2=30080),
        "egress": {**node_ports(http2=30080), "enabled": False},
    },
    "labels as Kubernetes has them": legacy(**{"app.kubernetes.io/name": "a_B.c-1", "empty": ""}),
    "conditions and status codes for retries": route(retries={"attempts": 2, "retryOn": "5xx,reset,503"}),
    "a header as it is written": route(headers={"X-Desk_1": "fx", ":authority": "a"}),
    "a host of 63 characters between dots": gateway(hosts=["a" * 63 + ".com"]),
    "every host at a gateway": {
        "traffic": {
            "services": SHOP,
            "gateways": {"g": {}},
            "routes": {"r": {"hosts": ["*"], "gateways": ["g"], "http": [{"to": [{"service": "shop"}]}]}},
        }
    },
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_kubernetes_and_istio_take_is_accepted(case):
    assert errors(run(make_settings(**ACCEPTED[case]), None)) == []
