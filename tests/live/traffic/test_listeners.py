"""Listeners of other ports and protocols, the addresses of their clients, and their certificates."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.calls import REFUSED, Answer, call, command, settled
from lab.cluster.kubectl import get, kubectl
from lab.workloads import CONTROL, service
from pi_mesh.names import INGRESS
from tests.live.traffic import cast
from tests.live.traffic.outside import ADDRESS, HOST, root_certificates, visit
from tests.support.authorities import Authority, make_root, make_server
from tests.support.objects import present
from tests.support.project import Project

pytestmark = pytest.mark.usefixtures("workloads")

GATEWAY = f"{INGRESS}.{CONTROL}"
SECRET = "shop-certificate"
APP = {"service": "trading-app-service", "port": 80}
RPC = "trading-rpc"
ISTIOD = f"istiod.{CONTROL}.svc"  # a server with TLS of its own, whose certificate names it so
ELSEWHERE = ["192.0.2.0/24"]  # addresses of nobody
KNOWN, UNKNOWN = "198.51.100.7", "203.0.113.7"  # clients before a proxy, on the list and off it
LISTENERS = {
    "home": {"port": 8080, "allowAddresses": [ADDRESS]},
    "office": {"port": 8081, "allowAddresses": ELSEWHERE},
    "feed": {"protocol": "TCP", "port": 9000},
    "feed-home": {"protocol": "TCP", "port": 9001, "allowAddresses": [f"{ADDRESS}/32"]},
    "feed-office": {"protocol": "TCP", "port": 9002, "allowAddresses": ELSEWHERE},
    "rpc": {"protocol": "GRPC", "port": 50051},
    "shop": {"protocol": "HTTPS", "port": 8443, "hosts": [HOST], "tls": {"secret": SECRET}},
    "passed": {"protocol": "TLS", "port": 8444, "hosts": [ISTIOD]},
}
XDS = {"service": f"{ISTIOD}.cluster.local", "port": 15012}
ROUTES = {
    "web": {"hosts": ["*"], "gateways": ["home", "office"], "http": [{"to": [APP]}]},
    "shop": {"hosts": [HOST], "gateways": ["shop"], "http": [{"to": [APP]}]},
    "feed": {"hosts": ["*"], "gateways": ["feed", "feed-home", "feed-office"], "tcp": [APP]},
    "rpc": {"hosts": ["*"], "gateways": ["rpc"], "http": [{"to": [{"service": RPC, "port": 8079}]}]},
    "passed": {"hosts": [ISTIOD], "gateways": ["passed"], "tls": [XDS]},
}
LOCAL = {"ingress.service.externalTrafficPolicy": "Local"}
SETTINGS = {**LOCAL, "traffic.gateways": LISTENERS, "traffic.routes": ROUTES}


@contextmanager
def listening(mesh: Project, **more: object) -> Iterator[str]:
    """Open the listeners for the block, and give what `up` said of them."""
    with present([service(RPC, cast.APP, grpc=8079)]), mesh.changed({**SETTINGS, **more}) as outcome:
        yield outcome.output


@pytest.fixture(scope="module")
def said(mesh: Project, workloads: None) -> Iterator[str]:  # noqa: ARG001 - first the workloads
    with listening(mesh) as output:
        yield output


def give(server: Authority, folder: Path) -> None:
    """Write the listener's Secret."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_text(server.pem)
    key.write_text(server.key)
    kubectl("delete", "secret", SECRET, "-n", CONTROL, "--ignore-not-found")
    kubectl("create", "secret", "tls", SECRET, "-n", CONTROL, f"--cert={certificate}", f"--key={key}")


@pytest.mark.usefixtures("said")
def test_a_tcp_listener_passes_connections_on_through_a_port_of_its_own(figure):
    url = f"http://{GATEWAY}:9000/debug"
    assert settled(lambda: call(cast.OUTSIDER, url).status, 200) == 200
    assert "X-Forwarded-For" not in call(cast.OUTSIDER, url).body  # nobody on the way spoke HTTP
    ports = {port["name"]: port["port"] for port in get("service", INGRESS, "-n", CONTROL)["spec"]["ports"]}
    assert ports["tcp-9000"] == 9000
    figure("200 on port 9000, unchanged; the Service has the port")


