"""The command `verify` on running proxies, as istiod reports them."""

from dataclasses import replace

from pi_mesh.checks.verify import running_proxies
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, Proxy
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import make_verification
from tests.support.versions import NEWEST

SHOP = Proxy(Pod("trading", "shop-7d9f-1", owner="ReplicaSet/shop-7d9f"), NEWEST, connected=True)
LOST, UNASKED = (replace(SHOP, connected=connected) for connected in (False, None))
STARTING = replace(LOST, pod=replace(SHOP.pod, ready=False))
NO_ISTIOD = Proxies(NEWEST, (UNASKED,), "no pod of istiod is Ready")
STALE = "WARNING trading/shop: runs with a stale proxy: concurrency 1, now 2"


@table(
    case("connected, as istiod injects it", Proxies(NEWEST, (SHOP,)), (), "OK "),
    case("not connected", Proxies(NEWEST, (LOST,)), (), "WARNING trading/shop-7d9f-1: …is not connected to istiod"),
    case("starting", Proxies(NEWEST, (STARTING,)), (), "OK "),
    case("older settings are told of the workload", Proxies(NEWEST, (SHOP,)), ("concurrency 1, now 2",), STALE),
    case("another version is a stale proxy's row", Proxies(NEWEST, (SHOP,)), ("image a, now b",), "OK "),
    case("no injector to ask", Proxies(NEWEST, (SHOP,)), NotForwardedError("no webhook"), "UNKNOWN "),
    case("no istiod to ask", NO_ISTIOD, (), "UNKNOWN "),
    case("no proxies", Proxies(NEWEST, ()), (), ""),
)
def test_a_running_proxy_is_judged_by_its_connection_and_its_settings(monkeypatch, running, older, line):
    def compared(*_: object) -> dict:
        if isinstance(older, Exception):
            raise older
        return {SHOP.id: older}

    monkeypatch.setattr(running_proxies.proxies, "read", lambda *_, **__: running)
    monkeypatch.setattr(running_proxies.stale_proxies, "read", compared)
    assert_lines(running_proxies.check(make_verification()), line)
