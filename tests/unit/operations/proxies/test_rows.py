"""The finding about one proxy."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from operations import stacks
from operations.__main__ import app
from operations.proxies import rows as module
from operations.results import ProxyCertificate, ProxyRow
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_snapshot

ROOT = authorities.make_root()
LEAF = authorities.make_ca("leaf", ROOT, ca=False, start=-timedelta(days=1), days=2)
WELL = Proxy(Pod("trading", "shop-1"), "1.31.0", connected=True, chain=LEAF.pem + ROOT.pem, roots=ROOT.pem)


def judged(*older: str, **changes: object) -> tuple[ProxyRow, Finding]:
    proxy = replace(WELL, **changes)
    found = Proxies("1.31.0", (proxy,))
    row = module.proxy_row(found, proxy, {proxy.id: older}, authorities.NOW)
    return row, module.proxy_finding(proxy, row, "pi")


def test_a_proxy_that_is_well_is_ok_with_its_chain_and_its_days():
    row, finding = judged()
    assert finding.level is Level.OK
    assert row.certificate
    assert (row.certificate.trusted, row.certificate.days, row.certificate.life) == (True, 1, 2)
    assert [title.partition("'")[2].partition("'")[0] for title in row.certificate.chain] == ["leaf", "root"]
    assert len(row.certificate.roots) == 1


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        ({"connected": False}, Level.ERROR, "is not connected to istiod"),
        ({"connected": False, "pod": replace(WELL.pod, ready=False)}, Level.WARNING, "is not connected to istiod"),
        ({"pending": ("route", "listener")}, Level.WARNING, "has not acknowledged its route and listener"),
        ({"chain": "", "problem": "the pod is gone"}, Level.UNKNOWN, "shows no certificate: the pod is gone"),
        ({"roots": authorities.make_root().pem}, Level.ERROR, "does not chain to a root that it trusts"),
        ({"chain": ROOT.pem}, Level.ERROR, "does not chain to a root that it trusts"),
    ],
)
def test_what_is_wrong_decides_the_level(changes, level, said):
    _, finding = judged(**changes)
    assert finding.level is level
    assert said in finding.message


@pytest.mark.parametrize(
    ("days", "level", "said"),
    [(0.9, Level.ERROR, "has a certificate that expired"), (1.2, Level.WARNING, "has not renewed its certificate")],
)
def test_a_certificate_that_was_not_renewed_in_time_is_told(days, level, said):
    leaf = authorities.make_ca("leaf", ROOT, ca=False, start=-timedelta(days=1), days=days)
    _, finding = judged(chain=leaf.pem + ROOT.pem)
    assert (finding.level, said in finding.message) == (level, True)


def test_an_older_proxy_is_a_warning_that_names_refresh():
    row, finding = judged("concurrency 1, now 2", version="1.29.0")
    assert (row.behind, finding.level) == (2, Level.WARNING)
    assert finding.message == "is older than its istiod: concurrency 1, now 2"
    assert finding.fix == "`python -m operations refresh -s pi` restarts its workload"


def test_several_problems_are_one_finding_of_the_worst_level():
    _, finding = judged("concurrency 1, now 2", connected=False)
    assert finding.level is Level.ERROR
    assert "is not connected to istiod" in finding.message
    assert "is older than its istiod" in finding.message


SHOP = Proxy(Pod("trading", "shop-5c9f7d8b6-a-name-that-is-longer-than-a-line"), "1.30.0", connected=True)
GATEWAY = Proxy(
    Pod("istio-system", "istio-ingressgateway-1", annotations={"inject.istio.io/templates": "gateway"}),
    "1.31.0",
    connected=True,
)


@pytest.fixture
def shown(monkeypatch):
    """Return `shown(found, *options)`: the output of the command for such proxies."""

    def run(found: Proxies, *options: str, older: object = None) -> str:
        def compared(*_: object):
            if isinstance(older, Exception):
                raise older
            return older or {}

        monkeypatch.setattr(stacks, "load_with_state", lambda _: (make_settings(), lambda: NEVER_RUN))
        monkeypatch.setattr(snapshot, "read", lambda _: make_snapshot())
        monkeypatch.setattr(module.reader, "read", lambda *_: found)
        monkeypatch.setattr(module.stale_proxies, "read", compared)
        return CliRunner().invoke(app, ["proxies", "-s", STACK, *options]).stdout

    return run


def test_each_proxy_is_a_row_with_its_whole_name(shown):
    lines = shown(Proxies("1.31.0", (SHOP, GATEWAY))).splitlines()
    assert lines[0].split()[:3] == ["proxy", "version", "istiod"]
    assert SHOP.id in lines[1]
    assert "1.30.0 (1 behind)" in lines[1]
    assert "istiod 1.31.0" in lines


def test_json_has_the_same_in_fields(shown):
    report = json.loads(shown(Proxies("1.31.0", (SHOP, GATEWAY)), "--json", older={SHOP.id: ("image a, now b",)}))
    shop, gateway = report["proxies"]
    assert (shop["kind"], shop["behind"], shop["synced"], shop["older"]) == ("sidecar", 1, True, ["image a, now b"])
    assert (gateway["kind"], gateway["behind"], gateway["certificate"]) == ("gateway", 0, None)
    assert report["status"] == 0


def test_an_istiod_that_can_not_be_asked_is_an_error(shown):
    report = json.loads(shown(Proxies("1.31.0", (), "no pod of istiod is Ready"), "--json"))
    assert (report["status"], report["findings"][0]["name"]) == (1, "istiod")


def test_settings_that_can_not_be_compared_are_unknown_and_the_version_still_counts(shown):
    report = json.loads(shown(Proxies("1.31.0", (SHOP,)), "--json", older=NotForwardedError("no webhook")))
    assert [finding["level"] for finding in report["findings"]] == ["unknown", "warning"]
    assert report["proxies"][0]["older"] == ["version 1.30.0, istiod has 1.31.0"]


def test_a_mesh_without_proxies_is_well(shown):
    (finding,) = json.loads(shown(Proxies("1.31.0", ()), "--json"))["findings"]
    assert finding["message"] == "no proxy runs"


CHAIN = ("spiffe://cluster.local/ns/trading/sa/shop", "mesh CA")


def row(**changes: object) -> ProxyRow:
    """Return the row of a proxy that is well."""
    certificate = ProxyCertificate(chain=CHAIN, roots=("root",), trusted=True, ends="x", days=0.5, life=1)
    known = ProxyRow(
        proxy="trading/shop-1",
        kind="sidecar",
        version="1.31.0",
        behind=0,
        connected=True,
        synced=True,
        certificate=certificate,
        pending=(),
        older=(),
    )
    return known.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "column", "shown"),
    [
        ({}, 1, "1.31.0"),
        ({"behind": 2}, 1, "1.31.0 (2 behind)"),
        ({"behind": None}, 1, "1.31.0"),
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
        ({"older": ("image a, now b", "c")}, 6, "image a, now b, c"),
    ],
)
def test_a_row_shows_each_fact_in_its_column(changes, column, shown):
    assert module._cells(row(**changes))[column] == shown


def test_a_certificate_without_its_issuer_shows_none():
    alone = row().certificate.model_copy(update={"chain": CHAIN[:1]})
    assert module._cells(row(certificate=alone))[5] == ""


@pytest.mark.parametrize(
    ("days", "shown"),
    [(300.4, "300 days"), (2, "2 days"), (1.99, "47.8 hours"), (-0.5, "-12.0 hours"), (-2, "-2 days")],
)
def test_less_than_two_days_are_shown_in_hours(days, shown):
    assert module._left(days) == shown


@pytest.mark.parametrize(("version", "line"), [("1.31.0", "istiod 1.31.0"), ("", "istiod of unknown version")])
def test_each_control_plane_has_its_line(shown, version, line):
    lines = shown(Proxies(version, (), "", {"next": version})).splitlines()
    assert [entry for entry in lines if entry.startswith("istiod")] == [line, f"{line}, revision next"]
