"""The command `verify` on running proxies, as istiod reports them."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import running_proxies
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, Proxy
from tests.support.healthy_mesh import make_verification

SHOP = Proxy(Pod("trading", "shop-7d9f-1", owner="ReplicaSet/shop-7d9f"), "1.31.0", connected=True)


@pytest.fixture
def said(monkeypatch):
    """Return `said(proxies, older)`: levels, objects and messages; an exception in place of `older` is raised."""

    def run(running: Proxies, older: object = ()) -> list[tuple[Level, str, str]]:
        def compared(*_: object):
            if isinstance(older, Exception):
                raise older
            return {SHOP.id: older}

        monkeypatch.setattr(running_proxies.proxies, "read", lambda *_, **__: running)
        monkeypatch.setattr(running_proxies.stale_proxies, "read", compared)
        return [(one.level, one.name, one.message) for one in running_proxies.check(make_verification())]

    return run


def test_connected_proxies_as_istiod_injects_them_are_ok(said):
    assert [level for level, *_ in said(Proxies("1.31.0", (SHOP,)))] == [Level.OK]


def test_a_ready_pod_whose_proxy_has_no_connection_is_a_warning(said):
    ((level, name, message),) = said(Proxies("1.31.0", (replace(SHOP, connected=False),)))
    assert (level, name) == (Level.WARNING, "trading/shop-7d9f-1")
    assert "is not connected to istiod" in message


def test_one_that_is_starting_is_not_told(said):
    starting = replace(SHOP, connected=False, pod=replace(SHOP.pod, ready=False))
    assert [level for level, *_ in said(Proxies("1.31.0", (starting,)))] == [Level.OK]


def test_older_settings_are_a_warning_for_the_workload(said):
    found = said(Proxies("1.31.0", (SHOP,)), ("concurrency 1, now 2",))
    assert found == [(Level.WARNING, "trading/shop", "runs with a stale proxy: concurrency 1, now 2")]


def test_another_version_is_left_to_the_row_of_stale_proxies(said):
    assert [level for level, *_ in said(Proxies("1.31.0", (SHOP,)), ("image a, now b",))] == [Level.OK]


def test_what_can_not_be_asked_is_unknown(said):
    assert [level for level, *_ in said(Proxies("1.31.0", (SHOP,)), NotForwardedError("no webhook"))] == [Level.UNKNOWN]
    without = Proxies("1.31.0", (replace(SHOP, connected=None),), "no pod of istiod is Ready")
    assert [level for level, *_ in said(without)] == [Level.UNKNOWN]


def test_a_mesh_without_proxies_has_nothing_to_say(said):
    assert said(Proxies("1.31.0", ())) == []
