"""The reader of running proxies, with answers of istiod and of proxies."""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import repeat
from unittest.mock import Mock

import pytest

from pi_mesh.cluster import proxies
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, secret_texts
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST, UNKNOWN

ISTIOD = Pod("istio-system", "istiod-1", {"app": "istiod"})
SHOP = Pod("trading", "shop-1", containers=(Container("app"), Container("istio-proxy", image=f"proxyv2:{BEFORE}")))
NAMELESS = replace(SHOP, containers=(Container("istio-proxy", image="istio/proxyv2@sha256:aa"),))
PLANE = Deployment("istio-system", "istiod", containers=(Container("discovery", image=f"istio/pilot:{NEWEST}"),))
SYNCED = {"proxy": "shop-1.trading", "istio_version": BEFORE, "cluster_sent": "a", "cluster_acked": "a"}


def of_pods(*pods: Pod, planes: tuple[Deployment, ...] = (PLANE,)) -> Proxies:
    return proxies.of_snapshot(make_snapshot(pods=pods, deployments=planes), "istio-system")


@pytest.fixture
def read(monkeypatch) -> Callable[..., Proxies]:
    """Return `read(pods, status)`: the proxies for such answers of istiod; an exception in their place is raised."""

    def run(*pods: Pod, status: object = (SYNCED,), certificates: object = None) -> Proxies:
        monkeypatch.setattr(proxies, "forwarded", lambda *_: nullcontext("127.0.0.1:1"))
        monkeypatch.setattr(proxies, "get_json", Mock(side_effect=repeat(status)))
        monkeypatch.setattr(proxies, "read_certificates", Mock(side_effect=repeat(certificates)))
        snapshot = make_snapshot(pods=pods or (ISTIOD, SHOP), deployments=(PLANE,))
        return proxies.read("test", "istio-system", snapshot, certificates=certificates is not None)

    return run


def test_pods_alone_tell_both_versions():
    seen = of_pods(ISTIOD, SHOP)
    assert seen.control_plane == NEWEST
    assert [(proxy.version, proxy.connected) for proxy in seen.proxies] == [(BEFORE, None)]


@pytest.mark.parametrize("gone", [{"ending": True}, {"labels": {SHORT_LIVED_LABEL: "probe"}}])
def test_pods_that_are_about_to_go_are_left_out(gone):
    assert of_pods(replace(SHOP, **gone)).proxies == ()


@table(
    case("a proxy that acknowledged everything", [SYNCED], True, (), True),
    case("one without its new routes", [{**SYNCED, "route_sent": "b"}], True, ("route",), False),
    case("one that no istiod knows", [], False, (), False),
)
def test_a_proxy_is_in_sync_when_it_has_acknowledged_everything(read, status, connected, pending, in_sync):
    (proxy,) = read(status=status).proxies
    assert (proxy.connected, proxy.pending, proxy.in_sync) == (connected, pending, in_sync)


def test_the_version_of_an_image_without_a_tag_is_what_the_proxy_told_istiod(read):
    assert [proxy.version for proxy in read(ISTIOD, NAMELESS).proxies] == [BEFORE]


def test_an_istiod_that_gives_no_answer_leaves_the_connection_unknown(read):
    silent = read(status=NotForwardedError("kubectl is not on PATH"))
    assert (silent.problem, silent.proxies[0].connected) == ("kubectl is not on PATH", None)
    assert read(replace(ISTIOD, ready=False), SHOP).problem == "no pod of istiod in namespace istio-system is Ready"


@table(
    (("CHAIN", "ROOTS"), ("CHAIN", "ROOTS", "", True)),
    (NotForwardedError("pod is gone"), ("", "", "pod is gone", True)),
)
def test_each_proxy_shows_its_chain_and_its_roots_or_says_why_not(read, certificates, shown):
    (proxy,) = read(certificates=certificates).proxies
    assert (proxy.chain, proxy.roots, proxy.problem, proxy.connected) == shown


def test_each_proxy_is_compared_with_the_istiod_that_leads_it():
    labels = {"app": "istiod", "istio.io/rev": "next"}
    image = (Container("discovery", image=f"istio/pilot:{UNKNOWN}"),)
    moved, lost = (replace(SHOP, annotations={"istio.io/rev": revision}) for revision in ("next", "gone"))
    second = replace(PLANE, name="istiod-next", labels=labels, containers=image)
    seen = of_pods(SHOP, moved, lost, planes=(PLANE, second))
    assert [seen.version_above(proxy) for proxy in seen.proxies] == [NEWEST, UNKNOWN, ""]
    assert [proxy.pod for proxy in seen.of_first] == [SHOP]


def inline(text: str) -> dict[str, str]:
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


def test_the_workloads_own_chain_and_roots_are_returned_and_empty_texts_without():
    named = (("default", "CHAIN"), ("kubernetes://shop", "SHOP"))
    secrets = {name: {"tls_certificate": {"certificate_chain": inline(text)}} for name, text in named}
    secrets["ROOTCA"] = {"validation_context": {"trusted_ca": inline("ROOTS")}}
    configs = [{"name": name, "secret": secret} for name, secret in secrets.items()]
    assert secret_texts({"configs": configs}) == ("CHAIN", "ROOTS")
    assert secret_texts({}) == ("", "")


@table(
    case(
        "a chart's gateway, with the template of Vault",
        {"annotations": {"inject.istio.io/templates": "gateway,v"}},
        True,
    ),
    case("a gateway of the Gateway API", {"labels": {"gateway.networking.k8s.io/gateway-name": "front"}}, True),
    case("a sidecar with a template", {"annotations": {"inject.istio.io/templates": "sidecar,vault"}}, False),
)
def test_a_gateway_is_told_from_a_sidecar(changes, is_gateway):
    assert proxies.Proxy(replace(SHOP, **changes), NEWEST).is_gateway is is_gateway


def test_the_counters_of_calls_are_asked_of_envoy_itself(monkeypatch):
    monkeypatch.setattr(proxies, "forwarded", lambda *where: nullcontext(where))
    monkeypatch.setattr(proxies, "get_text", lambda *asked: asked)
    where, path, most = proxies.read_calls("test", "trading", "shop-1")
    assert (where, path, most) == (("test", "trading", "pod/shop-1", 15000), proxies.CALLS_PATH, proxies.MOST)
