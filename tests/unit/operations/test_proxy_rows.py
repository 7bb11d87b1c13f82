"""The finding about one proxy."""

from dataclasses import replace
from datetime import timedelta

import pytest

from operations import proxy_rows
from operations.proxy_report import ProxyRow
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.proxies import Proxies, Proxy
from tests.support import authorities

ROOT = authorities.make_root()
LEAF = authorities.make_ca("leaf", ROOT, ca=False, start=-timedelta(days=1), days=2)
WELL = Proxy(Pod("trading", "shop-1"), "1.31.0", connected=True, chain=LEAF.pem + ROOT.pem, roots=ROOT.pem)


def judged(*older: str, **changes: object) -> tuple[ProxyRow, Finding]:
    proxy = replace(WELL, **changes)
    found = Proxies("1.31.0", (proxy,))
    row = proxy_rows.row(found, proxy, {proxy.id: older}, authorities.NOW)
    return row, proxy_rows.finding(proxy, row, "pi")


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
