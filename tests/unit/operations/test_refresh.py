"""The command `refresh`: its restarts, the pods that it only names, and its refusals."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import Mock

import pytest

from operations import stacks
from operations.refresh import restarts as module
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.cluster import proxies, snapshot
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.cluster_of_workloads import Cluster, pod
from tests.support.command_line import run_command
from tests.support.factories import ALWAYS, make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import STACK, make_snapshot

MORNING = {**ALWAYS, "timeZone": "UTC", "opens": "09:00", "closes": "17:30"}
OPENS = datetime(2026, 12, 1, 9, tzinfo=UTC)


def refreshed(monkeypatch, cluster: Cluster, *options: str, hours: dict | None = None, yes: bool = True) -> dict:
    """Return the command's report, by default with a yes."""
    settings = make_settings(trading={"hours": hours} if hours else {})
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (settings, lambda: NEVER_RUN))
    monkeypatch.setattr(snapshot, "read", lambda _: make_snapshot())
    monkeypatch.setattr(module, "Client", cluster)
    monkeypatch.setattr(module, "_older", lambda *_: cluster.read())
    monkeypatch.setattr(proxies, "read", lambda *_, **__: cluster.read()[0])
    monkeypatch.setattr("pi_mesh.waiting.time", Mock(monotonic=count().__next__))
    monkeypatch.setattr(module, "time", Mock(monotonic=count(0, 0.2).__next__))
    done = run_command("refresh", "-s", STACK, "--json", "--wait", "1", *["--yes"] * yes, *options)
    return json.loads(done.stdout)


def levels(report: dict) -> dict[str, str]:
    return {finding["name"]: finding["level"] for finding in report["findings"]}


@pytest.mark.parametrize(("options", "allowed", "restarted", "workloads", "hours"), [
    pytest.param((), "", ["app", "shop"], "ok", "", id="every older workload is restarted one after the other"),
    pytest.param(("--dry-run",), "", [], "warning", "", id="a dry run names them and restarts nothing"),
    pytest.param(("--dry-run",), "", [], "warning", "warning", id="a dry run in trading hours"),
    pytest.param((), "", [], "", "error", id="in trading hours nothing is restarted"),
    pytest.param((), trading_hours.ALLOWED, ["app", "shop"], "ok", "warning", id="unless the caller allows it"),
])  # fmt: skip
def test_each_workload_has_a_line_and_a_restart(monkeypatch, options, allowed, restarted, workloads, hours):
    monkeypatch.setenv(trading_hours.VARIABLE, allowed)
    cluster = Cluster("app", "shop")
    cluster.pods["lonely"] = pod("lonely", "")
    report = refreshed(monkeypatch, cluster, *options, hours=ALWAYS if hours else None)
    assert (report["status"], cluster.restarted) == (int(hours == "error"), restarted)
    named = {"trading.hours": hours, "trading/app": workloads, "trading/shop": workloads, "trading/lonely": "warning"}
    assert levels(report) == {name: level for name, level in named.items() if level}
    of_hours = "refresh restarts 2 workloads, and trading goes on until 00:00"
    assert any(of_hours in finding["message"] for finding in report["findings"]) is bool(hours)


def test_nothing_restarts_before_every_proxy_is_connected_to_istiod(monkeypatch):
    cluster, restarted_at_look = Cluster("shop"), []

    def connected() -> bool:
        restarted_at_look.append(cluster.restarted)
        return len(restarted_at_look) > 3

    cluster.connected = connected
    report = refreshed(monkeypatch, cluster)
    assert restarted_at_look[:4] == [[], [], [], []]
    assert (cluster.restarted, levels(report)) == (["shop"], {"trading/shop": "ok"})


def test_a_proxy_that_stays_without_a_connection_is_named_and_stops_no_restart(monkeypatch):
    cluster = Cluster("shop")
    cluster.connected = lambda: False
    report = refreshed(monkeypatch, cluster)
    assert (report["status"], cluster.restarted) == (0, ["shop"])
    assert levels(report) == {"trading/shop-1": "warning", "trading/shop": "ok"}


def test_one_that_does_not_come_up_in_the_middle_ends_the_run_and_the_next_goes_on(monkeypatch):
    cluster = Cluster("a", "b", "c")
    cluster.comes_up = lambda name: name != "b"
    report = refreshed(monkeypatch, cluster)
    assert (report["status"], cluster.restarted) == (1, ["a", "b"])
    assert levels(report) == {"trading/a": "ok", "trading/b": "error"}
    cluster.rolled_out["b"], cluster.comes_up = True, lambda _: True
    report = refreshed(monkeypatch, cluster)
    assert (report["status"], cluster.restarted) == (0, ["a", "b", "b", "c"])


def test_one_that_is_still_older_after_its_restart_is_an_error_and_not_restarted_again(monkeypatch):
    cluster = Cluster("shop")
    monkeypatch.setattr(cluster, "patch", lambda path, body: FakeClient.patch(cluster, path, body))
    report = refreshed(monkeypatch, cluster)
    assert (report["status"], cluster.restarted) == (1, ["shop"])
    assert "was restarted, and still 1 proxy is older" in report["findings"][-1]["message"]


def test_where_nothing_is_older_that_is_said(monkeypatch):
    cluster = Cluster("shop")
    cluster.older["shop"] = False
    (finding,) = refreshed(monkeypatch, cluster)["findings"]
    assert finding["message"] == "every proxy is as istiod injects it now"


def test_an_istiod_that_gives_no_answer_is_one_line_and_nothing_is_restarted(monkeypatch):
    cluster = Cluster("shop")
    monkeypatch.setattr(cluster, "read", Mock(side_effect=NotForwardedError("kubectl is not on PATH")))
    report = refreshed(monkeypatch, cluster)
    assert (report["status"], len(report["findings"]), cluster.restarted) == (3, 1, [])


def test_without_a_yes_nothing_restarts_and_each_workload_is_an_error(monkeypatch):
    cluster = Cluster("app", "shop")
    report = refreshed(monkeypatch, cluster, yes=False)
    assert (report["status"], cluster.restarted) == (1, [])
    assert levels(report) == {"trading/app": "error", "trading/shop": "error"}
    assert report["findings"][0]["message"].startswith("was not restarted, for nobody agreed: ")


@pytest.mark.parametrize(("before", "restarted"), [
    pytest.param([5, 5, -1], ["app"], id="trading that begins between two restarts stops before the next"),
    pytest.param([0.5], [], id="trading that begins within the wait for one workload refuses the first"),
    pytest.param([2], ["app", "shop"], id="trading that begins after the wait refuses nothing"),
])  # fmt: skip
def test_a_restart_does_not_reach_into_trading_hours(monkeypatch, before, restarted):
    seconds = [*before]

    def now(_: object) -> datetime:
        return OPENS - timedelta(seconds=seconds.pop(0) if len(seconds) > 1 else seconds[0])

    monkeypatch.setattr(module, "datetime", Mock(now=now))
    cluster = Cluster("app", "shop")
    report = refreshed(monkeypatch, cluster, hours=MORNING)
    assert cluster.restarted == restarted
    assert levels(report).get("trading.hours", "") == ("error" if len(restarted) < 2 else "")