@pytest.mark.usefixtures("said")
def test_a_grpc_listener_answers_pings_through_a_port_of_its_own(figure):
    def ping() -> int:
        done = subprocess.run(command(cast.OUTSIDER, "grpcping", "-n", "5", f"{GATEWAY}:50051"), capture_output=True)
        return done.returncode

    assert settled(ping, 0) == 0
    figure("5 of 5 pings on port 50051")


@pytest.mark.usefixtures("said")
def test_tls_is_passed_on_to_the_server_that_its_server_name_names(tmp_path, figure):
    (tmp_path / "roots.pem").write_text(root_certificates())

    roots = str(tmp_path / "roots.pem")
    assert settled(lambda: ISTIOD in visit("tls-8444", roots=roots, host=ISTIOD).body, True)
    assert visit("tls-8444", roots=roots).status == REFUSED
    figure(f"the client sees the certificate of {ISTIOD}; another server name is refused")


@pytest.mark.usefixtures("said")
def test_a_client_outside_is_seen_by_its_own_address_and_admitted_where_that_is_listed(figure):
    assert settled(lambda: visit("http-8080").status, 200) == 200
    assert f"X-Forwarded-For: {ADDRESS}" in visit("http-8080").body
    assert settled(lambda: visit("tcp-9001").status, 200) == 200
    assert visit("http-8081").status == 403
    assert visit("tcp-9002").status == REFUSED
    figure(f"the application sees {ADDRESS}; on the list 200 and 200, off it 403 and closed (HTTP, TCP)")


def test_a_listener_is_named_until_its_certificate_is_right_and_then_answers_by_https(said, mesh, tmp_path, figure):
    root = make_root()
    assert f"secret {CONTROL}/{SECRET}: is not there" in said
    try:
        give(make_server("other.example", signer=root), tmp_path)
        findings = mesh.operation("verify", "--json").findings
        (wrong,) = (one["message"] for one in findings if one["name"] == f"{CONTROL}/{SECRET}")
        assert "other.example" in wrong
        (asked,) = (one["message"] for one in findings if one["id"] == "request through the gateway")
        assert asked == f"a GET of https://{HOST}:8443/ got 200 from the service behind the gateway"
        give(make_server(HOST, signer=root), tmp_path)
        (tmp_path / "root.pem").write_text(root.pem)
        assert settled(lambda: visit("https-8443", roots=str(tmp_path / "root.pem")).status, 200) == 200
    finally:
        kubectl("delete", "secret", SECRET, "-n", CONTROL, "--ignore-not-found")
    figure(f"missing: named by `up`; for another host: {wrong}; with the right one 200")


@pytest.mark.long
def test_a_load_balancer_tells_the_clients_address_by_the_proxy_protocol(mesh: Project, figure):
    def told(port: str, address: str, number: int = 0) -> Answer:
        header = f"PROXY TCP4 {address} 192.0.2.1 4711 {number or int(port.rpartition('-')[2])}\r\n"
        return visit(port, first=header)

    with listening(mesh, **{"ingress.proxyProtocol": True, "traffic.gateways": behind_a_proxy()}):
        assert settled(lambda: told("http-8080", KNOWN).status, 200) == 200
        assert f"X-Forwarded-For: {KNOWN}" in told("http-8080", KNOWN).body
        assert settled(lambda: told("tcp-9001", KNOWN).status, 200) == 200
        assert told("http-8080", UNKNOWN).status == 403
        assert told("tcp-9001", UNKNOWN).status == REFUSED
        assert told("http-8080", UNKNOWN, 4443).status == 403  # a port of the load balancer's own
        assert visit("http-8080").status == REFUSED
    figure(f"{KNOWN} seen and admitted, {UNKNOWN} refused (HTTP, TCP); a connection without the header is closed")


@pytest.mark.long
def test_a_trusted_proxy_tells_the_clients_address_by_x_forwarded_for(mesh: Project, figure):
    with listening(mesh, **{"ingress.trustedProxies": 1, "traffic.gateways": behind_a_proxy()}):
        assert settled(lambda: visit("http-8080", forwarded_for=f"{UNKNOWN}, {KNOWN}").status, 200) == 200
        assert visit("http-8080", forwarded_for=f"{KNOWN}, {UNKNOWN}").status == 403
    figure("the last address of X-Forwarded-For counts: 200 and 403; a client's own header before it does not")


def behind_a_proxy() -> dict[str, dict]:
    """Return the listeners with the addresses that a proxy tells of."""
    return {
        name: {**listener, "allowAddresses": [KNOWN]} if name in ("home", "feed-home") else listener
        for name, listener in LISTENERS.items()
    }
