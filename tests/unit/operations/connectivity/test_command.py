"""The command `connectivity`."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from operations import short_lived, stacks
from operations.__main__ import app
from operations.connectivity import calls, own_call
from operations.results import CallRow
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.settings import Settings
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

ISTIOD = Pod("istio-system", "istiod-0", {"app": "istiod"})
CALL = Subject("call", "client to server")
ROW = CallRow(call="pod to pod", caller="client", target="server", must="pass", seen="direct", right=True, seconds=0.4)


class Run:
    """The cluster of the command, and what it calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.pods = make_settings(), (ISTIOD,)
        self.made: list[calls.CallResult] | Finding = [(ROW, ok("pod to pod", CALL, "passed (direct)"))]
        self.judged: list[tuple[str, str]] = []
        monkeypatch.setattr(stacks, "load_with_state", lambda _: (self.settings, lambda: NEVER_RUN))
        monkeypatch.setattr(snapshot, "read", lambda _: make_snapshot(pods=self.pods))
        monkeypatch.setattr(calls, "Client", FakeClient())
        monkeypatch.setattr(short_lived, "sweep", lambda _: 0)
        monkeypatch.setattr(calls, "run_calls", lambda *_: self.made)
        monkeypatch.setattr(own_call, "call_findings", self._judged)

    def _judged(self, _: Settings, __: object, caller: object, callee: object) -> list[Finding]:
        self.judged.append((str(caller), str(callee)))
        return [error("access", Subject("AuthorizationPolicy", "trading/closed"), "denies the call", "narrow it")]

    def __call__(self, *options: str) -> Result:
        return CliRunner().invoke(app, ["connectivity", "-s", "test", *options])

    def json(self, *options: str) -> dict[str, Any]:
        return json.loads(self("--json", *options).stdout.splitlines()[-1])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_the_calls_are_a_table_above_the_verdict(run):
    result = run()
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == ["call", "from", "to", "must", "seen", "seconds"]
    assert lines[1].split() == ["pod", "to", "pod", "client", "server", "pass", "direct", "0.4"]
    assert lines[-1] == "stack test: each call goes as it must (1 ok)"


def test_json_has_the_calls_beside_the_findings(run):
    report = run.json()
    assert report["calls"] == [ROW.model_dump()]
    assert [one["id"] for one in report["findings"]] == ["pod to pod"]


def test_calls_that_could_not_be_made_are_status_1(run):
    run.made = error("calls", Subject("namespace", "x"), "no call was made: pod is Pending", "")
    report = run.json()
    assert (report["status"], report["calls"]) == (1, [])


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_one_end_of_a_call_alone_is_refused(run, option):
    result = run(option, "trading/app")
    assert (result.exit_code, "--from and --to belong together" in result.output) == (2, True)


def test_an_end_without_a_name_is_refused_before_the_cluster_is_read(run, monkeypatch):
    monkeypatch.setattr(stacks, "load_with_state", None)
    assert run("--from", "", "--to", "").exit_code == 2


def test_a_call_of_the_users_own_is_judged_and_nothing_is_called(run):
    run.made = []
    result = run("--from", "shop/client", "--to", "trading/app:80")
    assert run.judged == [("shop/client", "trading/app")]
    assert (result.exit_code, "AuthorizationPolicy trading/closed" in result.output) == (1, True)
    assert run.json("--from", "shop/client", "--to", "trading/app:80")["calls"] is None


def test_without_an_istiod_nothing_is_called(run):
    run.pods = ()
    result = run()
    assert (result.exit_code, "no pod of istiod is Ready in namespace istio-system" in result.output) == (2, True)


def test_a_namespace_that_istiod_does_not_watch_is_named_with_the_key_that_adds_it(run):
    run.settings = make_settings(istio={"discovery": {"limited": True}})
    result = run()
    assert (result.exit_code, "istio.discovery.also" in result.output) == (2, True)
    run.settings = make_settings(istio={"discovery": {"limited": True, "also": ["pi-mesh-connectivity"]}})
    assert run().exit_code == 0
