"""The Job of the plain-text call: it proves what it should, and leaves nothing behind."""

import json
import signal
import time

import pytest

from lab.cluster.kubectl import get
from lab.workloads import TRADING, apply, delete
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.project import STACK, Project

pytestmark = pytest.mark.long

LONGEST = 120
KILLED_AT = {
    "before its pod is there": "operations.short_lived.ready",
    "while it is called": "operations.verify.plain_text_call.call_in_plain_text",
    "before it is removed": "pi_mesh.cluster.client.Client.delete",
}
KILLED = """
import os, signal, sys
from importlib import import_module
path, *sys.argv[1:] = sys.argv[1:]
owner, _, name = path.rpartition(".")
try:
    owner = import_module(owner)
except ModuleNotFoundError:
    module, _, cls = owner.rpartition(".")
    owner = getattr(import_module(module), cls)
setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
from operations.__main__ import app
app()
"""


@pytest.fixture
def empty(alone: Project) -> Project:
    """Return the shipped mesh with no workload in trading."""
    alone.must_hold_the_shipped_mesh()
    return alone


def left() -> list[str]:
    """Return the objects with this program's label."""
    found = get("jobs,pods", "--all-namespaces", f"--selector={SHORT_LIVED_LABEL}")["items"]
    return [f"{item['kind']} {item['metadata']['name']}" for item in found]


def probe(project: Project) -> list[dict]:
    report = json.loads(project.operation("verify", "--probe", "--json").output.splitlines()[-1])
    return [finding for finding in report["findings"] if finding["id"] == "plain-text call"]


def test_without_a_workload_a_job_of_the_proxys_image_is_called(empty, figure):
    (finding,) = probe(empty)
    assert (finding["level"], "a Job of the proxy's image" in finding["message"]) == ("ok", True)
    permissive = {
        "apiVersion": "security.istio.io/v1beta1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "rogue", "namespace": TRADING},
        "spec": {"mtls": {"mode": "PERMISSIVE"}},
    }
    apply([permissive])
    try:
        (finding,) = probe(empty)
    finally:
        delete([permissive])
    assert (finding["level"], "answered a plain-text call" in finding["message"]) == ("error", True)
    figure("refused under STRICT, answered under PERMISSIVE")


def test_two_minutes_after_a_kill_at_any_point_nothing_is_left(empty, figure):
    for path in KILLED_AT.values():
        killed = empty.run("python", "-c", KILLED, path, "verify", "--probe", "--stack", STACK)
        assert killed.status == -signal.SIGKILL, killed.output
    assert len([name for name in left() if name.startswith("Job")]) == len(KILLED_AT)
    started = time.monotonic()
    while left() and time.monotonic() < started + LONGEST:
        time.sleep(1)
    assert left() == []
    figure(f"killed {', '.join(KILLED_AT)}: nothing left after {time.monotonic() - started:.0f} s")
