"""The reader of running proxies, with answers of istiod and of proxies."""

import base64
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest

from pi_mesh.cluster import proxies
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, read_endpoints, secret_texts
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.snapshots import make_snapshot

ISTIOD = Pod("istio-system", "istiod-1", {"app": "istiod"})
SHOP = Pod("trading", "shop-1", containers=(Container("app"), Container("istio-proxy", image="istio/proxyv2:1.30.0")))
PLANE = Deployment("istio-system", "istiod", containers=(Container("discovery", image="istio/pilot:1.31.0"),))
SYNCED = {"proxy": "shop-1.trading", "istio_version": "1.30.0", "cluster_sent": "a", "cluster_acked": "a"}


def cluster(*pods: Pod) -> Snapshot:
    return make_snapshot(pods=pods, deployments=(PLANE,))


@pytest.fixture
def read(monkeypatch) -> Callable[..., Proxies]:
    """Return `read(pods, status)`: the proxies for such answers of istiod.

    An exception in place of an answer is raised.
    """

    def run(pods: tuple[Pod, ...], status: list | Exception = (SYNCED,), certificates: object = None) -> Proxies:
        @contextmanager
        def forwarded(*_: object):
            yield "127.0.0.1:1"

        def answer(*_: object):
            if isinstance(status, Exception):
                raise status
            return status

        def shown(*_: object):
            if isinstance(certificates, Exception):
                raise certificates
            return certificates

        monkeypatch.setattr(proxies, "forwarded", forwarded)
        monkeypatch.setattr(proxies, "get_json", answer)
        monkeypatch.setattr(proxies, "read_certificates", shown)
        return proxies.read("test", "istio-system", cluster(*pods), certificates=certificates is not None)

    return run


def test_pods_alone_tell_both_versions():
    found = proxies.of_snapshot(cluster(ISTIOD, SHOP), "istio-system")
    assert (found.control_plane, [one.version for one in found.proxies]) == ("1.31.0", ["1.30.0"])
    assert found.proxies[0].connected is None


@pytest.mark.parametrize("gone", [{"ending": True}, {"labels": {SHORT_LIVED_LABEL: "probe"}}])
def test_pods_that_are_about_to_go_are_left_out(gone):
    assert proxies.of_snapshot(cluster(replace(SHOP, **gone)), "istio-system").proxies == ()


def test_a_proxy_that_acknowledged_everything_is_in_sync(read):
    (proxy,) = read((ISTIOD, SHOP)).proxies
    assert proxy.in_sync


def test_a_proxy_that_has_not_acknowledged_its_routes_is_not(read):
    (proxy,) = read((ISTIOD, SHOP), [{**SYNCED, "route_sent": "b"}]).proxies
    assert (proxy.connected, proxy.pending, proxy.in_sync) == (True, ("route",), False)


def test_a_proxy_that_no_istiod_knows_is_not_connected(read):
    (proxy,) = read((ISTIOD, SHOP), []).proxies
    assert proxy.connected is False


def test_the_version_of_an_image_without_a_tag_is_what_the_proxy_told_istiod(read):
    nameless = replace(SHOP, containers=(Container("istio-proxy", image="istio/proxyv2@sha256:aa"),))
    (proxy,) = read((ISTIOD, nameless)).proxies
    assert proxy.version == "1.30.0"


def test_an_istiod_that_gives_no_answer_leaves_the_connection_unknown(read):
    found = read((ISTIOD, SHOP), NotForwardedError("kubectl is not on PATH"))
    assert (found.problem, found.proxies[0].connected) == ("kubectl is not on PATH", None)


def test_without_a_ready_istiod_that_is_the_problem(read):
    assert read((replace(ISTIOD, ready=False), SHOP)).problem == "no pod of istiod in namespace istio-system is Ready"


def test_each_proxy_shows_its_chain_and_its_roots(read):
    (proxy,) = read((ISTIOD, SHOP), certificates=("CHAIN", "ROOTS")).proxies
    assert (proxy.chain, proxy.roots, proxy.problem) == ("CHAIN", "ROOTS", "")


def test_a_proxy_that_shows_none_says_why(read):
    (proxy,) = read((ISTIOD, SHOP), certificates=NotForwardedError("pod is gone")).proxies
    assert (proxy.roots, proxy.problem, proxy.connected) == ("", "pod is gone", True)


def test_each_proxy_is_compared_with_the_istiod_that_leads_it():
    second = replace(
        PLANE,
        name="istiod-next",
        labels={"app": "istiod", "istio.io/rev": "next"},
        containers=(Container("discovery", image="istio/pilot:1.32.0"),),
    )
    moved, lost = (replace(SHOP, annotations={"istio.io/rev": revision}) for revision in ("next", "gone"))
    snapshot = make_snapshot(pods=(SHOP, moved, lost), deployments=(PLANE, second))
    found = proxies.of_snapshot(snapshot, "istio-system")
    assert [found.version_above(one) for one in found.proxies] == ["1.31.0", "1.32.0", ""]
    assert [one.pod for one in found.of_first] == [SHOP]


def inline(text: str) -> dict[str, str]:
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


DUMP = {
    "configs": [
        {"name": "default", "secret": {"tls_certificate": {"certificate_chain": inline("CHAIN")}}},
        {"name": "ROOTCA", "secret": {"validation_context": {"trusted_ca": inline("ROOTS")}}},
        {"name": "kubernetes://shop", "secret": {"tls_certificate": {"certificate_chain": inline("SHOP")}}},
    ]
}


def test_the_workloads_own_chain_and_roots_are_returned():
    assert secret_texts(DUMP) == ("CHAIN", "ROOTS")


def test_a_proxy_without_certificates_has_empty_texts():
    assert secret_texts({}) == ("", "")


def test_the_endpoints_of_one_cluster_are_returned_and_none_of_a_cluster_that_is_not_there(monkeypatch):
    known = {"cluster_statuses": [{"name": "outbound|80||app", "host_statuses": [{"weight": 1}]}, {"name": "empty"}]}
    monkeypatch.setattr(proxies, "forwarded", lambda *_: nullcontext("127.0.0.1:1"))
    monkeypatch.setattr(proxies, "get_json", lambda _, path: known if path == "/clusters?format=json" else {})
    assert read_endpoints("test", "shop", "client-0", "outbound|80||app") == [{"weight": 1}]
    assert read_endpoints("test", "shop", "client-0", "empty") == []
    assert read_endpoints("test", "shop", "client-0", "outbound|80||gone") is None
