"""An ingress gateway in a namespace of its own: it serves a certificate from there, and reads nothing of the CA."""

import json
import subprocess
import sys

import pytest

from lab.cluster import enter
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from tests.support import authorities
from tests.support.project import Project

EDGE, SECRET, GATEWAY = "edge", "certificate", "istio-ingressgateway"
ACCOUNT = f"--as=system:serviceaccount:{EDGE}:{GATEWAY}"
SHOWN = "import ssl, sys; print(ssl.get_server_certificate((sys.argv[1], 443), timeout=5))"


@pytest.fixture
def edge(nothing: Project) -> Project:
    """Return the stack lab, installed with HTTPS and its ingress gateway in a namespace of its own."""
    nothing.set("ingress.namespace", EDGE)
    nothing.set("traffic.gateways", {"secure": {"tls": {"secret": SECRET}}})
    nothing.must_up()
    return nothing


def may_read(secret: str, namespace: str) -> bool:
    try:
        return kubectl("auth", "can-i", "get", f"secret/{secret}", f"--namespace={namespace}", ACCOUNT).strip() == "yes"
    except LabError:  # the status of "no"
        return False


def served() -> str:
    """Return the certificate that the gateway serves, in PEM form; empty while it serves none."""
    address = staying_pods(EDGE, f"app={GATEWAY}")[0]["status"]["podIP"]
    command = enter.network(CONTROL_PLANE, sys.executable, "-c", SHOWN, address)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.long
def test_a_new_gateway_has_its_own_namespace_and_an_installed_one_is_never_moved(edge, tmp_path, figure):
    made = authorities.make_root("trading.example.org")
    (tmp_path / "tls.crt").write_text(made.pem)
    (tmp_path / "tls.key").write_text(made.key)
    files = (f"--cert={tmp_path}/tls.crt", f"--key={tmp_path}/tls.key")
    kubectl("create", "secret", "tls", SECRET, *files, f"--namespace={EDGE}")
    wait_until("the gateway's certificate", lambda: served() == made.pem.strip(), seconds=60)
    assert (may_read(SECRET, EDGE), may_read("cacerts", "istio-system")) == (True, False)
    outputs = json.loads(edge.pulumi("stack", "output", "--json").must().output)
    assert outputs["gateways"][GATEWAY]["ports"]["https"]
    edge.operation("verify").must()
    assert "unchanged" in edge.must_up().output
    before = get("deployment", GATEWAY, f"--namespace={EDGE}")["metadata"]["uid"]
    edge.set("ingress.namespace", "istio-system")
    refused = [edge.preview(), edge.up()]
    assert all(outcome.status for outcome in refused)
    line = refused[1].line_with("asks for the ingress gateway in istio-system, and it is installed in edge")
    assert get("deployment", GATEWAY, f"--namespace={EDGE}")["metadata"]["uid"] == before
    figure(f"serves the certificate of {EDGE}, may not read secret cacerts; moved back: {line.strip()}")
