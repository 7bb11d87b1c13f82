"""The Job of the plain-text call: it proves what it should, and leaves nothing behind."""

import signal

import pytest

from lab.workloads import TRADING
from tests.support.commands import jobs_left, seconds_until_nothing_is_left
from tests.support.objects import present
from tests.support.project import STACK, Project

pytestmark = pytest.mark.long

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


def probe(project: Project) -> list[dict]:
    findings = project.operation("verify", "--probe", "--json").findings
    return [finding for finding in findings if finding["id"] == "plain-text call"]


def test_without_a_workload_a_job_of_the_proxys_image_is_called(empty, figure):
    (finding,) = probe(empty)
    assert (finding["level"], "a Job of the proxy's image" in finding["message"]) == ("ok", True)
    permissive = {
        "apiVersion": "security.istio.io/v1beta1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "rogue", "namespace": TRADING},
        "spec": {"mtls": {"mode": "PERMISSIVE"}},
    }
    with present([permissive]):
        (finding,) = probe(empty)
    assert (finding["level"], "answered a plain-text call" in finding["message"]) == ("error", True)
    figure("refused under STRICT, answered under PERMISSIVE")


def test_two_minutes_after_a_kill_at_any_point_nothing_is_left(empty, figure):
    for path in KILLED_AT.values():
        killed = empty.run("python", "-c", KILLED, path, "verify", "--probe", "--stack", STACK)
        assert killed.status == -signal.SIGKILL, killed.output
    assert jobs_left() == len(KILLED_AT)
    figure(f"killed {', '.join(KILLED_AT)}: nothing left after {seconds_until_nothing_is_left():.0f} s")
