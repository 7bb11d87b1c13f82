"""The comparison of running proxies with those that istiod's webhook would inject now."""

import base64
import json
from contextlib import nullcontext

import pytest

from pi_mesh.cluster import stale_proxies
from pi_mesh.cluster.objects import Webhook
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.stale_proxies import patched
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST

POD = Pod("trading", "shop-1", owner="ReplicaSet/shop-7d9f")
HOOK = Webhook("Mutating", "istio-sidecar-injector", "x", "istio-system/istiod", base64.b64encode(b"CA").decode())
CONFIG = {"concurrency": 2, "proxyMetadata": {"SECRET_TTL": "2h"}}
ENV = {"PROXY_CONFIG": json.dumps(CONFIG), "SECRET_TTL": "2h", "ISTIO_META_OWNER": "shop-1"}
IMAGE, OLDER = f"istio/proxyv2:{NEWEST}", f"istio/proxyv2:{BEFORE}"
REPLICA_SETS, PODS = "/apis/apps/v1/namespaces/trading/replicasets", "/api/v1/namespaces/trading/pods"
APP = {"labels": {"app": "shop"}}


def proxy(cpu: str = "1", memory: str = "256Mi", env: dict | None = None, **changes: object) -> dict:
    variables: list[dict] = [{"name": name, "value": value} for name, value in (ENV | (env or {})).items()]
    variables += [{"name": "POD_NAME", "valueFrom": {}}]
    limits = {"limits": {"cpu": cpu, "memory": memory}}
    fields = {"name": "istio-proxy", "image": IMAGE, "args": ["proxy", "sidecar"], "resources": limits}
    return {**fields, "env": variables, **changes}


def config(**changes: object) -> dict:
    return {"PROXY_CONFIG": json.dumps(CONFIG | changes)}


@pytest.fixture
def compared(monkeypatch):
    """Return `compared(old, new)`: the differences of a running proxy from the one that istiod injects now."""

    def run(old: dict, new: dict | None, pod: Pod = POD, **response: object) -> dict:
        def posted(_address, _path, review, name, ca):
            assert (name, ca) == ("istiod.istio-system.svc", "CA")
            asked = review["request"]["object"]
            assert asked["metadata"]["labels"] == {"app": "shop"}
            assert asked["spec"]["containers"] == [{"name": "app"}]
            operations = [{"op": "add", "path": "/spec/containers/-", "value": new}] if new else []
            patch = base64.b64encode(json.dumps(operations).encode()).decode()
            return {"response": {"allowed": True, "patch": patch, **response}}

        monkeypatch.setattr(stale_proxies, "forwarded", lambda *_: nullcontext("127.0.0.1:1"))
        monkeypatch.setattr(stale_proxies, "post_json", posted)
        template = {"metadata": APP, "spec": {"containers": [{"name": "app"}]}}
        meta = {"name": "shop-7d9f", "namespace": "trading", "uid": "1"}
        status = {"annotations": {"sidecar.istio.io/status": json.dumps({"containers": ["istio-proxy"]})}}
        metadata = {"name": "shop-1", "namespace": "trading", **APP, **status}
        live = {"metadata": metadata, "spec": {"containers": [{"name": "app"}, old]}}
        owner = {"kind": "ReplicaSet", "metadata": meta, "spec": {"template": template}}
        client = FakeClient({f"{REPLICA_SETS}/shop-7d9f": owner, PODS: {"items": [live]}})
        return dict(stale_proxies.proxy_differences(client, "istio-system", make_snapshot(webhooks=(HOOK,)), [pod]))

    return run


@table(
    (proxy(), ()),
    (proxy(image=OLDER), (f"image {OLDER}, now {IMAGE}",)),
    (proxy(memory="128Mi"), ("limits 1 / 128Mi, now 1 / 256Mi",)),
    (proxy(args=[]), ("arguments",)),
    (proxy(env={"SECRET_TTL": "24h"}), ("SECRET_TTL 24h, now 2h",)),
    (proxy(env=config(concurrency=1)), ("concurrency 1, now 2",)),
    (proxy(env={"A_TOKEN": "not to be shown"}), ("A_TOKEN",)),
    (proxy(lifecycle={"postStart": {}}), ("holdApplicationUntilProxyStarts",)),
    case("what is written otherwise is no difference", proxy("1000m", "262144Ki"), ()),
    case("what is of the pod itself is none", proxy(env={"ISTIO_META_OWNER": "another"}), ()),
    (proxy(env=config(holdApplicationUntilProxyStarts=True)), ()),
)
def test_an_older_setting_is_told(compared, older, told):
    assert compared(older, proxy()) == {"trading/shop-1": told}


@pytest.mark.parametrize("owner", ["", "Job/backup"])
def test_a_pod_of_no_template_is_compared_as_it_was_before_its_injection(compared, owner):
    pod = Pod("trading", "shop-1", owner=owner)
    assert compared(proxy(args=[]), proxy(), pod) == {"trading/shop-1": ("arguments",)}


def test_a_pod_that_is_gone_by_now_or_would_get_no_proxy_any_more_is_not_compared(compared):
    assert compared(proxy(), proxy(), Pod("trading", "shop-2", owner="ReplicaSet/shop-7d9f")) == {}
    assert compared(proxy(), None) == {}


def test_a_refusal_of_istiod_is_one_line(compared):
    with pytest.raises(NotForwardedError, match=r"refuses a pod like trading/shop-1: no template"):
        compared(proxy(), proxy(), allowed=False, status={"message": "no template"})


def test_without_a_webhook_of_istiod_nothing_can_be_compared():
    with pytest.raises(NotForwardedError, match="no webhook calls istio-system/istiod"):
        stale_proxies.proxy_differences(FakeClient(), "istio-system", make_snapshot(), [POD])


@table(
    ({"op": "add", "path": "/list/0", "value": 0}, {"list": [0, 1, 2]}),
    ({"op": "add", "path": "/list/-", "value": 3}, {"list": [1, 2, 3]}),
    ({"op": "replace", "path": "/list/1", "value": 9}, {"list": [1, 9]}),
    ({"op": "remove", "path": "/list/0"}, {"list": [2]}),
    ({"op": "add", "path": "/map/c~0d", "value": 2}, {"map": {"a/b": 1, "c~d": 2}}),
    ({"op": "remove", "path": "/map/a~1b"}, {"map": {}}),
)
def test_an_operation_is_carried_out_on_a_copy(operation, changed):
    document = {"list": [1, 2], "map": {"a/b": 1}}
    assert patched(document, [operation]) == document | changed
    assert document == {"list": [1, 2], "map": {"a/b": 1}}


def test_an_operation_that_webhooks_do_not_send_is_named():
    with pytest.raises(ValueError, match="move"):
        patched({"a": 1}, [{"op": "move", "path": "/a", "from": "/b"}])
