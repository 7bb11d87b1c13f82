"""Ports of the mesh on this machine, opened by `dashboard`."""

import json
import signal
import subprocess
import urllib.request

import pytest

from lab.cluster.kubectl import staying_pods
from tests.support.project import STACK


@pytest.fixture(params=["istiod", "envoy"])
def console(request) -> tuple[str, ...]:
    if request.param == "istiod":
        return ("istiod",)
    (gateway,) = staying_pods("istio-system", "app=istio-ingressgateway")
    return ("envoy", f"--pod=istio-system/{gateway['metadata']['name']}")


def test_the_port_of_a_console_is_open_until_ctrl_c(mesh, console, figure):
    command = ["python", "-m", "operations", "dashboard", *console, "-s", STACK, "--json"]
    with subprocess.Popen(command, cwd=mesh.folder, env=mesh.environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        address = json.loads(running.stdout.readline())["address"]
        page = {"istiod": "metrics", "envoy": "stats"}[console[0]]
        with urllib.request.urlopen(f"{address}{page}", timeout=10) as answer:
            text = answer.read().decode()
        running.send_signal(signal.SIGINT)
    assert {"istiod": "pilot_xds", "envoy": "server.live"}[console[0]] in text
    assert running.returncode == 0
    figure(f"/{page}: {len(text)} bytes")
