"""The proxies that running pods would get if they were made anew now: istiod's webhook is asked, nothing is created.

A dry run of the API server would not do: a namespace whose quota is used up refuses it.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.json_patch import patched
from pi_mesh.cluster.objects import Webhook
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.cluster.port_forward import NotForwardedError, forwarded, posted
from pi_mesh.names import ISTIOD
from pi_mesh.quantities import Resources

PORT, PATH = 15017, "/inject"
TEMPLATES = {
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets/{}",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets/{}",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets/{}",
}
"""Paths of the controllers whose pods can be made anew, by kind."""
SHOWN = ("concurrency", "terminationDrainDuration", "SECRET_TTL")
"""Settings whose values are shown; others may be anything, a password too."""
OF_THE_POD = "ISTIO_"
"""Prefix of variables that istiod makes of the pod itself."""

Differences = Mapping[str, tuple[str, ...]]
"""NAMESPACE/NAME of a pod -> in what its proxy differs from the one that it would get now."""


def differences(client: Client, namespace: str, webhooks: Iterable[Webhook], pods: Sequence[Pod]) -> Differences:
    """Compare the proxies of pods with those that the istiod of `namespace` injects now.

    A pod without one of the controllers above is left out, for nothing makes it anew. Raises NotForwardedError where
    istiod gives no answer, and as `Client` does.
    """
    owned = [pod for pod in pods if pod.owner.partition("/")[0] in TEMPLATES]
    owners = {(pod.namespace, pod.owner): pod for pod in owned}
    if not owners:
        return {}
    with _webhook(client.context, namespace, webhooks) as ask, ThreadPoolExecutor(max_workers=5) as pool:
        fresh = dict(zip(owners, pool.map(lambda owner: _fresh(client, owner[0], owner[1], ask), owners), strict=True))
        live = {
            name: proxy
            for names in pool.map(lambda each: _live(client, each), _namespaces(owned))
            for name, proxy in names
        }
    compared = {
        f"{pod.namespace}/{pod.name}": (live.get((pod.namespace, pod.name)), fresh[pod.namespace, pod.owner])
        for pod in owned
    }
    return {name: tuple(_unequal(old, new)) for name, (old, new) in compared.items() if old and new}


def _namespaces(pods: Iterable[Pod]) -> list[str]:
    return sorted({pod.namespace for pod in pods})


def _live(client: Client, namespace: str) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    items = client.items(f"/api/v1/namespaces/{namespace}/pods")
    found = ((item["metadata"]["name"], _proxy(item["spec"])) for item in items)
    return [((namespace, name), proxy) for name, proxy in found if proxy]


@contextmanager
def _webhook(context: str, namespace: str, webhooks: Iterable[Webhook]) -> Iterator[Any]:
    """Yield a function that asks the webhook what it makes of a pod."""
    service = f"{namespace}/{ISTIOD}"
    bundles = [hook.ca_bundle for hook in webhooks if hook.kind == "Mutating" and hook.service == service]
    if not bundles or not bundles[0]:
        raise NotForwardedError(f"no webhook calls {service}: nothing is injected; `pulumi up --refresh`")
    ca, name = base64.b64decode(bundles[0]).decode(), f"{ISTIOD}.{namespace}.svc"
    with forwarded(context, namespace, f"deployment/{ISTIOD}", PORT) as address:
        yield lambda pod: posted(address, PATH, _review(pod), name, ca)


def _fresh(client: Client, namespace: str, owner: str, ask: Any) -> dict[str, Any] | None:
    """Return the proxy that a new pod of a controller gets; None where it gets none, or the controller is gone."""
    kind, _, name = owner.partition("/")
    found = client.get(TEMPLATES[kind].format(namespace, name))
    if not found:
        return None
    template = found["spec"]["template"]
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": found["metadata"]["uid"]}
    own = {"namespace": namespace, "generateName": f"{name}-", "ownerReferences": [{**reference, "controller": True}]}
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template.get("metadata", {}), **own}}
    answer = ask(pod)["response"]
    if not answer.get("allowed"):
        reason = (answer.get("status") or {}).get("message") or "it gave no reason"
        raise NotForwardedError(f"istiod refuses pods of {kind} {namespace}/{name}: {reason}")
    operations = json.loads(base64.b64decode(answer["patch"])) if answer.get("patch") else ()
    return _proxy(patched(pod, operations)["spec"])


def _review(pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return the question as the API server puts it: kubernetes.io/docs/reference/access-authn-authz."""
    request = {
        "uid": "pi-mesh",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": pod["metadata"]["namespace"],
        "operation": "CREATE",
        "object": pod,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def _proxy(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    every = [*spec.get("containers", []), *spec.get("initContainers", [])]
    return next((entry for entry in every if entry["name"] == SIDECAR), None)


def _unequal(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old.get("image") != new.get("image"):
        yield f"image {old.get('image')}, now {new.get('image')}"
    for half in ("requests", "limits"):
        was, now = (Resources.from_kubernetes((side.get("resources") or {}).get(half)) for side in (old, new))
        if was != now:
            yield f"{half} {was}, now {now}"
    if old.get("args") != new.get("args"):
        yield "its arguments"
    was, now = _settings(old), _settings(new)
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield f"{key} {was.get(key, 'unset')}, now {now.get(key, 'unset')}" if key in SHOWN else key


def _settings(proxy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that settings give, and the fields of the proxy's configuration in place of it."""
    given = {entry["name"]: entry["value"] for entry in proxy.get("env", []) if "value" in entry}
    config = json.loads(given.pop("PROXY_CONFIG", None) or "{}")
    own = {name: value for name, value in given.items() if not name.startswith(OF_THE_POD)}
    # Its variables stand in the environment too.
    return {**own, **{key: value for key, value in config.items() if key != "proxyMetadata"}}
