"""The command `learn`."""

import json

import pytest
from typer.testing import Result

from operations import stacks
from operations.learn import memory
from pi_mesh.cluster import learned, snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

POD = {
    "metadata": {"namespace": "trading", "name": "app-0", "labels": {"app": "app"}},
    "spec": {"containers": [{"name": "istio-proxy"}]},
    "status": {"phase": "Running", "podIP": "10.1.0.5"},
}
LINE = '2020-01-01T00:00:00Z {"pi-mesh-egress-audit": "v1", "sni": "rates.example", "port": 443}'
PATH = "/api/v1/namespaces/istio-system/configmaps/pi-mesh-learned"


class Run:
    """The cluster of the command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = FakeClient({"/api/v1/pods": {"items": [POD]}})
        self.client.relayed[learned.audit_log.LOG.format("trading", "app-0")] = (200, f"{LINE}\n{LINE}")
        monkeypatch.setattr(stacks, "load_with_state", lambda _: (make_settings(), lambda: NEVER_RUN))
        monkeypatch.setattr(snapshot, "read", lambda *_, **__: make_snapshot())
        monkeypatch.setattr(memory, "Client", self.client)

    def __call__(self, *options: str) -> Result:
        return run_command("learn", *options, "-s", "test")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_without_a_yes_nothing_is_written(run):
    assert "To carry out this plan: python -m operations learn remember -s test --yes" in run("remember").output
    assert run.client.wrote == []


def test_what_is_remembered_is_proposed_as_yaml_above_the_verdict(run):
    written = json.loads(run("remember", "--yes", "--json").output)
    (finding,) = written["findings"]
    assert (written["status"], finding["name"]) == (0, "istio-system/pi-mesh-learned")
    assert finding["message"].startswith("has 1 row in ")
    run.client.answers[PATH] = run.client.bodies[0]
    lines = run("egress").output.splitlines()
    assert lines[:3] == ["pi-mesh:traffic:", "  external:", "    learned-rates-example:"]
    assert lines[-1] == "stack test: what is remembered was read (1 ok)"
    assert "rates-example:" in json.loads(run("egress", "--json").output)["proposal"]
    assert json.loads(run("egress", "--diff", "--json").output)["proposal"] is None


def test_what_was_not_kept_is_said(run):
    run.client.relayed[learned.audit_log.LOG.format("trading", "app-0")] = (403, '{"message": "pods is forbidden"}')
    run.client.answers[PATH] = {"metadata": {"resourceVersion": "7"}, "binaryData": {learned.KEY: "AAAA"}}
    findings = json.loads(run("remember", "--yes", "--json").output)["findings"]
    assert [finding["message"].partition(":")[0] for finding in findings[1:]] == [
        "could not be read and begins anew; what it had stays in it, under the key damaged-TIME",
        "lacks calls",
    ]
