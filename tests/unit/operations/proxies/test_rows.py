"""The rows and findings of `proxies`."""

import json
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest

from operations import stacks
from operations.proxies import rows as module
from operations.results import ProxyCertificate, ProxyRow
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, Proxy
from tests.support import authorities
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_snapshot
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR

ROOT = authorities.make_root()
ERROR, WARNING = Level.ERROR, Level.WARNING
STOPPED, UNTRUSTED = "is not connected to istiod", "does not chain to a root that it trusts"
AGED = ("concurrency 1, now 2",)


def chain(days: float) -> str:
    """Return the chain of a certificate that was signed a day ago for so many days."""
    return authorities.make_ca("leaf", ROOT, ca=False, start=-timedelta(days=1), days=days).pem + ROOT.pem


WELL = Proxy(Pod("trading", "shop-1"), NEWEST, connected=True, chain=chain(2), roots=ROOT.pem)


def judged(older: tuple[str, ...] = (), **changes: object) -> tuple[ProxyRow, Finding]:
    proxy = replace(WELL, **changes)
    row = module.proxy_row(Proxies(NEWEST, (proxy,)), proxy, {proxy.id: older}, authorities.NOW)
    return row, module.proxy_finding(proxy, row)


def test_a_proxy_that_is_well_is_ok_with_its_chain_and_its_days():
    row, finding = judged()
    assert finding.level is Level.OK
    assert row.certificate
    assert (row.certificate.trusted, row.certificate.days, row.certificate.life) == (True, 1, 2)
    assert [title.partition("'")[2].partition("'")[0] for title in row.certificate.chain] == ["leaf", "root"]
    assert len(row.certificate.roots) == 1


@pytest.mark.parametrize(("changes", "level", "words"), [
    ({"connected": False}, ERROR, [STOPPED]),
    ({"connected": False, "pod": replace(WELL.pod, ready=False)}, WARNING, [STOPPED]),
    ({"pending": ("route", "listener")}, WARNING, ["has not acknowledged its route and listener"]),
    ({"chain": "", "problem": "it is gone"}, Level.UNKNOWN, ["shows no certificate: it is gone"]),
    ({"roots": authorities.make_root().pem}, ERROR, [UNTRUSTED]),
    ({"chain": ROOT.pem}, ERROR, [UNTRUSTED]),
    ({"chain": chain(0.9)}, ERROR, ["has a certificate that expired"]),
    ({"chain": chain(1.2)}, WARNING, ["has not renewed its certificate"]),
    ({"chain": chain(1.4)}, Level.OK, ["is connected, in sync and up to date"]),
    ({"older": AGED}, WARNING, ["is older than its istiod: concurrency 1, now 2"]),
    ({"older": AGED, "connected": False}, ERROR, [STOPPED, "is older than its istiod"]),
])  # fmt: skip
def test_problems_are_one_finding_of_the_worst_level(changes, level, words):
    _, finding = judged(**changes)
    assert (finding.level, [text in finding.message for text in words]) == (level, [True] * len(words))


def test_an_older_proxy_is_counted_and_its_fix_is_refresh():
    row, finding = judged(AGED, version=f"1.{NEWEST_MINOR - 2}.0")
    assert row.behind == 2
    assert finding.fix == "`python -m operations refresh -s STACK` restarts its workload"


SHOP = Proxy(Pod("trading", "shop-5c9f7d8b6-a-name-that-is-longer-than-a-line"), BEFORE, connected=True)
TEMPLATE = {"inject.istio.io/templates": "gateway"}
GATEWAY = Proxy(Pod("istio-system", "istio-ingressgateway-1", annotations=TEMPLATE), NEWEST, connected=True)


def shown(monkeypatch, running: Proxies, *options: str, older: object = None) -> str:
    """Return the output of the command for such proxies."""
    monkeypatch.setattr(stacks, "load_with_cluster", lambda _: (make_settings(), make_snapshot()))
    monkeypatch.setattr(module.reader, "read", lambda *_: running)
    monkeypatch.setattr(module.stale_proxies, "read", Mock(side_effect=[older or {}]))
    return run_command("proxies", "-s", STACK, *options).stdout


