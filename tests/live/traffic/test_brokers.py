"""The way out to a broker: TLS with a client certificate from the egress gateway, and TCP hosts told apart by name."""

import base64
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.calls import call, settled, status
from lab.cluster.machines import CONTROL_PLANE, NODES
from lab.workloads import CONTROL, Workload, apply
from tests.live.traffic import broker, cast
from tests.live.traffic.cast import rules
from tests.live.traffic.held import held
from tests.live.traffic.load import steady
from tests.live.traffic.outside import name_of
from tests.support.authorities import Authority, make_ca, make_server
from tests.support.objects import present
from tests.support.project import Project

PORT, TLS, SECRET = 9880, 9898, "broker-client"


HOST = name_of(CONTROL_PLANE)
ROOT = make_ca("broker's CA")
HTTP = {"hosts": [HOST], "protocol": "HTTP", "port": PORT, "throughGateway": True}
FIX = {**HTTP, "protocol": "TCP", "port": TLS}
DESK = Workload("trading-desk", streams=True)
WITH_CERTIFICATE = {"secret": SECRET, "port": TLS}


def shown(certificate: Authority) -> dict[str, Any]:
    """Return the Secret with a client certificate and the CA of the broker's."""
    files = {"tls.crt": certificate.pem, "tls.key": certificate.key, "ca.crt": ROOT.pem}
    data = {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET, "namespace": CONTROL}, "data": data}


def client() -> Authority:
    return make_server("trading-desk", signer=ROOT)


def answer(url: str) -> str:
    """Return the last line of the answer: the client's name, its certificate's number, and the broker's address."""
    return call(cast.CLIENT, url).body.strip().rpartition("\n")[2]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the brokers' files."""
    folder, own = tmp_path_factory.mktemp("broker"), make_server(*map(name_of, (CONTROL_PLANE, *NODES)), signer=ROOT)
    for name, text in ((broker.CERTIFICATE, own.pem), (broker.KEY, own.key), (broker.CLIENTS, ROOT.pem)):
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def ready(mesh: Project) -> Iterator[None]:
    """Let the egress gateway read Secrets, as an `up` with a client certificate does, and proxies answer for DNS."""
    with present([shown(client())]):
        entry = {**HTTP, "hosts": ["ready.broker.example"], "tls": WITH_CERTIFICATE}
        with mesh.changed({"traffic.external": {"ready": entry}, "proxy.dnsCapture": True}):
            yield


@pytest.fixture
def served(ready: None, workloads: None, files: Path) -> Iterator[None]:  # noqa: ARG001
    """Run the broker."""
    with broker.serving(CONTROL_PLANE, TLS, files):
        yield


@pytest.mark.usefixtures("served")
def test_a_broker_that_demands_a_client_certificate_serves_the_egress_gateway_and_nobody_without(figure):
    assert status(cast.CLIENT, f"https://{HOST}:{TLS}/") != 200
    with rules(external={"broker": {**HTTP, "tls": WITH_CERTIFICATE}}):
        name = settled(lambda: answer(f"http://{HOST}:{PORT}/").partition(" ")[0], "trading-desk")
    with rules(external={"broker": {**HTTP, "tls": {"mode": "SIMPLE", "secret": SECRET, "port": TLS}}}):
        without = settled(lambda: status(cast.CLIENT, f"http://{HOST}:{PORT}/"), 503)
    assert (name, without) == ("trading-desk", 503)
    figure(f"with the certificate 200, the broker sees {name}; without it {without}")


@pytest.mark.long
@pytest.mark.usefixtures("served")
def test_a_renewed_client_certificate_costs_no_request_and_no_open_connection(figure):
    entries = {"rates": {**HTTP, "tls": WITH_CERTIFICATE}}
    with present([], DESK), rules(external=entries):
        before = settled(lambda: answer(f"http://{HOST}:{PORT}/").startswith("trading-desk"), True)
        assert before
        serial, renewed = answer(f"http://{HOST}:{PORT}/"), client()
        with steady(cast.CLIENT, f"http://{HOST}:{PORT}/") as requests:
            apply([shown(renewed)])
            assert settled(lambda: answer(f"http://{HOST}:{PORT}/") != serial, True, seconds=120)
    assert requests.failed == {}
    figure(f"{requests} while the certificate changed")


@pytest.mark.long
@pytest.mark.usefixtures("served")
def test_a_fix_session_is_held_through_the_egress_gateway_while_its_certificate_is_renewed(figure):
    with present([], DESK), rules(external={"fix": {**FIX, "tls": {"secret": SECRET}}}):
        time.sleep(5)
        with held(DESK, {"fix": f"tcp://{HOST}:{TLS}"}) as sessions:
            time.sleep(10)
            apply([shown(client())])
            time.sleep(20)
    (session,) = sessions.streams["fix"]
    assert (session.lost, session.ends) == (0, ())
    assert session.sent > 20
    figure(f"{session.sent} messages, none lost")


@pytest.mark.long
@pytest.mark.usefixtures("ready", "workloads")
def test_two_tcp_hosts_on_one_port_are_told_apart_by_name(files: Path, figure):
    machines = {name_of(machine): machine for machine in (CONTROL_PLANE, NODES[0])}
    tls = {"secret": SECRET}
    entries = {f"broker{number}": {**FIX, "hosts": [host], "tls": tls} for number, host in enumerate(machines)}
    with ExitStack() as stack:
        for machine in machines.values():
            stack.enter_context(broker.serving(machine, TLS, files))
        stack.enter_context(present([], DESK))
        stack.enter_context(rules(external=entries))
        for host, machine in machines.items():
            served = settled(lambda host=host: call(DESK, f"http://{host}:{TLS}/").body.split()[-1:], [machine.address])
            assert served == [machine.address]
    figure(f"{len(machines)} hosts, each by its own name")
