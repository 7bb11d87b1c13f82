"""The comparison of running proxies with those that istiod's webhook would inject now."""

import base64
import json
from contextlib import contextmanager

import pytest

from pi_mesh.cluster import injection_dry_run
from pi_mesh.cluster.injection_dry_run import patched
from pi_mesh.cluster.objects import Webhook
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

POD = Pod("trading", "shop-1", owner="ReplicaSet/shop-7d9f")
HOOK = Webhook("Mutating", "istio-sidecar-injector", "x", "istio-system/istiod", base64.b64encode(b"CA").decode())
CONFIG = {"concurrency": 2, "proxyMetadata": {"SECRET_TTL": "2h"}}
PROXY = {
    "name": "istio-proxy",
    "image": "istio/proxyv2:1.31.0",
    "args": ["proxy", "sidecar"],
    "resources": {"limits": {"cpu": "1", "memory": "256Mi"}},
    "env": [
        {"name": "PROXY_CONFIG", "value": json.dumps(CONFIG)},
        {"name": "SECRET_TTL", "value": "2h"},
        {"name": "ISTIO_META_OWNER", "value": "shop-1"},
        {"name": "POD_NAME", "valueFrom": {}},
    ],
}


def with_env(**values: str) -> dict:
    return {**PROXY, "env": [*PROXY["env"], *({"name": name, "value": value} for name, value in values.items())]}


@pytest.fixture
def compared(monkeypatch):
    """Return `compared(old, new)`: the differences of a running proxy from the one that istiod injects now."""

    def run(old: dict, new: dict | None, pod: Pod = POD, **response: object) -> dict:
        @contextmanager
        def forwarded(*_: object):
            yield "127.0.0.1:1"

        def posted(_address, _path, review, name, ca):
            assert (name, ca) == ("istiod.istio-system.svc", "CA")
            asked = review["request"]["object"]
            assert asked["metadata"]["labels"] == {"app": "shop"}
            assert asked["spec"]["containers"] == [{"name": "app"}]
            operations = [{"op": "add", "path": "/spec/containers/-", "value": new}] if new else []
            patch = base64.b64encode(json.dumps(operations).encode()).decode()
            return {"response": {"allowed": True, "patch": patch, **response}}

        monkeypatch.setattr(injection_dry_run, "forwarded", forwarded)
        monkeypatch.setattr(injection_dry_run, "post_json", posted)
        template = {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [{"name": "app"}]}}
        meta = {"name": "shop-7d9f", "namespace": "trading", "uid": "1"}
        owner = {"kind": "ReplicaSet", "metadata": meta, "spec": {"template": template}}
        live = {
            "metadata": {
                "name": "shop-1",
                "namespace": "trading",
                "labels": {"app": "shop"},
                "annotations": {"sidecar.istio.io/status": json.dumps({"containers": ["istio-proxy"]})},
            },
            "spec": {"containers": [{"name": "app"}, old]},
        }
        client = FakeClient(
            {
                "/apis/apps/v1/namespaces/trading/replicasets/shop-7d9f": owner,
                "/api/v1/namespaces/trading/pods": {"items": [live]},
            }
        )
        return dict(injection_dry_run.proxy_differences(client, "istio-system", make_snapshot(webhooks=(HOOK,)), [pod]))

    return run


def test_a_proxy_as_istiod_injects_it_now_has_no_differences(compared):
    assert compared(PROXY, PROXY) == {"trading/shop-1": ()}


@pytest.mark.parametrize(
    ("older", "told"),
    [
        ({**PROXY, "image": "istio/proxyv2:1.30.0"}, "image istio/proxyv2:1.30.0, now istio/proxyv2:1.31.0"),
        (
            {**PROXY, "resources": {"limits": {"cpu": "1", "memory": "128Mi"}}},
            "limits 1 / 128Mi, now 1 / 256Mi",
        ),
        ({**PROXY, "args": []}, "arguments"),
        (with_env(SECRET_TTL="24h"), "SECRET_TTL 24h, now 2h"),
        (with_env(PROXY_CONFIG=json.dumps({**CONFIG, "concurrency": 1})), "concurrency 1, now 2"),
        (with_env(A_TOKEN="not to be shown"), "A_TOKEN"),
        ({**PROXY, "lifecycle": {"postStart": {}}}, "holdApplicationUntilProxyStarts"),
    ],
)
def test_an_older_setting_is_told(compared, older, told):
    assert compared(older, PROXY) == {"trading/shop-1": (told,)}


@pytest.mark.parametrize(
    "alike",
    [
        {**PROXY, "resources": {"limits": {"cpu": "1000m", "memory": "262144Ki"}}},
        with_env(ISTIO_META_OWNER="another pod"),
        # The setting alone, without the lifecycle hook: a gateway's or a native sidecar's.
        with_env(PROXY_CONFIG=json.dumps({**CONFIG, "holdApplicationUntilProxyStarts": True})),
    ],
)
def test_what_is_written_otherwise_or_is_of_the_pod_itself_is_no_difference(compared, alike):
    assert compared(alike, PROXY) == {"trading/shop-1": ()}


@pytest.mark.parametrize("owner", ["", "Job/backup"])
def test_a_pod_of_no_template_is_compared_as_it_was_before_its_injection(compared, owner):
    pod = Pod("trading", "shop-1", owner=owner)
    assert compared({**PROXY, "args": []}, PROXY, pod) == {"trading/shop-1": ("arguments",)}


def test_a_pod_that_is_gone_by_now_is_not_compared(compared):
    assert compared(PROXY, PROXY, Pod("trading", "shop-2", owner="ReplicaSet/shop-7d9f")) == {}


def test_a_pod_that_would_get_no_proxy_any_more_is_not_compared(compared):
    assert compared(PROXY, None) == {}


def test_a_refusal_of_istiod_is_one_line(compared):
    with pytest.raises(NotForwardedError, match=r"refuses a pod like trading/shop-1: no template"):
        compared(PROXY, PROXY, allowed=False, status={"message": "no template"})


def test_without_a_webhook_of_istiod_nothing_can_be_compared():
    client = FakeClient()
    with pytest.raises(NotForwardedError, match="no webhook calls istio-system/istiod"):
        injection_dry_run.proxy_differences(client, "istio-system", make_snapshot(), [POD])


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/list/0", "value": 0}, {"list": [0, 1, 2], "map": {"a/b": 1}}),
        ({"op": "add", "path": "/list/-", "value": 3}, {"list": [1, 2, 3], "map": {"a/b": 1}}),
        ({"op": "replace", "path": "/list/1", "value": 9}, {"list": [1, 9], "map": {"a/b": 1}}),
        ({"op": "remove", "path": "/list/0"}, {"list": [2], "map": {"a/b": 1}}),
        ({"op": "add", "path": "/map/c~0d", "value": 2}, {"list": [1, 2], "map": {"a/b": 1, "c~d": 2}}),
        ({"op": "remove", "path": "/map/a~1b"}, {"list": [1, 2], "map": {}}),
    ],
)
def test_an_operation_is_carried_out_on_a_copy(operation, result):
    document = {"list": [1, 2], "map": {"a/b": 1}}
    assert patched(document, [operation]) == result
    assert document == {"list": [1, 2], "map": {"a/b": 1}}


def test_an_operation_that_webhooks_do_not_send_is_named():
    with pytest.raises(ValueError, match="move"):
        patched({"a": 1}, [{"op": "move", "path": "/a", "from": "/b"}])
