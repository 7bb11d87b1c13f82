"""The command `connectivity`."""

import json

import pytest
from typer.testing import Result

from operations import short_lived, stacks
from operations.connectivity import calls
from operations.results import CallRow
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster.pods import Pod
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

ISTIOD = Pod("istio-system", "istiod-0", {"app": "istiod"})
ROW = CallRow(call="pod to pod", caller="client", target="server", must="pass", seen="direct", right=True, seconds=0.4)


class Run:
    """The cluster of the command, and what it calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.pods = make_settings(), (ISTIOD,)
        self.made: list[calls.CallResult] | Finding = [(ROW, ok("pod to pod", Subject("call", "a to b"), "passed"))]
        monkeypatch.setattr(stacks, "load_with_cluster", lambda _: (self.settings, make_snapshot(pods=self.pods)))
        monkeypatch.setattr(calls, "Client", FakeClient())
        monkeypatch.setattr(short_lived, "sweep", lambda _: 0)
        monkeypatch.setattr(calls, "run_calls", lambda *_: self.made)

    def __call__(self, *options: str) -> Result:
        return run_command("connectivity", "-s", "test", *options)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_the_calls_are_a_table_above_the_verdict(run):
    first, row, *_, verdict = run().output.splitlines()
    assert first.split() == ["call", "from", "to", "must", "seen", "seconds"]
    assert row.split() == ["pod", "to", "pod", "client", "server", "pass", "direct", "0.4"]
    assert verdict == "stack test: each call goes as it must (1 ok)"


@pytest.mark.parametrize(("made", "status", "rows"), [
    (None, 0, [ROW.model_dump()]),
    (error("calls", Subject("namespace", "x"), "no call was made: pod is Pending", ""), 1, []),
])  # fmt: skip
def test_json_has_the_calls_beside_the_findings(run, made, status, rows):
    run.made = made or run.made
    result = run("--json")
    report = json.loads(result.stdout.splitlines()[-1])
    assert (result.exit_code, report["calls"], len(report["findings"])) == (status, rows, 1)


@pytest.mark.parametrize(("discovery", "pods", "status", "says"), [
    ({}, (), 2, "no pod of istiod is Ready in namespace istio-system"),
    ({"limited": True}, (ISTIOD,), 2, "istio.discovery.also"),
    ({"limited": True, "also": ["pi-mesh-connectivity"]}, (ISTIOD,), 0, "each call goes as it must"),
])  # fmt: skip
def test_nothing_is_called_without_an_istiod_that_watches_the_namespace(run, discovery, pods, status, says):
    run.settings, run.pods = make_settings(istio={"discovery": discovery}), pods
    result = run()
    assert (result.exit_code, says in result.output) == (status, True)