def test_each_proxy_is_a_row_with_its_whole_name(monkeypatch):
    lines = shown(monkeypatch, Proxies(NEWEST, (SHOP, GATEWAY))).splitlines()
    assert lines[0].split()[:3] == ["proxy", "version", "istiod"]
    assert SHOP.id in lines[1]
    assert f"{BEFORE} (1 behind)" in lines[1]


def test_json_has_the_same_in_fields(monkeypatch):
    report = json.loads(shown(monkeypatch, Proxies(NEWEST, (SHOP, GATEWAY)), "--json", older={SHOP.id: ("a, now b",)}))
    shop, gateway = report["proxies"]
    assert (shop["kind"], shop["behind"], shop["synced"], shop["older"]) == ("sidecar", 1, True, ["a, now b"])
    assert (gateway["kind"], gateway["behind"], gateway["certificate"]) == ("gateway", 0, None)
    assert report["status"] == 0


@pytest.mark.parametrize(("running", "status", "findings"), [
    (Proxies(NEWEST, (), "no istiod"), 1, [("error", "could not be asked: no istiod"), ("ok", "no proxy runs")]),
    (Proxies(NEWEST, ()), 0, [("ok", "no proxy runs")]),
])  # fmt: skip
def test_a_mesh_without_proxies_is_well_unless_istiod_can_not_be_asked(monkeypatch, running, status, findings):
    report = json.loads(shown(monkeypatch, running, "--json"))
    said = [(finding["level"], finding["message"]) for finding in report["findings"]]
    assert (report["status"], said) == (status, findings)


def test_settings_that_can_not_be_compared_are_unknown_and_the_version_still_counts(monkeypatch):
    report = json.loads(shown(monkeypatch, Proxies(NEWEST, (SHOP,)), "--json", older=NotForwardedError("no webhook")))
    assert [finding["level"] for finding in report["findings"]] == ["unknown", "warning"]
    assert report["proxies"][0]["older"] == [f"version {BEFORE}, istiod has {NEWEST}"]


@pytest.mark.parametrize(("version", "line"), [(NEWEST, f"istiod {NEWEST}"), ("", "istiod of unknown version")])
def test_each_control_plane_has_its_line(monkeypatch, version, line):
    lines = shown(monkeypatch, Proxies(version, (), "", {"next": version})).splitlines()
    assert [entry for entry in lines if entry.startswith("istiod")] == [line, f"{line}, revision next"]


CERTIFICATE = ProxyCertificate(chain=("leaf", "mesh CA"), roots=("root",), trusted=True, ends="x", days=0.5, life=1)
KNOWN = {"proxy": "trading/shop-1", "kind": "sidecar", "version": NEWEST, "connected": True, "synced": True}
ROW = ProxyRow(**KNOWN, behind=0, certificate=CERTIFICATE, pending=(), older=())


@pytest.mark.parametrize(("changes", "column", "shown"), [
    ({}, 1, NEWEST),
    ({"behind": 2}, 1, f"{NEWEST} (2 behind)"),
    ({"behind": None}, 1, NEWEST),
    ({}, 2, "connected"),
    ({"connected": False}, 2, "not connected"),
    ({"connected": None}, 2, "unknown"),
    ({}, 3, "in sync"),
    ({"synced": False, "pending": ("route", "listener")}, 3, "route, listener"),
    ({"synced": None}, 3, "unknown"),
    ({}, 4, "12.0 hours"),
    ({"certificate": None}, 4, "unknown"),
    ({}, 5, "mesh CA"),
    ({"certificate": None}, 5, ""),
    ({"certificate": CERTIFICATE.model_copy(update={"chain": ("leaf",)})}, 5, ""),
    ({"older": ("image a, now b", "c")}, 6, "image a, now b, c"),
])  # fmt: skip
def test_a_row_shows_each_fact_in_its_column(changes, column, shown):
    assert module._cells(ROW.model_copy(update=changes))[column] == shown


@pytest.mark.parametrize(("days", "shown"), [
    (300.4, "300 days"), (2, "2 days"), (1.99, "47.8 hours"), (-0.5, "-12.0 hours"), (-2, "-2 days"),
])  # fmt: skip
def test_less_than_two_days_are_shown_in_hours(days, shown):
    assert module._left(days) == shown
